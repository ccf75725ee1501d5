"""SWMM's C functions, called from compiled code by their address.

A process may hold several images of the library, one for each simulation.

A model that steps SWMM from Python pays more for the calls than SWMM takes for routing, and it holds the interpreter
that the traffic model needs. Here the addresses of the library's functions are data: an int64 array that compiled
functions get as an argument. So they can be cached on disk (a pointer in a global could not) and run without the GIL.
"""

from __future__ import annotations

import ctypes
import shutil
import tempfile
import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic as _intrinsic
from numpy.typing import NDArray

STEP, GET, SET, ROUTE_STEP, MIN_STEP = range(5)
"""Places in the array of addresses: swmm_step, swmm_getValue, swmm_setValue, and two of its global variables."""

intrinsic: Any = _intrinsic
"""Typed loosely: callers leave out the typing context that Numba passes first."""

COMPILED: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}


@dataclass(eq=False)
class Image:
    """SWMM's library loaded once: with its own global variables, and so with room for one simulation.

    lib     the library
    table   (5,) addresses in the order of `STEP, GET, SET, ROUTE_STEP, MIN_STEP`
    """

    lib: ctypes.CDLL
    table: NDArray[np.int64]


@dataclass
class _Shelf:
    """Images of this process that no simulation uses. The first is swmm-toolkit's own."""

    free: list[Image] = field(default_factory=list)
    made: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


_SHELF = _Shelf()


def borrow() -> Image:
    """An image that no simulation uses; loads another where all are taken."""
    with _SHELF.lock:
        if not _SHELF.free:
            _SHELF.free.append(_load(_SHELF.made))
            _SHELF.made += 1
        return _SHELF.free.pop(0)


def give_back(image: Image) -> None:
    """The image may serve the next simulation. It stays loaded: its threads would not survive its end."""
    with _SHELF.lock:
        _SHELF.free.insert(0, image)


def _load(number: int) -> Image:
    """The library itself, and after that copies of it: the loader knows a file by its name and place on the disk.

    A copy is erased as soon as it is loaded (the process keeps what it has mapped), so that nothing is left behind
    whatever becomes of the run."""
    library()
    if number == 0:
        return _image(library())
    with tempfile.TemporaryDirectory(prefix="swmm-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / f"{number}-{_file().name}"
        shutil.copyfile(_file(), copy)
        return _image(_declared(ctypes.CDLL(str(copy))))


def _image(lib: ctypes.CDLL) -> Image:
    functions = [ctypes.cast(f, ctypes.c_void_p).value for f in (lib.swmm_step, lib.swmm_getValue, lib.swmm_setValue)]
    variables = [ctypes.addressof(ctypes.c_double.in_dll(lib, name)) for name in ("RouteStep", "MinRouteStep")]
    return Image(lib, np.array([*functions, *variables], dtype=np.int64))


@cache
def _file() -> Path:
    import swmm.toolkit

    folder = Path(swmm.toolkit.__file__).parent
    names = ("libswmm5.so", "libswmm5.dylib", "swmm5.dll")
    path = next((folder / name for name in names if (folder / name).exists()), None)
    if path is None:
        raise RuntimeError(f"swmm-toolkit in {folder} has no shared library: install the pinned version again")
    return path


@cache
def library() -> ctypes.CDLL:
    """The shared library of swmm-toolkit: the same copy, and so the same simulation, that `swmm.toolkit` drives."""
    return _declared(ctypes.CDLL(str(_file())))


def _declared(found: ctypes.CDLL) -> ctypes.CDLL:
    found.swmm_getValue.argtypes, found.swmm_getValue.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_double
    found.swmm_setValue.argtypes, found.swmm_setValue.restype = [ctypes.c_int, ctypes.c_int, ctypes.c_double], None
    found.swmm_getMassBalErr.argtypes = [ctypes.POINTER(ctypes.c_float)] * 3
    found.swmm_getError.argtypes = [ctypes.c_char_p, ctypes.c_int]
    for name in ("swmm_open", "swmm_run"):
        getattr(found, name).argtypes = [ctypes.c_char_p] * 3
    return found


def _pointer(builder: Any, address: Any, kind: Any) -> Any:
    return builder.inttoptr(address, kind.as_pointer())


@intrinsic
def get_value(typing: Any, address: Any, code: Any, index: Any) -> Any:
    """double swmm_getValue(int property, int index)"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.DoubleType(), [ir.IntType(32)] * 2)
        numbers = [builder.trunc(a, ir.IntType(32)) for a in args[1:]]
        return builder.call(_pointer(builder, args[0], kind), numbers)

    return types.float64(types.int64, types.int64, types.int64), emit


@intrinsic
def set_value(typing: Any, address: Any, code: Any, index: Any, value: Any) -> Any:
    """void swmm_setValue(int property, int index, double value)"""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(32)] * 2 + [ir.DoubleType()])
        numbers = [builder.trunc(a, ir.IntType(32)) for a in args[1:3]]
        builder.call(_pointer(builder, args[0], kind), [*numbers, args[3]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.float64), emit


@intrinsic
def step(typing: Any, address: Any) -> Any:
    """int swmm_step(double *elapsed): (days since the start, or −1 − error code)."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = cgutils.alloca_once_value(builder, ir.Constant(ir.DoubleType(), 0.0))
        kind = ir.FunctionType(ir.IntType(32), [ir.DoubleType().as_pointer()])
        error = builder.call(_pointer(builder, args[0], kind), [place])
        wrong = builder.icmp_signed("!=", error, ir.Constant(ir.IntType(32), 0))
        code = builder.sitofp(error, ir.DoubleType())
        failed = builder.fsub(ir.Constant(ir.DoubleType(), -1.0), code)
        return builder.select(wrong, failed, builder.load(place))

    return types.float64(types.int64), emit


@intrinsic
def read_double(typing: Any, address: Any) -> Any:
    """The C variable at an address."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(_pointer(builder, args[0], ir.DoubleType()))

    return types.float64(types.int64), emit


@intrinsic
def write_double(typing: Any, address: Any, value: Any) -> Any:
    """Give the C variable at an address another value."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[1], _pointer(builder, args[0], ir.DoubleType()))
        return context.get_dummy_value()

    return types.void(types.int64, types.float64), emit


@intrinsic
def bits_of(typing: Any, x: Any) -> Any:
    """The 32 bits of a float32 as an int32."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.IntType(32))

    return types.int32(types.float32), emit


@intrinsic
def from_bits(typing: Any, i: Any) -> Any:
    """The float32 whose bits are those of an int32."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), emit


DISTRICT = 1 << 24
"""A handle is district · DISTRICT + SWMM's index: what names an object where several simulations run side by side."""


@njit(**COMPILED)
def get_many(tables, code, handles, out):
    """out[i] := property `code` of object handles[i]; handles below 0 are left alone. tables: (districts, 5)."""
    for i in range(handles.size):
        if handles[i] >= 0:
            out[i] = get_value(tables[handles[i] // DISTRICT, GET], code, handles[i] % DISTRICT)


@njit(**COMPILED)
def set_many(tables, code, handles, values):
    """Property `code` of object handles[i] := values[i]."""
    for i in range(handles.size):
        if handles[i] >= 0:
            set_value(tables[handles[i] // DISTRICT, SET], code, handles[i] % DISTRICT, values[i])
