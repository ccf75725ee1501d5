"""EPANET 2.2 as a Python object: one project, its numbers in SI.

WNTR ships the library and a wrapper. The wrapper writes warnings to the log, knows a third of the functions (none
that add a node) and importing it takes more than a second, so the library is called here directly. Every run has a
project of its own (`EN_createproject`), so runs in one process do not meet.
"""

from __future__ import annotations

import ctypes
import importlib.util
import math
import os
import platform
import sys
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

LONGEST_PATH = 255
"""EPANET keeps file names in 260 bytes (MAXFNAME in types.h)."""

UNITS: dict[int, tuple[str, float, float, bool]] = {
    0: ("CFS", 0.028316846592, 1.0, False),
    1: ("GPM", 6.30901964e-5, 448.831, False),
    2: ("MGD", 0.0438126364, 0.64632, False),
    3: ("IMGD", 0.0526168042, 0.5382, False),
    4: ("AFD", 0.0142764102, 1.9837, False),
    5: ("LPS", 1e-3, 28.317, True),
    6: ("LPM", 1e-3 / 60, 1699.0, True),
    7: ("MLD", 1e3 / 86400, 2.4466, True),
    8: ("CMH", 1 / 3600, 101.94, True),
    9: ("CMD", 1 / 86400, 2446.6, True),
}
"""EPANET's flow units: name, m3/s, how many of it EPANET takes for one ft3/s (types.h), whether lengths are metres."""

FOOT = 0.3048


class Node(IntEnum):
    """Node properties (EN_NodeProperty)."""

    ELEVATION = 0
    EMITTER = 3
    INITIAL_QUALITY = 4
    SOURCE_QUALITY = 5
    SOURCE_PATTERN = 6
    SOURCE_TYPE = 7
    TANK_LEVEL = 8
    DEMAND = 9
    HEAD = 10
    PRESSURE = 11
    QUALITY = 12
    MIN_VOLUME = 18
    TANK_VOLUME = 24
    MAX_VOLUME = 25
    CAN_OVERFLOW = 26
    DEMAND_DEFICIT = 27


class Link(IntEnum):
    """Link properties (EN_LinkProperty)."""

    DIAMETER = 0
    LENGTH = 1
    ROUGHNESS = 2
    MINOR_LOSS = 3
    INITIAL_STATUS = 4
    BULK = 6
    WALL = 7
    FLOW = 8
    STATUS = 11
    SETTING = 12
    ENERGY = 13
    PATTERN = 15
    EFFICIENCY = 17
    PRICE = 21
    PRICE_PATTERN = 22


class Time(IntEnum):
    """Time parameters (EN_TimeParameter)."""

    DURATION = 0
    HYDRAULIC_STEP = 1
    QUALITY_STEP = 2
    PATTERN_STEP = 3
    PATTERN_START = 4
    START_TIME = 10
    NOW = 11


class Option(IntEnum):
    """Analysis options (EN_Option)."""

    TRIALS = 0
    ACCURACY = 1
    EMITTER_EXPONENT = 3
    DEMAND_MULTIPLIER = 4
    GLOBAL_PRICE = 9
    GLOBAL_PRICE_PATTERN = 10
    DEMAND_CHARGE = 11
    UNBALANCED = 14


class Analysis(IntEnum):
    """What EPANET's quality engine follows (EN_QualityType)."""

    NONE = 0
    CHEMICAL = 1
    AGE = 2
    TRACE = 3


class Source(IntEnum):
    """How a quality source works (EN_SourceType)."""

    CONCENTRATION = 0
    MASS = 1
    SETPOINT = 2
    FLOW_PACED = 3


class Count(IntEnum):
    """Kinds of things that a project counts (EN_CountType)."""

    NODES = 0
    TANKS = 1
    LINKS = 2
    PATTERNS = 3
    CONTROLS = 5
    RULES = 6


LINK_TYPES = ("CVPIPE", "PIPE", "PUMP", "PRV", "PSV", "PBV", "FCV", "TCV", "GPV")
JUNCTION, RESERVOIR, TANK = 0, 1, 2


