"""One SWMM simulation: opened on the run's copy, driven by `drainage.exchange`, read and closed here.

SWMM keeps its state in global variables, so a process holds one simulation at a time; a second is refused in words.
"""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drainage.native import GET, addresses, get_many, library, set_many
from drainage.network import SewerFile
from drainage.sewer_copy import Copy
from twin.places import FloatArray

GAGE, SUBCATCH, NODE, LINK = 0, 1, 2, 3
GAGE_RAINFALL, NODE_DEPTH, NODE_HEAD, NODE_LATFLOW, NODE_OVERFLOW = 100, 303, 304, 306, 308
LINK_SETTING, LINK_FLOW = 407, 410
TOTALS = (
    "dry_weather", "runoff", "groundwater", "rdii", "external", "flooding", "outflow", "evaporation", "seepage",
    "reacted", "initial", "stored", "error_percent",
)  # fmt: skip
"""Fields of SWMM's own routing totals (toolkit_structs.h: SM_RoutingTotals)."""


class SwmmError(RuntimeError):
    """SWMM refused an input or stopped; the text is SWMM's own, with its code."""


@dataclass
class _Desk:
    """Who holds the process's one simulation."""

    holder: Path | None = None


_DESK = _Desk()


@dataclass
class Swmm:
    """A started simulation of `copy`."""

    sewer: SewerFile
    copy: Copy
    report: Path
    is_open: bool = False
    table: NDArray[np.int64] = field(default_factory=addresses)
    percent: dict[str, float] = field(default_factory=dict)
    _totals: dict[str, float] = field(default_factory=dict)

    @classmethod
    def start(cls, sewer: SewerFile, copy: Copy) -> Swmm:
        """Open and start; `SwmmError` in SWMM's words, or when this process already runs another."""
        if _DESK.holder is not None:
            raise SwmmError(
                f"SWMM can run one simulation in a process, and {_DESK.holder.name} is still open: "
                "close that model first, or run the second in its own process"
            )
        swmm = cls(sewer, copy, copy.path.with_suffix(".rpt"))
        lib = library()
        _DESK.holder = copy.path
        swmm.is_open = True
        paths = (copy.path, swmm.report, copy.path.with_suffix(".out"))
        if lib.swmm_open(*(str(p).encode() for p in paths)) or lib.swmm_start(1):
            text = last_error()
            lines = error_lines(swmm.report)
            swmm.close()
            raise SwmmError("; ".join(lines[:3]) or text)
        return swmm

    def index(self, kind: int, names: list[str]) -> NDArray[np.int64]:
        """SWMM's indices of named objects; −1 for names that it does not know."""
        lib = library()
        return np.array([lib.swmm_getIndex(kind, name.encode()) for name in names], dtype=np.int64)

    def get(self, code: int, indices: NDArray[np.int64]) -> FloatArray:
        """A property of several objects, in SWMM's units."""
        out = np.zeros(indices.size)
        get_many(self.table, code, indices, out)
        return out

    def set(self, code: int, indices: NDArray[np.int64], values: FloatArray | float) -> None:
        """Give a property of several objects a value, in SWMM's units."""
        set_many(self.table, code, indices, np.broadcast_to(np.asarray(values, dtype=float), indices.shape).copy())

    def set_rain(self, gages: NDArray[np.int64], rate_mm_h: float) -> None:
        """Rain of the coming period on all gages."""
        self.set(GAGE_RAINFALL, gages, rate_mm_h if self.sewer.metres == 1.0 else rate_mm_h / 25.4)

    def totals(self) -> dict[str, float]:
        """SWMM's routing totals so far, in m3 (and `error_percent`), as `TOTALS` names them."""
        if self.is_open:
            raw = (ctypes.c_double * len(TOTALS))()
            if library().swmm_getSystemRoutingTotals(raw):
                return dict(self._totals)
            per = self.sewer.cubic_foot_m3 / (0.02832 if self.sewer.metres == 1.0 else 1.0)
            found = dict(zip(TOTALS, (float(x) * per for x in raw), strict=True))
            for name in ("reacted", "initial", "stored"):
                found[name] = float(raw[TOTALS.index(name)]) * self.sewer.cubic_foot_m3
            found["error_percent"] = float(raw[-1])
            self._totals = found
        return dict(self._totals)

    def close(self) -> None:
        """End, write SWMM's report, close. Safe at any time and twice."""
        if not self.is_open:
            return
        lib = library()
        with contextlib.suppress(OSError, ValueError):
            self.totals()
        lib.swmm_end()
        errors = [ctypes.c_float() for _ in range(3)]
        lib.swmm_getMassBalErr(*(ctypes.byref(e) for e in errors))
        self.percent = {"runoff": float(errors[0].value), "routing": float(errors[1].value)}
        lib.swmm_report()
        lib.swmm_close()
        self.is_open = False
        _DESK.holder = None


def last_error() -> str:
    """SWMM's last error in its own words."""
    room = ctypes.create_string_buffer(512)
    library().swmm_getError(room, 512)
    return " ".join(room.value.decode(errors="replace").split())


def error_lines(report: Path) -> list[str]:
    """What a report says of errors: `ERROR 203: too few items at line 12 of [JUNC] section`."""
    if not report.exists():
        return []
    text = report.read_text(errors="replace").splitlines()
    return [" ".join(line.split()) for line in text if line.strip().startswith("ERROR")]


def try_open(path: str, folder: str) -> list[str]:
    """Let SWMM read a file; its error lines, none when it accepts it. Meant for a child process."""
    lib = library()
    report = Path(folder) / "check.rpt"
    code = lib.swmm_open(path.encode(), str(report).encode(), str(Path(folder) / "check.out").encode())
    found = [last_error()] if code else []
    lib.swmm_close()
    return error_lines(report) or found


def run_plain(path: str, report: str, output: str) -> Any:
    """SWMM's own `swmm_run`, for comparison."""
    return library().swmm_run(path.encode(), report.encode(), output.encode())


__all__ = ["GET", "Swmm", "SwmmError", "run_plain", "try_open"]
