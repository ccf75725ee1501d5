"""Containers of bay plans (BAPLIE) and orders (COPRAR).

BAPLIE D.95B: LOC+147 opens a stowage location, then MEA (weight), LOC+9 and LOC+11 (ports of loading and discharge),
RFF, EQD (the container), NAD+CA (its operator). The header names the ship (TDT+20), the port of departure (LOC+5) and
the next port (LOC+61). Source: UN/EDIFACT directory D.95B, segment table of BAPLIE; SMDG user manual 2.x.

COPRAR D.95B: BGM+43 is an order to discharge, BGM+45 to load; EQD opens a container, with LOC+147, LOC+9, LOC+11, MEA
in its group, and CNT+16 counts them. Source: directory D.95B; SMDG user manual COPRAR 1.6 (2016).

A stowage location is BBBRRTT: bay (odd for 20 ft, even for 40 ft over two), row, tier; tiers from 70 up are on deck
(ISO 9711-1; SMDG).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from port.messages.edifact import EdifactError, Message, Part, read_messages
from port.messages.iso6346 import fault, teu

DECK = 70
"""Tiers from here on are on deck."""
DISCHARGE_ORDER, LOAD_ORDER = "43", "45"
FULL = {"5": "full", "4": "empty"}
WEIGHTS = ("WT", "VGM", "G", "AAE")


@dataclass(frozen=True)
class Cell:
    """A place aboard."""

    bay: int
    row: int
    tier: int

    @property
    def code(self) -> str:
        return f"{self.bay:03d}{self.row:02d}{self.tier:02d}"

    @property
    def group(self) -> int:
        """Bays that one crane works from one place: 1 to 3, 5 to 7, …"""
        return (self.bay - 1) // 4


@dataclass(frozen=True)
class Box:
    """A container of a message. number : empty where the message has none.  weight_kg : None where it has none."""

    number: str
    size_type: str = ""
    weight_kg: float | None = None
    cell: Cell | None = None
    load_port: str = ""
    discharge_port: str = ""
    full: str = ""
    operator: str = ""

    @property
    def teu(self) -> float | None:
        return teu(self.size_type)


@dataclass(frozen=True)
class BayPlan:
    """A ship's stowage when it leaves `departs` for `arrives`."""

    vessel: str
    voyage: str
    departs: str
    arrives: str
    boxes: tuple[Box, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Order:
    """Boxes to discharge or to load, in the order of the message."""

    load: bool
    vessel: str
    voyage: str
    port: str
    boxes: tuple[Box, ...]
    notes: tuple[str, ...]


def read_bayplans(path: Path) -> list[BayPlan]:
    """The bay plans of a file, by order. `EdifactError` with the place where something is broken."""
    return [_bayplan(m) for m in _of_kind(read_messages(path), "BAPLIE", path)]


def read_orders(path: Path) -> list[Order]:
    """The discharge and load orders of a file."""
    return [_order(m) for m in _of_kind(read_messages(path), "COPRAR", path)]


def _of_kind(messages: list[Message], kind: str, path: Path) -> list[Message]:
    for message in messages:
        if message.kind != kind:
            raise message.error(message.parts[0], f"the message is a {message.kind or 'nothing'}, {kind} is wanted")
    if not messages:
        raise EdifactError(f"{path.name}: there is no {kind} message in it")
    return messages


def _cell(message: Message, part: Part) -> Cell:
    code = part.get(1)
    if not code.isdigit() or len(code) not in (6, 7):
        text = f"'{code}' is no stowage location: bay, row and tier as BBBRRTT (ISO)"
        raise message.error(part, text)
    code = code.zfill(7)
    cell = Cell(int(code[:3]), int(code[3:5]), int(code[5:]))
    if cell.bay < 1 or cell.tier < 1:
        raise message.error(part, f"'{code}': bays and tiers are numbered from 1")
    return cell


def _weight(message: Message, part: Part) -> float | None:
    """Of a MEA segment that weighs the container, in kg."""
    if part.get(0) not in WEIGHTS or part.get(1) not in ("", *WEIGHTS):
        return None
    unit, value = part.get(2, 0), part.get(2, 1)
    try:
        weight = float(value.replace(",", ".")) * {"KGM": 1.0, "TNE": 1000.0, "LBR": 0.45359237}[unit]
    except (ValueError, KeyError):
        raise message.error(part, f"'{unit}:{value}' is no weight in KGM, TNE or LBR") from None
    if not 0.0 <= weight < 1e6:
        raise message.error(part, f"{value} {unit} is no weight of a container")
    return weight


def _groups(message: Message, opens: Iterable[tuple[str, str]]) -> tuple[list[Part], list[list[Part]]]:
    """The header, and the parts that each opening segment (tag, first element) is followed by."""
    header: list[Part] = []
    groups: list[list[Part]] = []
    for part in message.parts[1:-1]:
        if any(part.tag == tag and part.get(0) == code for tag, code in opens):
            groups.append([part])
        elif part.tag == "CNT":
            header.append(part)
        else:
            (groups[-1] if groups else header).append(part)
    return header, groups


def _box(message: Message, group: list[Part], notes: list[str]) -> Box | None:
    """The container of a group; None for an empty place."""
    found: dict[str, object] = {}
    number = None
    for part in group:
        code = part.get(0)
        if part.tag == "EQD" and code == "CN":
            number = part.get(1).replace(" ", "")
            found.update(size_type=part.get(2), full=FULL.get(part.get(5), ""))
            if number and (wrong := fault(number)):
                notes.append(message.note(part, wrong))
        elif part.tag == "LOC" and code == "147":
            found["cell"] = _cell(message, part)
        elif part.tag == "LOC" and code in ("9", "11"):
            found["load_port" if code == "9" else "discharge_port"] = part.get(1)
        elif part.tag == "MEA" and (weight := _weight(message, part)) is not None:
            found["weight_kg"] = weight
        elif part.tag == "NAD" and code in ("CA", "CF"):
            found["operator"] = part.get(1)
        elif part.tag == "EQN" and part.get(0) not in ("", "1"):
            raise message.error(part, "a group of containers without numbers: name them one by one")
    return None if number is None else Box(number, **found)  # type: ignore[arg-type]


def _boxes(message: Message, groups: list[list[Part]], notes: list[str]) -> Iterator[Box]:
    seen: dict[str, int] = {}
    cells: dict[tuple[int, int, int], Part] = {}
    for group in groups:
        box = _box(message, group, notes)
        if box is None:
            continue
        if box.number and box.number in seen:
            raise message.error(group[0], f"container {box.number} stands in segment {seen[box.number]} already")
        seen[box.number] = group[0].number
        if box.cell is not None:
            for bay in _slots(box.cell):
                taken = cells.setdefault((bay, box.cell.row, box.cell.tier), group[0])
                if taken is not group[0]:
                    text = f"location {box.cell.code} is taken by the container of segment {taken.number}"
                    raise message.error(group[0], text)
        yield box


def _slots(cell: Cell) -> tuple[int, ...]:
    """Twenty-foot bays that a location covers: an even bay is the odd ones on both sides."""
    return (cell.bay,) if cell.bay % 2 else (cell.bay - 1, cell.bay + 1)


def _ship(header: list[Part]) -> tuple[str, str]:
    """Name and voyage of TDT+20."""
    for part in header:
        if part.tag == "TDT" and part.get(0) == "20":
            return part.get(7, 3) or part.get(7), part.get(1)
    return "", ""


def _port(header: list[Part], *codes: str) -> str:
    return next((p.get(1) for p in header if p.tag == "LOC" and p.get(0) in codes), "")


def _bayplan(message: Message) -> BayPlan:
    header, groups = _groups(message, [("LOC", "147")])
    notes: list[str] = []
    boxes = tuple(_boxes(message, groups, notes))
    vessel, voyage = _ship(header)
    return BayPlan(vessel, voyage, _port(header, "5"), _port(header, "61"), boxes, tuple(notes))


def _order(message: Message) -> Order:
    header, groups = _groups(message, [("EQD", "CN")])
    begin = next((p for p in header if p.tag == "BGM"), message.parts[0])
    code = begin.get(0)
    if code not in (DISCHARGE_ORDER, LOAD_ORDER):
        raise message.error(begin, f"'{code}' is no order: 43 is a discharge order, 45 a loading order")
    notes: list[str] = []
    boxes = tuple(_boxes(message, groups, notes))
    for part in header:
        if part.tag == "CNT" and part.get(0, 0) == "16" and part.get(0, 1) != str(len(boxes)):
            raise message.error(part, f"it counts {part.get(0, 1)} containers, but the message has {len(boxes)}")
    vessel, voyage = _ship(header)
    load = code == LOAD_ORDER
    return Order(load, vessel, voyage, _port(header, "9" if load else "11"), boxes, tuple(notes))
