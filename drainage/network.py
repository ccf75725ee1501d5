"""A SWMM input file as text that can be asked and changed: sections, tokens, line numbers.

SWMM itself reads the model. This reads only what the twin must know (places, rims, units, dates, names), and it keeps
every line, so that the run's copy differs from the user's file in nothing but what is stated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path

LENGTH_M = {"US": 0.3048, "SI": 1.0}
FLOW_M3S = {
    "CFS": 0.3048**3,
    "GPM": 231 * 0.0254**3 / 60,
    "MGD": 231e6 * 0.0254**3 / 86400,
    "CMS": 1.0,
    "LPS": 1e-3,
    "MLD": 1e3 / 86400,
}
"""m3/s in each of SWMM's units of flow (US gallon: 231 cubic inches)."""
CFS_IN = {"CFS": 1.0, "GPM": 448.831, "MGD": 0.64632, "CMS": 0.02832, "LPS": 28.317, "MLD": 2.4466}
"""SWMM's own table of units in a cubic foot per second (swmm5.c). Its sums are turned back by the same numbers."""
MIN_SURFACE_FT2 = 12.566
"""SWMM's default of MIN_SURFAREA."""


@dataclass(frozen=True)
class Row:
    """One line of a section: its tokens and where it stands (line from 1)."""

    line: int
    tokens: tuple[str, ...]

    def number(self, place: int, otherwise: float = 0.0) -> float:
        """Token `place` as a number; `otherwise` where the line is shorter or has `*`."""
        if place >= len(self.tokens) or self.tokens[place] == "*":
            return otherwise
        return float(self.tokens[place])


@dataclass(frozen=True)
class Node:
    """A junction, outfall, storage unit or divider, in SI. `depth_m` 0: the file leaves it to SWMM."""

    id: str
    kind: str
    line: int
    invert_m: float
    depth_m: float
    initial_m: float = 0.0
    xy: tuple[float, float] | None = None


@dataclass(frozen=True)
class LinkRow:
    """A conduit, pump, orifice, weir or outlet. `crown_m` are the elevations of its top at both ends (conduits)."""

    id: str
    kind: str
    line: int
    nodes: tuple[str, str]
    crown_m: tuple[float, float] | None = None


def tokens_of(line: str) -> tuple[str, ...]:
    """The words of a line as SWMM reads them: comment cut at `;`, quoted text is one word."""
    return tuple(quoted if quoted else word for quoted, word in re.findall(r'"([^"\n]*)"?|(\S+)', line.split(";")[0]))


