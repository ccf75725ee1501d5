"""EPANET's C library as the fast engine needs it: read a file, and solve the cases that are handed back.

Thin and complete for its purpose: any library of the 2.2 interface can be opened by its path, so the same code reads a
network, re-solves a case that did not converge, and holds the fast engine to a newer EPANET in a benchmark.
Numbers are in the file's units, indices count from 1, as in EPANET.
"""

from __future__ import annotations

import ctypes
import os
import re
import tempfile
from pathlib import Path
from typing import Any

NODE = {
    "elevation": 0, "pattern": 2, "emitter": 3, "level": 8, "demand": 9, "head": 10, "min_volume": 18,
    "tank_diameter": 17, "volume_curve": 19, "min_level": 20, "max_level": 21, "max_volume": 25, "overflow": 26,
    "deficit": 27, "volume": 14,
}  # fmt: skip
LINK = {
    "diameter": 0, "length": 1, "roughness": 2, "minor_loss": 3, "initial_status": 4, "initial_setting": 5, "flow": 8,
    "status": 11, "setting": 12, "pattern": 15, "state": 16, "power": 18, "head_curve": 19,
}  # fmt: skip
TIME = {"duration": 0, "step": 1, "pattern_step": 3, "pattern_start": 4, "report_step": 5, "rule_step": 7, "start": 10}
OPTION = {
    "trials": 0, "accuracy": 1, "emitter_exponent": 3, "demand_multiplier": 4, "head_error": 5, "flow_change": 6,
    "formula": 7, "gravity": 12, "viscosity": 13, "unbalanced": 14, "check_freq": 15, "max_check": 16, "damp": 17,
}  # fmt: skip
COUNT = {"nodes": 0, "tanks": 1, "links": 2, "patterns": 3, "curves": 4, "controls": 5, "rules": 6}


class EpanetRefused(ValueError):
    """EPANET does not take this file or this step. The text is EPANET's own, with its section and line."""


