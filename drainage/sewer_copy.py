"""The run's own copy of the INP: the user's file, and what the twin adds to it. The user's file is never touched.

What changes is the period, one thread, paths made absolute; with the twin's rain also the gages; with a surface also
the manholes (see `drainage.exchange`), the surcharge method and the longest step; with commanded pumps and gates one
rule each, of a priority above the user's rules. All of it stands in the copy, which is kept in the run's folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from drainage.network import SewerFile, tokens_of
from drainage.rain import GagePlan, with_zones

SURCHARGE_M = 100.0
"""Room above the crest that a coupled manhole has in SWMM: the surface takes the water long before."""
SLOT_M = 0.05
"""Width of the orifice in SWMM: below `SLOT_M`/2 × setting × coefficient/0.414 of head SWMM takes a weir for it."""
PRIORITY = 1_000_000
DRY_SERIES = "twin_dry"
INITIAL_FLOW = 7
"""Place of a conduit's initial flow. SWMM gives junctions a depth to it, but storage units none: a quarter of the water
that an example of its own starts with was lost within the hour. With a surface conduits start empty."""
LID_REPORT = 8
"""Place of the report file in a line of [LID_USAGE]; SWMM would write it where the program was called."""


@dataclass(frozen=True)
class Opening:
    """A manhole that exchanges with the surface: its crest (max of rim and bed, m), and the area, m2, and coefficient
    of the orifice that SWMM gets. Their product is the most that the openings ever pass."""

    node: str
    crest_m: float
    area_m2: float
    coefficient: float


@dataclass
class Wishes:
    """What the copy is to have beyond the user's file.

    duration_s   length of the run
    wet_step_s   longest step of the runoff, where the twin gives the rain (None: the file's own rain)
    openings     manholes with a surface above them; `routing_step_s` the longest step then
    commanded    ids of pumps, orifices, weirs that events or couplings may command
    spare_s      seconds that the copy's period is longer than the run, so that SWMM never ends by itself
    rain         its gages, where the twin's rain differs over the city
    """

    duration_s: float
    wet_step_s: float | None = None
    openings: Sequence[Opening] = ()
    routing_step_s: float = 2.0
    commanded: Sequence[str] = ()
    spare_s: float = 0.0
    rain: GagePlan | None = None


@dataclass
class Copy:
    """The copy's path and the names of what was added, by the user's id."""

    path: Path
    outfalls: dict[str, str] = field(default_factory=dict)
    orifices: dict[str, str] = field(default_factory=dict)
    hands: dict[str, str] = field(default_factory=dict)
    holds: dict[str, str] = field(default_factory=dict)


def write_copy(sewer: SewerFile, wishes: Wishes, path: Path) -> Copy:
    """Write the run's copy of `sewer` to `path`."""
    copy = Copy(path)
    openings = {o.node: o for o in wishes.openings}
    lines: list[str] = []
    added: list[str] = []
    section = ""
    for line in sewer.lines:
        words = tokens_of(line)
        if words and words[0].startswith("["):
            section = words[0].strip("[]").upper()
            lines.append(line)
            continue
        lines += _line(sewer, wishes, path, section, line, words, openings)
    added += _options(sewer, wishes)
    if openings:
        added += _openings(sewer, openings, copy) + _shafts(sewer, openings)
    if wishes.wet_step_s is not None and sewer.rows("RAINGAGE"):
        added += ["[TIMESERIES]", f"{DRY_SERIES} 0:00 0", f"{DRY_SERIES} 1:00 0"]
    if wishes.commanded:
        added += _commands(sewer, wishes.commanded, copy)
    text = with_zones([*lines, "", *added], wishes.rain)
    path.write_text("\n".join(text) + "\n", encoding="utf-8", errors="surrogateescape")
    return copy


_OURS = {"END_DATE", "END_TIME", "THREADS"}
_WITH_RAIN = {"WET_STEP", "DRY_STEP", "IGNORE_RAINFALL"}
_WITH_SURFACE = {
    "SURCHARGE_METHOD", "ROUTING_STEP", "SKIP_STEADY_STATE", "FLOW_ROUTING", "IGNORE_ROUTING", "LENGTHENING_STEP",
}  # fmt: skip


def _replaced(sewer: SewerFile, wishes: Wishes) -> set[str]:
    """Options that the copy states anew."""
    names = set(_OURS)
    if _report_start(sewer) >= _end(sewer, wishes):
        names |= {"REPORT_START_DATE", "REPORT_START_TIME"}
    if wishes.wet_step_s is not None:
        names |= _WITH_RAIN
    if wishes.openings:
        names |= _WITH_SURFACE - {"LENGTHENING_STEP"}
    return names


def _line(
    sewer: SewerFile,
    wishes: Wishes,
    path: Path,
    section: str,
    line: str,
    words: tuple[str, ...],
    openings: Mapping[str, Opening],
) -> list[str]:
    """What stands in the copy for one line of the user's file."""
    if not words:
        return [line]
    if section.startswith("OPTION") and words[0].upper() in _replaced(sewer, wishes):
        return []
    if section.startswith("JUNC") and openings and (words[0] in openings or _counted(sewer, words)):
        return []
    if section.startswith("EVENT") and openings:
        return []
    if section.startswith("CONDUIT") and openings and len(words) > INITIAL_FLOW:
        return [" ".join(_quoted(w) for w in (*words[:INITIAL_FLOW], "0", *words[INITIAL_FLOW + 1 :]))]
    if openings and section.startswith("FILE") and [w.upper() for w in words[:2]] == ["USE", "HOTSTART"]:
        return []
    if section.startswith("RAINGAGE") and wishes.wet_step_s is not None:
        return [f"{words[0]} INTENSITY {_clock(_wet_step(sewer, wishes))} 1.0 TIMESERIES {DRY_SERIES}"]
    if section.startswith(("RAINGAGE", "TIMESERIES", "TEMPERATURE", "FILE")):
        return [_with_paths(sewer.path.parent, wishes, section, line, words)]
    if section.startswith("LID_USAGE") and len(words) > LID_REPORT and words[LID_REPORT] != "*":
        name = path.parent.resolve() / Path(words[LID_REPORT].replace("\\", "/")).name
        told = (*words[:LID_REPORT], str(name), *words[LID_REPORT + 1 :])
        return [" ".join(_quoted(w) for w in told)]
    return [line]


def _with_paths(folder: Path, wishes: Wishes, section: str, line: str, words: tuple[str, ...]) -> str:
    """The line with the file that it names as an absolute path; a file that SWMM writes stays in the run's folder."""
    upper = [w.upper() for w in words]
    if section.startswith("FILE"):
        place = 2
        if upper[0] == "SAVE":
            return " ".join([*words[:2], f'"{Path(words[2]).name}"']) if len(words) > 2 else line
    else:
        place = upper.index("FILE") + 1 if "FILE" in upper else 99
    if place >= len(words):
        return line
    name = str((folder / words[place].replace("\\", "/")).resolve())
    return " ".join([*(_quoted(w) for w in words[:place]), f'"{name}"', *(_quoted(w) for w in words[place + 1 :])])


def _quoted(word: str) -> str:
    return f'"{word}"' if re.search(r"\s", word) else word


def _end(sewer: SewerFile, wishes: Wishes) -> datetime:
    whole = -(-(wishes.duration_s + wishes.spare_s) // 1)
    return sewer.start + timedelta(seconds=whole)


def _report_start(sewer: SewerFile) -> datetime:
    return sewer.moment("REPORT_START", sewer.start)


def _options(sewer: SewerFile, wishes: Wishes) -> list[str]:
    end = _end(sewer, wishes)
    lines = ["[OPTIONS]", f"END_DATE {end:%m/%d/%Y}", f"END_TIME {end:%H:%M:%S}", "THREADS 1"]
    if _report_start(sewer) >= end:
        lines += [f"REPORT_START_DATE {sewer.start:%m/%d/%Y}", f"REPORT_START_TIME {sewer.start:%H:%M:%S}"]
    if wishes.wet_step_s is not None:
        wet = _wet_step(sewer, wishes)
        lines += [f"WET_STEP {_clock(wet)}", f"DRY_STEP {_clock(wet)}", "IGNORE_RAINFALL NO"]
    if wishes.openings:
        step = min(wishes.routing_step_s, sewer.option_seconds("ROUTING_STEP", 20.0))
        lines += [
            "SURCHARGE_METHOD SLOT", f"ROUTING_STEP {step:g}", "SKIP_STEADY_STATE NO", "FLOW_ROUTING DYNWAVE",
            "IGNORE_ROUTING NO",
        ]  # fmt: skip
    return lines


def _wet_step(sewer: SewerFile, wishes: Wishes) -> int:
    return _dividing(wishes.wet_step_s or 60.0, sewer.option_seconds("WET_STEP", 300.0))


def _dividing(period_s: float, most_s: float) -> int:
    """The longest whole number of seconds that fits the period a whole number of times and is at most `most_s`."""
    period = max(round(period_s), 1)
    return max(d for d in range(1, period + 1) if period % d == 0 and d <= max(most_s, 1.0))


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _counted(sewer: SewerFile, words: Sequence[str]) -> bool:
    """Whether a junction without a surface becomes a storage unit of its shaft, too.

    SWMM gives each junction MIN_SURFAREA when it solves for its depth, but does not count the water in it: filling a
    closed pipe of 20 m3 with two such junctions lost 1.4 to 2.9 m3 in the report. A storage unit of that area moves
    alike and is counted. Junctions that pond keep their kind, for storage units cannot."""
    ponds = len(words) > 5 and float(words[5]) > 0.0 and sewer.options.get("ALLOW_PONDING", "NO") == "YES"
    return not ponds


def _shafts(sewer: SewerFile, openings: Mapping[str, Opening]) -> list[str]:
    """Junctions without a surface as storage units of the area that SWMM gives them."""
    m, lines = sewer.metres, ["[STORAGE]"]
    for row in sewer.rows("JUNC"):
        id = row.tokens[0]
        if id in openings or not _counted(sewer, row.tokens):
            continue
        node, rim = sewer.nodes[id], sewer.rim_m(id)
        lines.append(
            f"{id} {node.invert_m / m:.6f} {(rim - node.invert_m) / m:.6f} {node.initial_m / m:.6f} "
            f"FUNCTIONAL 0 0 {sewer.surface_area_m2 / m**2:.6f} {row.number(4):.6f} 0"
        )
    return lines


def _openings(sewer: SewerFile, openings: Mapping[str, Opening], copy: Copy) -> list[str]:
    """Manholes as storage of their shaft, an outfall at the crest of each, and the orifice between them."""
    m, shaft = sewer.metres, sewer.surface_area_m2
    taken = set(sewer.nodes) | set(sewer.links)
    storage, outfalls, orifices, sections = ["[STORAGE]"], ["[OUTFALLS]"], ["[ORIFICES]"], ["[XSECTIONS]"]
    for id, opening in openings.items():
        node = sewer.nodes[id]
        street = sewer.free_name(f"{id}~street", taken)
        hole = sewer.free_name(f"{id}~hole", taken)
        taken |= {street, hole}
        copy.outfalls[id], copy.orifices[id] = street, hole
        crest = opening.crest_m / m
        deep = (opening.crest_m - node.invert_m + SURCHARGE_M) / m
        storage.append(
            f"{id} {node.invert_m / m:.6f} {deep:.6f} {node.initial_m / m:.6f} FUNCTIONAL 0 0 {shaft / m**2:.6f} 0 0"
        )
        outfalls.append(f"{street} {crest:.6f} FIXED {crest:.6f} NO")
        offset = crest if sewer.by_elevation else crest - node.invert_m / m
        orifices.append(f"{hole} {id} {street} BOTTOM {offset:.6f} {opening.coefficient:g} NO 0")
        sections.append(f"{hole} RECT_CLOSED {SLOT_M / m:.9g} {opening.area_m2 / SLOT_M / m:.9g} 0 0")
    return [*storage, *outfalls, *orifices, *sections]


def _commands(sewer: SewerFile, commanded: Sequence[str], copy: Copy) -> list[str]:
    """Rules by which the twin commands a link although the user's rules command it, too.

    A rule cannot be given a value at run time, but it can read one: for each link two dry orifices between two dry
    basins carry its commanded setting (`hand`) and whether it is commanded at all (`hold`).
    """
    taken = set(sewer.nodes) | set(sewer.links)
    left, right, curve = (sewer.free_name(n, taken | {r.tokens[0] for r in sewer.rows("CURVE")}) for n in (
        "twin~left", "twin~right", "twin~same"))  # fmt: skip
    lines = ["[STORAGE]", f"{left} 0 1 0 FUNCTIONAL 0 0 1 0 0", f"{right} 0 1 0 FUNCTIONAL 0 0 1 0 0"]
    orifices, sections, rules = ["[ORIFICES]"], ["[XSECTIONS]"], ["[CONTROLS]"]
    for k, id in enumerate(commanded):
        hand, hold = (sewer.free_name(f"{id}~{n}", taken) for n in ("hand", "hold"))
        taken |= {hand, hold}
        copy.hands[id], copy.holds[id] = hand, hold
        for name in (hand, hold):
            orifices.append(f"{name} {left} {right} SIDE 0 0.6 NO 0")
            sections.append(f"{name} CIRCULAR 0.1 0 0 0")
        kind = {"pump": "PUMP", "orifice": "ORIFICE", "weir": "WEIR", "outlet": "OUTLET"}[sewer.links[id].kind]
        rules += [
            f"RULE twin~command{k}",
            f"IF ORIFICE {hold} SETTING >= 0.5",
            f"AND ORIFICE {hand} SETTING >= 0",
            f"THEN {kind} {id} SETTING = CURVE {curve}",
            f"PRIORITY {PRIORITY}",
            "",
        ]
    curves = ["[CURVES]", f"{curve} CONTROL 0 0", f"{curve} 1 1"]
    return [*lines, *orifices, *sections, *curves, *rules]
