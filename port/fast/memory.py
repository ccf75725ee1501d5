"""The event loop's memory: a list of tables, handed from function to function as one number.

A call with thirty arrays costs more than most events do, and inlining all of them makes a compilation of minutes. So
the loop gets `P`, the address of three words a table (address, rows, columns), and each function takes the tables it
needs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import from_dtype, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array, populate_array

from port.fast import records as r
from port.fast.stale import forget_stale

forget_stale()

ENTRY: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy", "boundscheck": False, "_nrt": False}
"""For what Python calls; the interpreter's lock is released, so replications run in threads."""
COMPILED: dict[str, Any] = ENTRY | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""For what only the loop calls."""
INLINED: dict[str, Any] = {k: v for k, v in COMPILED.items() if k not in ("cache", "nogil")} | {"forceinline": True}
"""For small functions."""

I8, I4, I2, F8, U1 = np.dtype("i8"), np.dtype("i4"), np.dtype("i2"), np.dtype("f8"), np.dtype("u1")

TABLES: dict[str, np.dtype] = {
    "clock": r.CLOCK,
    "conf": r.CONF,
    "cars": r.CAR,
    "cranes": r.CRANE,
    "gantries": r.GANTRY,
    "blocks": r.BLOCK,
    "vessels": r.VESSEL,
    "arcs": r.ARC,
    "nodes": r.NODE,
    "places": r.PLACE,
    "stations": r.STATION,
    "lines": r.LINE,
    "waiting": r.ORDER,
    "sources": r.SOURCE,
    "failing": r.SOURCE,
    "heap": I8,
    "wakes": I8,
    "log": I8,
    "hop_own": I4,
    "hop_man": I4,
    "first_own": I4,
    "first_man": I4,
    "time_own": I8,
    "time_man": I8,
    "open_block": I8,
    "turns": U1,
    "in_arcs": I8,
    "speeds": F8,
    "ramps": F8,
    "rates": F8,
    "joule": I8,
    "tables": I8,
    "profile": F8,
    "heights": I2,
    "cells": I4,
    "bay_count": I4,
    "stack_of": I4,
    "home": I4,
    "owner_of": I4,
    "transfers": I8,
    "bookings": I8,
    "owned": I4,
    "owned_n": I4,
    "owned_at": I8,
    "owned_cap": I8,
    "cover": I8,
    "wait_crane": I8,
    "wait_pick": I8,
    "idle": I8,
    "ready": I8,
    "ready_at": I8,
    "pairs": I8,
    "ring": I8,
    "set_list": I8,
    "set_flag": U1,
    "set_n": I8,
    "gate_free": I8,
    "berth_ship": I8,
    "berth_left": I8,
    "by_arrival": I8,
}
"""Every table and what its cells are."""

SLOT = {name: 3 * i for i, name in enumerate(TABLES)}


MEASURED = frozenset({"cover", "wakes", "ring", "failing", "berth_ship"})
"""Tables of which the loop may ask `len`. All others say 0: counting an index below 0 from the end then needs no size,
and the compiler leaves the question out."""
WIDTH = {"heap": 2, "log": 5, "pairs": 2, "ring": 3, "transfers": 2}
"""Columns of tables that always have so many."""


def _table(name: str, dimensions: int) -> Any:
    """What gives a table as an array, from `P`: its address and size are read where it is used, nothing is counted."""
    slot, kind = SLOT[name], from_dtype(TABLES[name])
    array_type = types.Array(kind, dimensions, "C")

    @intrinsic
    def table(_: Any, P: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            words = builder.inttoptr(args[0], context.get_value_type(types.int64).as_pointer())

            def word(k: int) -> Any:
                return builder.load(builder.gep(words, [context.get_constant(types.intp, slot + k)]))

            made = make_array(array_type)(context, builder)
            item = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind)))
            nothing = context.get_constant(types.intp, 0)
            shape = [word(1) if name in MEASURED else nothing]
            if dimensions == 2:
                shape.append(context.get_constant(types.intp, WIDTH[name]) if name in WIDTH else word(2))
            strides = [item] if dimensions == 1 else [builder.mul(item, shape[1]), item]
            data = builder.inttoptr(word(0), made.data.type)
            populate_array(made, data=data, shape=shape, strides=strides, itemsize=item, meminfo=None)
            return made._getvalue()

        return array_type(P), generate

    return table


def _rows(name: str) -> Any:
    return _table(name, 1)


def _grid(name: str) -> Any:
    return _table(name, 2)


clocks, confs, cars, cranes, gantries = (_rows(n) for n in ("clock", "conf", "cars", "cranes", "gantries"))
blocks, vessels, arcs, nodes, places = (_rows(n) for n in ("blocks", "vessels", "arcs", "nodes", "places"))
stations, lines, waiting, sources, failing = (_rows(n) for n in ("stations", "lines", "waiting", "sources", "failing"))
wakes, in_arcs, rates, joule = (_rows(n) for n in ("wakes", "in_arcs", "rates", "joule"))
profile, heights, cells, bay_count, stack_of = (
    _rows(n) for n in ("profile", "heights", "cells", "bay_count", "stack_of")
)
owned, owned_n, cover, wait_crane, wait_pick = (
    _rows(n) for n in ("owned", "owned_n", "cover", "wait_crane", "wait_pick")
)
idle, ready, ready_at, gate_free, berth_ship = (
    _rows(n) for n in ("idle", "ready", "ready_at", "gate_free", "berth_ship")
)
by_arrival, set_n, heap, berth_left = _rows("by_arrival"), _rows("set_n"), _grid("heap"), _rows("berth_left")
owned_at, owned_cap = _rows("owned_at"), _rows("owned_cap")
home, owner_of, bookings, transfers = _rows("home"), _rows("owner_of"), _rows("bookings"), _grid("transfers")
log_rows, hop_own, hop_man, first_own, first_man = (
    _grid(n) for n in ("log", "hop_own", "hop_man", "first_own", "first_man")
)
time_own, time_man, open_block, turns, speeds = (
    _grid(n) for n in ("time_own", "time_man", "open_block", "turns", "speeds")
)
ramps, tables, pairs, ring, set_list, set_flag = (
    _grid(n) for n in ("ramps", "tables", "pairs", "ring", "set_list", "set_flag")
)


class Memory:
    """The tables as NumPy arrays by name, and `P` for the loop: where their addresses stand."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.words = np.zeros(3 * len(TABLES), np.int64)
        self.P = int(self.words.ctypes.data)
        for name in TABLES:
            self.put(name, arrays[name])

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def put(self, name: str, array: np.ndarray) -> None:
        """Set a table; copied only when its cells are of another kind."""
        array = np.ascontiguousarray(array, TABLES[name])
        if name in WIDTH and array.shape[1] != WIDTH[name]:
            raise ValueError(f"table {name} has {array.shape[1]} columns, not {WIDTH[name]}")
        self.arrays[name] = array
        columns = array.shape[1] if array.ndim > 1 else 1
        self.words[SLOT[name] : SLOT[name] + 3] = array.ctypes.data, array.shape[0], columns

    def grow(self, name: str, rows: int) -> None:
        """More rows for a table, the old ones kept and the new ones 0."""
        old = self.arrays[name]
        new = np.zeros((rows, *old.shape[1:]), old.dtype)
        new[: len(old)] = old
        self.put(name, new)
