"""One SWMM simulation: opened on the run's copy of one INP, closed with SWMM's report written.

SWMM keeps its state in global variables, so each simulation has an image of the library to itself (`native.borrow`).
"""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass, field
from pathlib import Path

from drainage.native import Image, borrow, give_back
from drainage.network import SewerFile
from drainage.sewer_copy import Copy

TOTALS = (
    "dry_weather", "runoff", "groundwater", "rdii", "external", "flooding", "outflow", "evaporation", "seepage",
    "reacted", "initial", "stored", "error_percent",
)  # fmt: skip
"""Fields of SWMM's own routing totals (toolkit_structs.h: SM_RoutingTotals)."""


class SwmmError(RuntimeError):
    """SWMM refused an input or stopped; the text is SWMM's own, with its code."""


@dataclass
class Simulation:
    """A started simulation of `copy`. `percent`: SWMM's own continuity errors, known once it is closed."""

    sewer: SewerFile
    copy: Copy
    report: Path
    image: Image
    is_open: bool = True
    percent: dict[str, float] = field(default_factory=dict)
    _totals: dict[str, float] = field(default_factory=dict)

    @classmethod
    def start(cls, sewer: SewerFile, copy: Copy) -> Simulation:
        """Open and start; `SwmmError` in SWMM's words."""
        one = cls(sewer, copy, copy.path.with_suffix(".rpt"), borrow())
        paths = (copy.path, one.report, copy.path.with_suffix(".out"))
        lib = one.image.lib
        if lib.swmm_open(*(str(p).encode() for p in paths)) or lib.swmm_start(1):
            text = last_error(lib)
            one.close()
            raise SwmmError("; ".join(error_lines(one.report)[:3]) or text)
        return one

    def index(self, kind: int, name: str) -> int:
        """SWMM's index of a named object; −1 for a name that it does not know."""
        return int(self.image.lib.swmm_getIndex(kind, name.encode(errors="surrogateescape")))

    def totals(self) -> dict[str, float]:
        """SWMM's routing totals so far, in m3 (and `error_percent`), as `TOTALS` names them."""
        if self.is_open:
            raw = (ctypes.c_double * len(TOTALS))()
            if self.image.lib.swmm_getSystemRoutingTotals(raw):
                return dict(self._totals)
            per = self.sewer.cubic_foot_m3 / (0.02832 if self.sewer.metres == 1.0 else 1.0)
            found = dict(zip(TOTALS, (float(x) * per for x in raw), strict=True))
            for name in ("reacted", "initial", "stored"):
                found[name] = float(raw[TOTALS.index(name)]) * self.sewer.cubic_foot_m3
            found["error_percent"] = float(raw[-1])
            self._totals = found
        return dict(self._totals)

    def error(self) -> str:
        """SWMM's last error in its own words."""
        return last_error(self.image.lib)

    def close(self) -> None:
        """End, write SWMM's report, close. Safe at any time and twice."""
        if not self.is_open:
            return
        lib = self.image.lib
        with contextlib.suppress(OSError, ValueError):
            self.totals()
        lib.swmm_end()
        errors = [ctypes.c_float() for _ in range(3)]
        lib.swmm_getMassBalErr(*(ctypes.byref(e) for e in errors))
        self.percent = {"runoff": float(errors[0].value), "routing": float(errors[1].value)}
        lib.swmm_report()
        lib.swmm_close()
        self.is_open = False
        give_back(self.image)


def last_error(lib: ctypes.CDLL) -> str:
    """A library's last error in its own words."""
    room = ctypes.create_string_buffer(512)
    lib.swmm_getError(room, 512)
    return " ".join(room.value.decode(errors="replace").split())


def error_lines(report: Path) -> list[str]:
    """What a report says of errors: `ERROR 203: too few items at line 12 of [JUNC] section`."""
    if not report.exists():
        return []
    text = report.read_text(errors="replace").splitlines()
    return [" ".join(line.split()) for line in text if line.strip().startswith("ERROR")]