class EpanetError(ValueError):
    """EPANET refused something. `code` is its error number (user manual, appendix D)."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


def library_path() -> Path:
    """The EPANET 2.2 library inside the installed WNTR package."""
    spec = importlib.util.find_spec("wntr")
    if spec is None or spec.origin is None:
        raise EpanetError(0, "EPANET is missing: install wntr")
    folder = Path(spec.origin).parent / "epanet" / "libepanet"
    if os.name == "nt":
        path = folder / "windows-x64" / "epanet22.dll"
    elif sys.platform == "darwin":
        arm = "arm" in platform.machine().lower()
        path = folder / ("darwin-arm/libepanet2.dylib" if arm else "darwin-x64/libepanet22.dylib")
    else:
        path = folder / "linux-x64" / "libepanet22.so"
    if not path.exists():
        raise EpanetError(0, f"WNTR brings no EPANET 2.2 library for this machine ({platform.platform()})")
    return path


@cache
def _libraries() -> tuple[Any, Any]:
    """The library twice: calls through the first release Python's lock, calls through the second keep it.

    Solving takes milliseconds and shall not stop other models. Reading a number takes nanoseconds, and giving the
    lock away for each would let another thread keep it for 5 ms every time.
    """
    path = str(library_path())
    return ctypes.CDLL(path), ctypes.PyDLL(path)


class Project:
    """An open EPANET project. Node and link numbers count from 1, as in EPANET; values are in the file's units."""

    def __init__(self, inp: Path, report: Path, binary: Path) -> None:
        self._long, self._quick = _libraries()
        self._handle = ctypes.c_void_p()
        self._value = ctypes.c_double()
        self._ref = ctypes.byref(self._value)
        names = [os.fsencode(path) for path in (inp, report, binary)]
        for name in names:
            if len(name) > LONGEST_PATH:
                raise EpanetError(0, f"EPANET cannot take a path of {len(name)} bytes: {os.fsdecode(name)}")
        self._long.EN_createproject(ctypes.byref(self._handle))
        code = self._long.EN_open(self._handle, *names)
        if code >= 100:
            self.close()
            raise EpanetError(code, self.message(code))
        units = ctypes.c_int()
        self._check(self._quick.EN_getflowunits(self._handle, ctypes.byref(units)))
        self.unit_name, self.flow_si, per_cfs, metric = UNITS[units.value]
        self.length_si = 1.0 if metric else FOOT
        cubic_foot = FOOT**3 if metric else 1.0
        self.volume_si = self.flow_si * per_cfs / cubic_foot
        """m3 per unit of volume, in the measure of the flows: EPANET takes 28.317 litres for a cubic foot when it
        turns flows, and 28.3168 when it turns volumes; without this the balance is off by 5e-6."""

    def close(self) -> None:
        """End the project and its files. May be called twice."""
        if self._handle:
            self._long.EN_close(self._handle)
            self._long.EN_deleteproject(self._handle)
            self._handle = ctypes.c_void_p()

    def message(self, code: int) -> str:
        """EPANET's own words for an error number."""
        text = ctypes.create_string_buffer(256)
        self._quick.EN_geterror(code, text, 255)
        return text.value.decode("latin-1")

    def _check(self, code: int) -> None:
        if code >= 100:
            raise EpanetError(code, self.message(code))

    # ---- running
    def open_solver(self) -> None:
        """Set up the hydraulic solver; the network's shape is fixed from now on."""
        self._check(self._long.EN_openH(self._handle))

    def restart(self) -> None:
        """Back to time zero, with the file's flows and nothing saved (EN_INITFLOW)."""
        self._check(self._long.EN_initH(self._handle, 10))

    def solve(self) -> tuple[int, int]:
        """(time in s, EPANET's warning number or 0) after solving the present moment."""
        now = ctypes.c_long()
        code = self._long.EN_runH(self._handle, ctypes.byref(now))
        self._check(code)
        return now.value, code

    def next(self) -> int:
        """Move tanks and clock on to the next moment; gives the step in s."""
        step = ctypes.c_long()
        self._check(self._long.EN_nextH(self._handle, ctypes.byref(step)))
        return step.value

    def save(self, path: Path) -> None:
        """Write the project as it stands now as an INP file."""
        self._check(self._long.EN_saveinpfile(self._handle, os.fsencode(path)))

    def statistic(self, what: int) -> float:
        """Figures so far: 0 iterations, 1 convergence error, 4 quality mass balance (EN_AnalysisStatistic)."""
        self._check(self._quick.EN_getstatistic(self._handle, what, self._ref))
        return self._value.value

    # ---- water quality, beside the hydraulics: solve, run_quality, next, next_quality
    def analysis(self) -> tuple[Analysis, str]:
        """What the file asks the quality engine for, and the unit of its chemical."""
        kind, trace = ctypes.c_int(), ctypes.c_int()
        texts = [ctypes.create_string_buffer(64) for _ in range(3)]
        self._check(self._quick.EN_getqualinfo(self._handle, ctypes.byref(kind), *texts, ctypes.byref(trace)))
        return Analysis(kind.value), decode(texts[1].value)

    def set_analysis(self, kind: Analysis, trace_node: int = 0) -> None:
        """Choose what is followed; a chemical is in mg/L. Before the quality solver is opened."""
        trace = ctypes.create_string_buffer(64)
        if trace_node:
            self._check(self._quick.EN_getnodeid(self._handle, trace_node, trace))
        self._check(self._quick.EN_setqualtype(self._handle, int(kind), b"Chemical", b"mg/L", trace))

    def open_quality(self) -> None:
        """Set up the quality solver at time zero, without results in a file."""
        self._check(self._long.EN_openQ(self._handle))
        self._check(self._long.EN_initQ(self._handle, 0))

    def run_quality(self) -> None:
        """Tell the quality solver the flows of the present moment."""
        now = ctypes.c_long()
        self._check(self._long.EN_runQ(self._handle, ctypes.byref(now)))

    def next_quality(self) -> None:
        """Carry the water on to the moment that the hydraulics have reached."""
        step = ctypes.c_long()
        self._check(self._long.EN_nextQ(self._handle, ctypes.byref(step)))

    # ---- counts, ids
    def count(self, what: Count) -> int:
        value = ctypes.c_int()
        self._check(self._quick.EN_getcount(self._handle, int(what), ctypes.byref(value)))
        return value.value

    def _id(self, function: Any, index: int) -> str:
        text = ctypes.create_string_buffer(64)
        self._check(function(self._handle, index, text))
        return decode(text.value)

    def node_id(self, index: int) -> str:
        return self._id(self._quick.EN_getnodeid, index)

    def link_id(self, index: int) -> str:
        return self._id(self._quick.EN_getlinkid, index)

    def _int(self, function: Any, index: int) -> int:
        value = ctypes.c_int()
        self._check(function(self._handle, index, ctypes.byref(value)))
        return value.value

    def node_type(self, index: int) -> int:
        return self._int(self._quick.EN_getnodetype, index)

    def link_type(self, index: int) -> int:
        return self._int(self._quick.EN_getlinktype, index)

    def link_nodes(self, index: int) -> tuple[int, int]:
        first, second = ctypes.c_int(), ctypes.c_int()
        self._check(self._quick.EN_getlinknodes(self._handle, index, ctypes.byref(first), ctypes.byref(second)))
        return first.value, second.value

    # ---- values
    def node(self, index: int, what: int) -> float:
        """A node's value in the file's units (the hot call: one shared double)."""
        code = self._quick.EN_getnodevalue(self._handle, index, int(what), self._ref)
        if code >= 100:
            self._check(code)
        return self._value.value

    def link(self, index: int, what: int) -> float:
        """A link's value in the file's units."""
        code = self._quick.EN_getlinkvalue(self._handle, index, int(what), self._ref)
        if code >= 100:
            self._check(code)
        return self._value.value

    def set_node(self, index: int, what: Node, value: float) -> None:
        self._check(self._quick.EN_setnodevalue(self._handle, index, int(what), ctypes.c_double(value)))

    def set_link(self, index: int, what: Link, value: float) -> None:
        self._check(self._quick.EN_setlinkvalue(self._handle, index, int(what), ctypes.c_double(value)))

    def option(self, what: Option) -> float:
        self._check(self._quick.EN_getoption(self._handle, int(what), self._ref))
        return self._value.value

    def set_option(self, what: Option, value: float) -> None:
        self._check(self._quick.EN_setoption(self._handle, int(what), ctypes.c_double(value)))

    def time(self, what: Time) -> int:
        value = ctypes.c_long()
        self._check(self._quick.EN_gettimeparam(self._handle, int(what), ctypes.byref(value)))
        return value.value

    def set_time(self, what: Time, seconds: int) -> None:
        self._check(self._quick.EN_settimeparam(self._handle, int(what), ctypes.c_long(seconds)))

    def demand_model(self) -> tuple[bool, float, float, float]:
        """(pressure-driven, minimum and required pressure in the file's units, exponent)."""
        kind = ctypes.c_int()
        low, high, power = ctypes.c_double(), ctypes.c_double(), ctypes.c_double()
        refs = [ctypes.byref(x) for x in (kind, low, high, power)]
        self._check(self._quick.EN_getdemandmodel(self._handle, *refs))
        return bool(kind.value), low.value, high.value, power.value

    def set_pressure_driven(self, low: float, high: float, power: float = 0.5) -> None:
        values = [ctypes.c_double(x) for x in (low, high, power)]
        self._check(self._quick.EN_setdemandmodel(self._handle, 1, *values))

    def demands(self, node: int) -> list[tuple[float, int]]:
        """(base demand, pattern number or 0) of each of a junction's categories."""
        found = []
        for category in range(1, self._int(self._quick.EN_getnumdemands, node) + 1):
            base, pattern = ctypes.c_double(), ctypes.c_int()
            self._check(self._quick.EN_getbasedemand(self._handle, node, category, ctypes.byref(base)))
            self._check(self._quick.EN_getdemandpattern(self._handle, node, category, ctypes.byref(pattern)))
            found.append((base.value, pattern.value))
        return found

    def set_demand(self, node: int, category: int, base: float) -> None:
        """The base demand of a junction's category (from 1)."""
        self._check(self._quick.EN_setbasedemand(self._handle, node, category, ctypes.c_double(base)))

    def pattern(self, index: int) -> list[float]:
        """The factors of a pattern."""
        factors = []
        for period in range(1, self._int(self._quick.EN_getpatternlen, index) + 1):
            self._check(self._quick.EN_getpatternvalue(self._handle, index, period, self._ref))
            factors.append(self._value.value)
        return factors

    def control(self, index: int) -> tuple[int, int, float, int, float]:
        """(type, link, setting, node, level or time in s) of a simple control."""
        kind, link, node = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        setting, level = ctypes.c_double(), ctypes.c_double()
        refs = [ctypes.byref(x) for x in (kind, link, setting, node, level)]
        self._check(self._quick.EN_getcontrol(self._handle, index, *refs))
        return kind.value, link.value, setting.value, node.value, level.value

    def set_control(self, index: int, control: tuple[int, int, float, int, float]) -> None:
        """Write a simple control as `control` reads it; link 0 puts it out of action."""
        kind, link, setting, node, level = control
        values = ctypes.c_double(setting), node, ctypes.c_double(level)
        self._check(self._quick.EN_setcontrol(self._handle, index, kind, link, *values))

    # ---- places
    def node_xy(self, index: int) -> tuple[float, float]:
        """Coordinates, (nan, nan) where the file gives none."""
        x, y = ctypes.c_double(), ctypes.c_double()
        code = self._quick.EN_getcoord(self._handle, index, ctypes.byref(x), ctypes.byref(y))
        missing = code != 0 or min(x.value, y.value) <= -1e10
        return (math.nan, math.nan) if missing else (x.value, y.value)

    def vertices(self, link: int) -> list[tuple[float, float]]:
        """The bends of a link between its nodes."""
        x, y = ctypes.c_double(), ctypes.c_double()
        found = []
        for k in range(1, self._int(self._quick.EN_getvertexcount, link) + 1):
            self._check(self._quick.EN_getvertex(self._handle, link, k, ctypes.byref(x), ctypes.byref(y)))
            found.append((x.value, y.value))
        return found

    # ---- changing the network (before the solver is opened)
    def add_junction(self, name: str, elevation: float) -> int:
        index = ctypes.c_int()
        self._check(self._quick.EN_addnode(self._handle, name.encode("ascii"), JUNCTION, ctypes.byref(index)))
        self.set_node(index.value, Node.ELEVATION, elevation)
        return index.value

    def add_pipe(self, name: str, start: int, end: int, length: float, like: int) -> int:
        """A new pipe with the diameter, roughness and reactions of the pipe `like`, without minor losses."""
        index = ctypes.c_int()
        ends = []
        for node in (start, end):
            text = ctypes.create_string_buffer(64)
            self._check(self._quick.EN_getnodeid(self._handle, node, text))
            ends.append(text.value)
        self._check(self._quick.EN_addlink(self._handle, name.encode("ascii"), 1, *ends, ctypes.byref(index)))
        for what in (Link.DIAMETER, Link.ROUGHNESS, Link.BULK, Link.WALL):
            self.set_link(index.value, what, self.link(like, what))
        self.set_link(index.value, Link.LENGTH, length)
        return index.value

    def move_link(self, link: int, first: int, second: int) -> None:
        self._check(self._quick.EN_setlinknodes(self._handle, link, first, second))

    def set_xy(self, node: int, x: float, y: float) -> None:
        self._check(self._quick.EN_setcoord(self._handle, node, ctypes.c_double(x), ctypes.c_double(y)))


def decode(raw: bytes) -> str:
    """Bytes of an INP as text: UTF-8 where it is, else Latin-1, which fits any byte."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
