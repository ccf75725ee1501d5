"""What a run did, as the messages that a terminal sends: CODECO for the gate, COARRI for the quay.

CODECO D.95B (guideline ITIGG JM4/105 v1.4): BGM+34 gate-in report, BGM+36 gate-out report; NAD; for each container
EQD, DTM+7 (when), LOC+165 (where), MEA, TDT+1 (the truck: mode 3 road, means 31 truck); CNT+16 counts containers.
COARRI D.95B: BGM+44 discharge report, BGM+46 loading report; TDT+20 (the ship); NAD; for each container EQD, DTM+203
(when), LOC+147 (place aboard), LOC+9, LOC+11 (ports), MEA+AAE+G (weight); CNT+16. Times are the scenario's own, format
203 (CCYYMMDDHHMM). EQD's fifth element is 2 for export and 3 for import, its sixth 4 for empty and 5 for full.
Source: UN/EDIFACT directory D.95B and its code lists.

What the run does not know (weights and sizes of boxes without papers) is left out, not invented.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from port.messages.edifact import Element, interchange, level_a
from port.messages.iso6346 import made_up
from port.state import DISCHARGE, GATE_IN, GATE_OUT, LOAD, RECEIVE
from twin.results.view import RunView

Segments = list[list[Element]]
MOST = 9999
"""Containers in one message: the group of EQD repeats so often in both messages."""
CODECO, COARRI = ["CODECO", "D", "95B", "UN", "ITG14"], ["COARRI", "D", "95B", "UN", "ITG12"]
GATE_CODES = {GATE_IN: "34", GATE_OUT: "36"}
QUAY_CODES = {DISCHARGE: "44", LOAD: "46"}
IMPORT, EXPORT = "3", "2"
FULLNESS = {"full": "5", "empty": "4"}


@dataclass(frozen=True)
class Moved:
    """A container that passed the gate or the quay. `paper` is its row of the table of containers, if any."""

    time_s: float
    number: str
    truck: str
    paper: dict[str, Any]


@dataclass
class Passed:
    """All that has passed, by kind; ships as (vessel, cycle)."""

    gate: dict[str, list[Moved]] = field(default_factory=lambda: {GATE_IN: [], GATE_OUT: []})
    quay: dict[tuple[str, str], list[Moved]] = field(default_factory=dict)


def passed(run: RunView) -> Passed:
    """What passed gate and quay in a run. A box that a truck brought is known from the moment a gantry lifts it off."""
    papers = {row["box"]: row for row in run.table("port", "containers")}
    berth_of = {row["crane"]: row["berth"] for row in run.table("port", "cranes")}
    ship = _ships(run)
    found = Passed()
    entered: dict[str, float] = {}
    for row in run.table("port", "moves"):
        cycle, box, truck, time_s = row["cycle"], row["container"], str(row["truck"]), float(row["end_s"])
        if cycle == GATE_IN:
            entered[truck] = time_s
            continue
        if box is None:
            continue
        paper = papers.get(box, {})
        moved = Moved(time_s, str(paper.get("container") or made_up(int(box))), truck, paper)
        if cycle == RECEIVE and truck in entered:
            came = Moved(entered[truck], moved.number, truck, paper)
            found.gate[GATE_IN].append(came)
        elif cycle == GATE_OUT:
            found.gate[GATE_OUT].append(moved)
        elif cycle in (DISCHARGE, LOAD):
            found.quay.setdefault((ship(berth_of[row["che"]], time_s), cycle), []).append(moved)
    found.gate[GATE_IN].sort(key=lambda m: m.time_s)
    return found


def _ships(run: RunView) -> Callable[[str, float], str]:
    """Name of the ship that a crane of the berth works at a time."""
    visits = sorted((r for r in run.table("port", "vessels") if r["berthed_s"] is not None), key=_berthed)

    def at(berth: str, time_s: float) -> str:
        there = (r for r in visits if r["berth"] == berth and (r["left_s"] is None or r["left_s"] >= time_s))
        return str(next(there)["vessel"])

    return at


def _berthed(row: dict[str, Any]) -> float:
    return float(row["berthed_s"])


@dataclass(frozen=True)
class Writer:
    """Writes the interchanges of a run. start : of the scenario.  end_s : of the run, when the messages are made."""

    terminal: str
    recipient: str
    start: datetime
    end_s: float

    def gate(self, cycle: str, moves: list[Moved]) -> str:
        """A CODECO interchange of all gate-ins or gate-outs."""
        made: list[Segments] = []
        for part, chunk in enumerate(_chunks(moves), 1):
            body: Segments = [["UNH", CODECO], ["BGM", GATE_CODES[cycle], f"{cycle.replace('_', '')}{part}", "9"]]
            body += self._sender()
            for m in chunk:
                body.append(_equipment(m, EXPORT if cycle == GATE_IN else IMPORT))
                body.append(["DTM", ["7", self._time(m.time_s), "203"]])
                body.append(["LOC", "165", [self._name, "139", "ZZZ"]])
                body += _weight(m)
                body.append(["TDT", "1", "", "3", "31", "", "", "", ["", "", "", level_a(m.truck)[:35]]])
            made.append([*body, ["CNT", ["16", str(len(chunk))]]])
        return self._sent(made, f"CODECO{GATE_CODES[cycle]}")

    def quay(self, vessel: str, cycle: str, moves: list[Moved], call: int) -> str:
        """A COARRI interchange of what one ship discharged or loaded."""
        made: list[Segments] = []
        voyage = next((str(m.paper["voyage"]) for m in moves if m.paper.get("voyage")), f"{call:04d}")
        for part, chunk in enumerate(_chunks(moves), 1):
            ship: list[Element] = ["", "103", "", level_a(vessel)[:35]]
            body: Segments = [["UNH", COARRI], ["BGM", QUAY_CODES[cycle], f"{cycle}{call}.{part}", "9"]]
            body.append(["TDT", "20", level_a(voyage)[:17], "1", "", "", "", "", ship])  # type: ignore[list-item]
            body += self._sender()
            for m in chunk:
                body.append(_equipment(m, IMPORT if cycle == DISCHARGE else EXPORT))
                body.append(["DTM", ["203", self._time(m.time_s), "203"]])
                body += _places(m)
                body += _weight(m)
            made.append([*body, ["CNT", ["16", str(len(chunk))]]])
        return self._sent(made, f"COARRI{QUAY_CODES[cycle]}{call}")

    @property
    def _name(self) -> str:
        return level_a(self.terminal)[:17]

    def _sender(self) -> Segments:
        return [["NAD", "MS", [self._name, "160", "ZZZ"]]]

    def _time(self, time_s: float) -> str:
        return f"{self.start + timedelta(seconds=time_s):%Y%m%d%H%M}"

    def _sent(self, made: list[Segments], reference: str) -> str:
        stamp = f"{self.start + timedelta(seconds=self.end_s):%y%m%d:%H%M}"
        return interchange(self._name, level_a(self.recipient)[:35], stamp, reference[:14], made)


def _chunks(moves: list[Moved]) -> Iterator[list[Moved]]:
    for k in range(0, len(moves), MOST):
        yield moves[k : k + MOST]


def _equipment(m: Moved, direction: str) -> list[Element]:
    size: Element = [str(m.paper["size_type"]), "102", "5"] if m.paper.get("size_type") else ""
    full = FULLNESS.get(str(m.paper.get("full")), "")
    return ["EQD", "CN", m.number, size, "", direction, *([full] if full else [])]


def _weight(m: Moved) -> Segments:
    weight = m.paper.get("weight_kg")
    return [] if weight is None else [["MEA", "AAE", "G", ["KGM", f"{float(weight):.0f}"]]]


def _places(m: Moved) -> Segments:
    out: Segments = []
    if m.paper.get("cell") is not None:
        out.append(["LOC", "147", [str(m.paper["cell"]).zfill(7), "139", "5"]])
    for code, key in (("9", "load_port"), ("11", "discharge_port")):
        if m.paper.get(key):
            out.append(["LOC", code, [str(m.paper[key]), "139", "6"]])
    return out


def files_of(run: RunView, terminal: str, recipient: str) -> Iterable[tuple[str, str, int]]:
    """(file name, text, number of containers) of every message of a run."""
    found = passed(run)
    writer = Writer(terminal, recipient, run.start, run.duration_us / 1e6)
    for cycle, name in ((GATE_IN, "codeco-gate-in.edi"), (GATE_OUT, "codeco-gate-out.edi")):
        if found.gate[cycle]:
            yield name, writer.gate(cycle, found.gate[cycle]), len(found.gate[cycle])
    order = [str(r["vessel"]) for r in run.table("port", "vessels")]
    for (vessel, cycle), moves in sorted(found.quay.items(), key=lambda item: (order.index(item[0][0]), item[0][1])):
        call = order.index(vessel) + 1
        name = "".join(c if c.isalnum() or c in "-_" else "-" for c in vessel)
        yield f"coarri-{call:02d}-{name}-{cycle.lower()}.edi", writer.quay(vessel, cycle, moves, call), len(moves)
