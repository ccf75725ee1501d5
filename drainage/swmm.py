"""The sewers of a run as one: one SWMM simulation for each district, asked and told by names and handles.

A handle (`native.DISTRICT`) names an object of any district, so that the model and the compiled exchange need not know
how many there are. With several districts an id is `district/id`, and values are in the first district's units.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drainage.districts import split
from drainage.native import DISTRICT, get_many, library, set_many
from drainage.network import SewerFile
from drainage.sewer_copy import Copy
from drainage.simulation import TOTALS, Simulation, SwmmError, error_lines
from drainage.simulation import last_error as last_error_of
from twin.places import FloatArray

GAGE, SUBCATCH, NODE, LINK = 0, 1, 2, 3
GAGE_RAINFALL, NODE_DEPTH, NODE_HEAD, NODE_LATFLOW, NODE_OVERFLOW = 100, 303, 304, 306, 308
LINK_SETTING, LINK_FLOW = 407, 410
_LENGTHS, _FLOWS = {301, 302, 303, 304, 403, 404, 411}, {306, 307, 308, 309, 409, 410}
"""Properties that are lengths or flows (swmm5.h), which districts of other units have in other units."""


class Swmm:
    """Started simulations by district ('' where there is one sewer file). `sewer` is all of their files as one."""

    def __init__(self, sewer: SewerFile, parts: Mapping[str, Simulation]) -> None:
        self.sewer, self.parts = sewer, dict(parts)
        self.names = list(self.parts)
        self.copy = _merged(self.parts)
        self.table: NDArray[np.int64] = np.array([p.image.table for p in self.parts.values()], dtype=np.int64)
        first = next(iter(self.parts.values())).sewer
        self.metres = np.array([p.sewer.metres for p in self.parts.values()])
        self.per_unit = np.array([p.sewer.flow_m3s for p in self.parts.values()])
        self._mixed = bool(np.any(self.metres != first.metres) or np.any(self.per_unit != first.flow_m3s))

    @classmethod
    def start(cls, sewer: SewerFile, copies: Mapping[str, tuple[SewerFile, Copy]]) -> Swmm:
        """Open and start all districts; `SwmmError` in SWMM's words, with the district's name."""
        parts: dict[str, Simulation] = {}
        for name, (file, copy) in copies.items():
            try:
                parts[name] = Simulation.start(file, copy)
            except BaseException as error:
                for part in parts.values():
                    part.close()
                if isinstance(error, SwmmError) and name:
                    raise SwmmError(f"{name}: {error}") from None
                raise
        return cls(sewer, parts)

    @property
    def is_open(self) -> bool:
        return any(p.is_open for p in self.parts.values())

    @property
    def report(self) -> Path:
        """SWMM's report of the first district."""
        return next(iter(self.parts.values())).report

    @property
    def percent(self) -> dict[str, float]:
        """SWMM's own continuity errors once closed, %: the largest of the districts."""
        found: dict[str, float] = {}
        for part in self.parts.values():
            for key, value in part.percent.items():
                found[key] = max(found.get(key, 0.0), value, key=abs)
        return found

    def index(self, kind: int, names: list[str]) -> NDArray[np.int64]:
        """Handles of named objects; −1 for names that SWMM does not know."""
        if len(self.parts) == 1:
            (only,) = self.parts.values()
            return np.array([only.index(kind, name) for name in names], dtype=np.int64)
        found = []
        for name in names:
            district, own = split(name)
            part = self.parts.get(district)
            index = part.index(kind, own) if part else -1
            found.append(self.names.index(district) * DISTRICT + index if index >= 0 else -1)
        return np.array(found, dtype=np.int64)

    def _factor(self, code: int, handles: NDArray[np.int64]) -> FloatArray | float:
        """What a district's value is multiplied by to be in the first district's units."""
        if not self._mixed or (code not in _LENGTHS and code not in _FLOWS):
            return 1.0
        units = self.metres if code in _LENGTHS else self.per_unit
        return units[np.maximum(handles, 0) // DISTRICT] / units[0]

    def get(self, code: int, indices: NDArray[np.int64]) -> FloatArray:
        """A property of several objects, in SWMM's units."""
        out = np.zeros(indices.size)
        get_many(self.table, code, indices, out)
        return out * self._factor(code, indices)

    def set(self, code: int, indices: NDArray[np.int64], values: FloatArray | float) -> None:
        """Give a property of several objects a value, in SWMM's units."""
        given = np.broadcast_to(np.asarray(values, dtype=float), indices.shape) / self._factor(code, indices)
        set_many(self.table, code, indices, np.ascontiguousarray(given))

    def set_rain(self, gages: NDArray[np.int64], rate_mm_h: FloatArray | float) -> None:
        """Rain of the coming period on gages: one rate for all, or one for each."""
        unit = np.where(self.metres == 1.0, 1.0, 25.4)[np.maximum(gages, 0) // DISTRICT]
        self.set(GAGE_RAINFALL, gages, np.asarray(rate_mm_h, dtype=float) / unit)

    def totals(self) -> dict[str, float]:
        """SWMM's routing totals so far, in m3, as `TOTALS` names them, over all districts.

        `error_percent` is that of one district, and of several their errors weighted by what came into them."""
        found = [part.totals() for part in self.parts.values()]
        if len(found) == 1:
            return found[0]
        into = [sum(t.get(k, 0.0) for k in (*TOTALS[:5], "initial")) for t in found]
        total = {k: sum(t.get(k, 0.0) for t in found) for k in TOTALS[:-1]}
        weighted = sum(w * t.get("error_percent", 0.0) for w, t in zip(into, found, strict=True))
        return total | {"error_percent": weighted / max(sum(into), 1e-12)}

    def error(self) -> str:
        """The last errors of the districts in SWMM's own words."""
        texts = {name: part.error() for name, part in self.parts.items()}
        return "; ".join(f"{name}: {text}" if name else text for name, text in texts.items() if text)

    def close(self) -> None:
        """End, write SWMM's reports, close. Safe at any time and twice."""
        for part in self.parts.values():
            part.close()


def _merged(parts: Mapping[str, Simulation]) -> Copy:
    """The names that were added, by `district/id` where there are several districts."""
    if len(parts) == 1:
        return next(iter(parts.values())).copy
    first = next(iter(parts.values())).copy
    merged = Copy(first.path)
    for district, part in parts.items():
        for kind in ("outfalls", "orifices", "hands", "holds"):
            named = getattr(part.copy, kind).items()
            getattr(merged, kind).update({f"{district}/{k}": f"{district}/{v}" for k, v in named})
    return merged


def last_error() -> str:
    """The last error of swmm-toolkit's own library in its own words."""
    return last_error_of(library())


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


__all__ = ["Swmm", "SwmmError", "error_lines", "last_error", "run_plain", "try_open"]
