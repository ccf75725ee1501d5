"""SWMM's C functions, called from compiled code by their address.

A model that steps SWMM from Python pays more for the calls than SWMM takes for routing, and it holds the interpreter
that the traffic model needs. Here the addresses of the library's functions are data: an int64 array that compiled
functions get as an argument. So they can be cached on disk (a pointer in a global could not) and run without the GIL.
"""

from __future__ import annotations

import ctypes
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


@cache
def library() -> ctypes.CDLL:
    """The shared library of swmm-toolkit: the same copy, and so the same simulation, that `swmm.toolkit` drives."""
    import swmm.toolkit

    folder = Path(swmm.toolkit.__file__).parent
    names = ("libswmm5.so", "libswmm5.dylib", "swmm5.dll")
    path = next((folder / name for name in names if (folder / name).exists()), None)
    if path is None:
        raise RuntimeError(f"swmm-toolkit in {folder} has no shared library: install the pinned version again")
    found = ctypes.CDLL(str(path))
    found.swmm_getValue.argtypes, found.swmm_getValue.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_double
    found.swmm_setValue.argtypes, found.swmm_setValue.restype = [ctypes.c_int, ctypes.c_int, ctypes.c_double], None
    found.swmm_getMassBalErr.argtypes = [ctypes.POINTER(ctypes.c_float)] * 3
    found.swmm_getError.argtypes = [ctypes.c_char_p, ctypes.c_int]
    for name in ("swmm_open", "swmm_run"):
        getattr(found, name).argtypes = [ctypes.c_char_p] * 3
    return found


@cache
def addresses() -> NDArray[np.int64]:
    """(5,) addresses in the order of `STEP, GET, SET, ROUTE_STEP, MIN_STEP`."""
    lib = library()
    functions = [ctypes.cast(f, ctypes.c_void_p).value for f in (lib.swmm_step, lib.swmm_getValue, lib.swmm_setValue)]
    variables = [ctypes.addressof(ctypes.c_double.in_dll(lib, name)) for name in ("RouteStep", "MinRouteStep")]
    return np.array([*functions, *variables], dtype=np.int64)


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


@njit(**COMPILED)
def get_many(table, code, indices, out):
    """out[i] := property `code` of object indices[i]; indices below 0 are left alone."""
    for i in range(indices.size):
        if indices[i] >= 0:
            out[i] = get_value(table[GET], code, indices[i])


@njit(**COMPILED)
def set_many(table, code, indices, values):
    """Property `code` of object indices[i] := values[i]."""
    for i in range(indices.size):
        if indices[i] >= 0:
            set_value(table[SET], code, indices[i], values[i])