class Epanet:
    """One open EPANET project. Use as a context manager; its report and binary files are private and temporary."""

    def __init__(self, inp: Path, library: Path | None = None) -> None:
        if library is None:
            from hydraulics.toolkit import library_path

            library = library_path()
        inp = Path(inp)
        if not inp.is_file():
            raise EpanetRefused(f"{inp}: no such file")
        self._lib = ctypes.CDLL(str(library))
        self._quick = ctypes.PyDLL(str(library))
        self._temp = tempfile.TemporaryDirectory(prefix="epanet-")
        self._handle = ctypes.c_void_p()
        self._number = ctypes.c_double()
        self._integer = ctypes.c_int()
        self._lib.EN_createproject(ctypes.byref(self._handle))
        report = Path(self._temp.name) / "report.txt"
        code = self._lib.EN_open(self._handle, os.fsencode(inp), os.fsencode(report), b"")
        self._name, self._report = inp.name, report
        if code >= 100:
            self._refuse(code)
        version = ctypes.c_int()
        self._lib.EN_getversion(ctypes.byref(version))
        self.version = version.value

    def _refuse(self, code: int) -> None:
        """End the project, which writes its report out, and raise what the report says."""
        text = self.message(code)
        self._lib.EN_close(self._handle)  # a second close would crash EPANET
        self._lib.EN_deleteproject(self._handle)
        self._handle = ctypes.c_void_p()
        text = self._complaint(self._report) or text
        self._temp.cleanup()
        raise EpanetRefused(f"{self._name}: {text}")

    @staticmethod
    def _complaint(report: Path) -> str:
        """The first error of EPANET's report, with the line of the file that it quotes."""
        lines = report.read_bytes().decode("latin-1").splitlines() if report.exists() else []
        start = next((i for i, line in enumerate(lines) if "Error" in line), None)
        if start is None:
            return ""
        first = re.sub(r"^(Input )?(Error \d+: )+", r"\2", " ".join(lines[start].split()))
        quoted = " ".join(lines[start + 1].split()) if first.endswith(":") and start + 1 < len(lines) else ""
        return f"{first} {quoted}".strip()

    def __enter__(self) -> Epanet:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the project. May be called twice."""
        if self._handle:
            self._lib.EN_close(self._handle)
            self._lib.EN_deleteproject(self._handle)
            self._handle = ctypes.c_void_p()
            self._temp.cleanup()

    def message(self, code: int) -> str:
        text = ctypes.create_string_buffer(256)
        self._quick.EN_geterror(code, text, 255)
        return text.value.decode("latin-1")

    def _check(self, code: int) -> int:
        if code >= 100:
            raise EpanetRefused(self.message(code))
        return code

    # ---- reading
    def count(self, what: str) -> int:
        self._check(self._quick.EN_getcount(self._handle, COUNT[what], ctypes.byref(self._integer)))
        return self._integer.value

    def integer(self, function: str, *args: int) -> int:
        """The value of a getter with one int result, such as EN_getnodetype."""
        self._check(getattr(self._quick, function)(self._handle, *map(int, args), ctypes.byref(self._integer)))
        return self._integer.value

    def number(self, function: str, *args: int) -> float:
        """The value of a getter with one double result."""
        self._check(getattr(self._quick, function)(self._handle, *map(int, args), ctypes.byref(self._number)))
        return self._number.value

    def node(self, index: int, what: str) -> float:
        return self.number("EN_getnodevalue", index, NODE[what])

    def link(self, index: int, what: str) -> float:
        return self.number("EN_getlinkvalue", index, LINK[what])

    def option(self, what: str) -> float:
        return self.number("EN_getoption", OPTION[what])

    def time(self, what: str) -> int:
        value = ctypes.c_long()
        self._check(self._quick.EN_gettimeparam(self._handle, TIME[what], ctypes.byref(value)))
        return value.value

    def name(self, function: str, index: int) -> str:
        """The id of a node, link, pattern or curve (EN_getnodeid, ...)."""
        text = ctypes.create_string_buffer(64)
        self._check(getattr(self._quick, function)(self._handle, index, text))
        raw = text.value
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def several(self, function: str, kinds: str, *args: int) -> list[Any]:
        """A getter with several results; `kinds` has a letter each: i int, d double, l long."""
        makers: dict[str, Any] = {"i": ctypes.c_int, "d": ctypes.c_double, "l": ctypes.c_long}
        values = [makers[kind]() for kind in kinds]
        self._check(getattr(self._quick, function)(self._handle, *map(int, args), *map(ctypes.byref, values)))
        return [value.value for value in values]

    # ---- changing
    def set_node(self, index: int, what: str, value: float) -> None:
        self._check(self._quick.EN_setnodevalue(self._handle, index, NODE[what], ctypes.c_double(value)))

    def set_link(self, index: int, what: str, value: float) -> None:
        self._check(self._quick.EN_setlinkvalue(self._handle, index, LINK[what], ctypes.c_double(value)))

    def set_base_demand(self, index: int, category: int, value: float) -> None:
        self._check(self._quick.EN_setbasedemand(self._handle, index, category, ctypes.c_double(value)))

    def set_option(self, what: str, value: float) -> None:
        self._check(self._quick.EN_setoption(self._handle, OPTION[what], ctypes.c_double(value)))

    def set_time(self, what: str, value: int) -> None:
        self._check(self._quick.EN_settimeparam(self._handle, TIME[what], ctypes.c_long(value)))

    def set_demand_model(self, driven: bool, minimum: float, required: float, exponent: float) -> None:
        """Pressure-driven (`driven`) or fixed demands; pressures in the file's unit."""
        self._check(
            self._quick.EN_setdemandmodel(
                self._handle, int(driven), *(ctypes.c_double(v) for v in (minimum, required, exponent))
            )
        )

    # ---- solving
    def open_solver(self) -> None:
        code = self._lib.EN_openH(self._handle)
        if code >= 100:
            self._refuse(code)

    def init_solver(self, fresh: bool = True) -> None:
        """Back to time zero; `fresh` also sets all flows back to EPANET's starting guess."""
        self._check(self._lib.EN_initH(self._handle, 10 if fresh else 0))

    def solve(self) -> tuple[int, int]:
        """(time in s, warning number or 0) after solving the present moment."""
        now = ctypes.c_long()
        code = self._lib.EN_runH(self._handle, ctypes.byref(now))
        return now.value, self._check(code)

    def step(self) -> int:
        """On to the next moment; the step in s, 0 at the end."""
        length = ctypes.c_long()
        self._check(self._lib.EN_nextH(self._handle, ctypes.byref(length)))
        return length.value

    def statistic(self, what: int) -> float:
        """Of the last solution: 0 iterations, 1 relative error."""
        return self.number("EN_getstatistic", what)