@dataclass
class SewerFile:
    """A SWMM input file. `lines` are the file's own, without line ends."""

    path: Path
    lines: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> SewerFile:
        return cls(path, path.read_text(encoding="utf-8", errors="surrogateescape").splitlines())

    def walk(self) -> Iterator[tuple[str, int, tuple[str, ...]]]:
        """(section, line from 1, tokens) of every line that says something; headings have no tokens."""
        section = ""
        for number, line in enumerate(self.lines, 1):
            words = tokens_of(line)
            if not words:
                continue
            if words[0].startswith("["):
                section = words[0].strip("[]").upper()
                yield section, number, ()
            else:
                yield section, number, words

    @cached_property
    def _rows(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for section, number, words in self.walk():
            if words:
                found.setdefault(section, []).append(Row(number, words))
        return found

    def rows(self, heading: str) -> list[Row]:
        """Lines of all sections whose name starts with `heading` (SWMM, too, looks at the first letters only)."""
        skip = {"INLET": ("INLET_USAGE",), "SUBCATCHMENT": ()}.get(heading, ())
        return [r for name, rows in self._rows.items() if name.startswith(heading) and name not in skip for r in rows]

    @cached_property
    def options(self) -> dict[str, str]:
        return {row.tokens[0].upper(): row.tokens[1].upper() for row in self.rows("OPTION") if len(row.tokens) > 1}

    @property
    def flow_units(self) -> str:
        return self.options.get("FLOW_UNITS", "CFS")

    @property
    def metres(self) -> float:
        """Metres in the file's unit of length."""
        return LENGTH_M["US" if self.flow_units in ("CFS", "GPM", "MGD") else "SI"]

    @property
    def flow_m3s(self) -> float:
        """m3/s in the file's unit of flow."""
        return FLOW_M3S.get(self.flow_units, 1.0)

    @property
    def cubic_foot_m3(self) -> float:
        """m3 in a cubic foot as SWMM's own conversion to the file's unit of flow has it (0.02832 for CMS)."""
        return self.flow_m3s * CFS_IN.get(self.flow_units, 1.0)

    @property
    def by_elevation(self) -> bool:
        """Whether link offsets are elevations instead of depths."""
        return self.options.get("LINK_OFFSETS", "DEPTH").startswith("ELEV")

    @property
    def surface_area_m2(self) -> float:
        """The plan area that SWMM gives a manhole when it solves for its depth (MIN_SURFAREA)."""
        given = float(self.options.get("MIN_SURFAREA", "0") or 0)
        return given * self.metres**2 if given > 0 else MIN_SURFACE_FT2 * 0.3048**2

    @cached_property
    def coordinates(self) -> dict[str, tuple[float, float]]:
        return {r.tokens[0]: (r.number(1), r.number(2)) for r in self.rows("COORDINATE") if len(r.tokens) >= 3}

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """All nodes by id."""
        m, found = self.metres, {}
        for heading, kind in (
            ("JUNC", "junction"),
            ("OUTFALL", "outfall"),
            ("STORAGE", "storage"),
            ("DIVIDER", "divider"),
        ):
            for row in self.rows(heading):
                id = row.tokens[0]
                deep = {"junction": 2, "storage": 2}.get(kind, 99)
                found[id] = Node(
                    id, kind, row.line, row.number(1) * m, row.number(deep) * m, row.number(deep + 1) * m,
                    self.coordinates.get(id),
                )  # fmt: skip
        return found

    @cached_property
    def links(self) -> dict[str, LinkRow]:
        """All links by id."""
        heights = {r.tokens[0]: r.number(2) * self.metres for r in self.rows("XSECT") if _is_number(r.tokens, 2)}
        found = {}
        for heading, kind in (
            ("CONDUIT", "conduit"), ("PUMP", "pump"), ("ORIFICE", "orifice"), ("WEIR", "weir"), ("OUTLET", "outlet"),
        ):  # fmt: skip
            for row in self.rows(heading):
                if len(row.tokens) < 3:
                    continue
                id, a, b = row.tokens[:3]
                crown = None
                if kind == "conduit" and a in self.nodes and b in self.nodes and id in heights:
                    crown = tuple(
                        self._offset(row, place, self.nodes[n].invert_m) + heights[id] for place, n in ((5, a), (6, b))
                    )
                found[id] = LinkRow(id, kind, row.line, (a, b), crown)  # type: ignore[arg-type]
        return found

    @cached_property
    def conduit_room_m3(self) -> float:
        """What the conduits hold when full, m3, taken as round pipes of their height."""
        heights = {r.tokens[0]: r.number(2) * self.metres for r in self.rows("XSECT") if _is_number(r.tokens, 2)}
        lengths = {r.tokens[0]: r.number(3) * self.metres for r in self.rows("CONDUIT") if r.tokens}
        return sum(math.pi / 4 * heights.get(id, 0.0) ** 2 * length for id, length in lengths.items())

    def _offset(self, row: Row, place: int, invert_m: float) -> float:
        """Elevation of a conduit's end, m."""
        if self.by_elevation:
            return row.number(place, invert_m / self.metres) * self.metres
        return invert_m + row.number(place) * self.metres

    @cached_property
    def crowns(self) -> dict[str, float]:
        """Highest crown of the conduits at each node, m."""
        tops: dict[str, float] = {}
        for link in self.links.values():
            for node, crown in zip(link.nodes, link.crown_m or (), strict=False):
                tops[node] = max(tops.get(node, crown), crown)
        return tops

    def rim_m(self, id: str) -> float:
        """Ground level of a node: invert + depth, and never below the crown of its conduits, as in SWMM."""
        node = self.nodes[id]
        return max(node.invert_m + node.depth_m, self.crowns.get(id, node.invert_m))

    def of_kind(self, *kinds: str) -> list[Node]:
        return [node for node in self.nodes.values() if node.kind in kinds]

    @property
    def start(self) -> datetime:
        """START_DATE and START_TIME (SWMM's default is 1 January 2004, midnight)."""
        return self.moment("START", datetime(2004, 1, 1))

    def moment(self, what: str, otherwise: datetime) -> datetime:
        """Date and time that the options give for `what` (`START`, `END`, `REPORT_START`)."""
        day = _date(self.options[f"{what}_DATE"]) if f"{what}_DATE" in self.options else otherwise.date()
        clock = timedelta(seconds=seconds_of(self.options.get(f"{what}_TIME", "0")))
        return datetime.combine(day, time()) + clock

    def option_seconds(self, key: str, otherwise: float) -> float:
        """A step of the options in seconds: `0:05:00`, or seconds as a number."""
        text = self.options.get(key)
        if text is None:
            return otherwise
        return seconds_of(text) if ":" in text else float(text)

    def free_name(self, wanted: str, taken: Iterable[str]) -> str:
        """`wanted`, lengthened until no object of the file has it (whatever its case)."""
        used = {name.lower() for name in taken}
        while wanted.lower() in used:
            wanted += "_"
        return wanted


def seconds_of(text: str) -> float:
    """`h:mm:ss`, or hours as a decimal number, in seconds."""
    if ":" not in text:
        return float(text) * 3600.0
    parts = [float(p) for p in text.split(":")]
    return sum(p * f for p, f in zip(parts, (3600.0, 60.0, 1.0), strict=False))


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _date(text: str) -> date:
    """SWMM's month/day/year, with digits or a month's name."""
    month, day, year = re.split(r"[-/]", text)
    return date(int(year), _MONTHS.index(month[:3].upper()) + 1 if month[:1].isalpha() else int(month), int(day))


def _is_number(tokens: tuple[str, ...], place: int) -> bool:
    try:
        float(tokens[place])
    except (IndexError, ValueError):
        return False
    return True
