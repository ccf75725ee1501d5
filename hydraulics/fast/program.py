"""Simple controls and rules of a file, as EPANET has understood them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hydraulics.fast.library import Epanet

if TYPE_CHECKING:
    from hydraulics.fast.arrays import Network

LOW_LEVEL, HIGH_LEVEL, TIMER, TIME_OF_DAY = range(4)
DEMAND, HEAD, GRADE, LEVEL, PRESSURE, FLOW, STATUS, SETTING = range(8)
POWER, TIME, CLOCK_TIME, FILL_TIME, DRAIN_TIME = range(8, 13)
EQ, NE, LE, GE, LT, GT, IS, NOT, BELOW, ABOVE = range(10)
NODE, LINK, SYSTEM = 6, 7, 8
OR = 3
IS_OPEN, IS_CLOSED, IS_ACTIVE = 1, 2, 3


@dataclass(frozen=True)
class Control:
    """LINK x OPEN/CLOSED/value IF NODE y ABOVE/BELOW z, or AT TIME, or AT CLOCKTIME.

    status: OPEN or CLOSED state. setting: SI, NaN where the control only opens or closes. grade: head in m.
    """

    kind: int
    link: int
    status: int
    setting: float
    node: int
    grade: float
    time_s: int


@dataclass(frozen=True)
class Premise:
    """One condition of a rule; `value` in the file's units (times in s), as EPANET compares it."""

    either: bool
    thing: int
    index: int
    variable: int
    relation: int
    status: int
    value: float


@dataclass(frozen=True)
class Action:
    """What a rule does to a link; `setting` in the file's units, NaN for none."""

    link: int
    status: int
    setting: float


@dataclass(frozen=True)
class Rule:
    name: str
    priority: float
    premises: tuple[Premise, ...]
    then: tuple[Action, ...]
    otherwise: tuple[Action, ...]


def _words(path: object) -> list[list[str]]:
    """The lines of [CONTROLS] as upper-case words: EPANET's getter cannot tell `OPEN` from a valve setting of 1."""
    found: list[list[str]] = []
    inside = False
    for raw in path.read_bytes().decode("latin-1").splitlines():  # type: ignore[attr-defined]
        words = raw.split(";")[0].upper().split()
        if words and words[0].startswith("["):
            inside = words[0].startswith("[CONT")
        elif inside and words:
            found.append(words)
    return found


def read_controls(file: Epanet, network: Network) -> list[Control]:
    """The simple controls, in EPANET's order."""
    from hydraulics.fast.arrays import ACTIVE, CLOSED, FCV, GPV, OPEN, PBV, PIPE, PRV, PSV, PUMP

    units = network.units
    lines = _words(network.path)
    found = []
    for c in range(1, file.count("controls") + 1):
        kind, link, value, node, level = file.several("EN_getcontrol", "iidid", c)
        link -= 1
        type_ = int(network.kind[link])
        word = lines[c - 1][2] if c <= len(lines) and len(lines[c - 1]) > 2 else ""
        only = type_ <= PIPE or type_ == GPV or (type_ > PUMP and word in ("OPEN", "OPENED", "CLOSED", "CLOSE"))
        status = CLOSED if (only or type_ == PUMP) and value == 0.0 else OPEN
        if not only and type_ > PUMP:
            status = ACTIVE
        setting = float("nan") if only else value
        if not only and type_ in (PRV, PSV, PBV):
            setting = units.pressure(value)
        elif not only and type_ == FCV:
            setting = units.flow(value)
        if type_ == GPV:
            setting = float(network.setting[link])
        grade = 0.0
        if node > 0:
            inside = node > network.n_junctions
            grade = float(network.elevation[node - 1]) + (units.head(level) if inside else units.pressure(level))
        found.append(Control(kind, link, status, setting, node - 1, grade, int(level) if node <= 0 else 0))
    return found


def read_rules(file: Epanet, network: Network) -> list[Rule]:
    """The rules, in EPANET's order."""
    found = []
    for r in range(1, file.count("rules") + 1):
        n_if, n_then, n_else, priority = file.several("EN_getrule", "iiid", r)
        premises = []
        for p in range(1, n_if + 1):
            either, thing, index, variable, relation, status, value = file.several("EN_getpremise", "iiiiiid", r, p)
            premises.append(Premise(either == OR, thing, index - 1, variable, relation, status, value))
        actions: list[tuple[Action, ...]] = []
        for function, count in (("EN_getthenaction", n_then), ("EN_getelseaction", n_else)):
            taken = []
            for a in range(1, count + 1):
                link, status, setting = file.several(function, "iid", r, a)
                taken.append(Action(link - 1, status, setting if setting > -1e8 else float("nan")))
            actions.append(tuple(taken))
        found.append(Rule(file.name("EN_getruleID", r), priority, tuple(premises), *actions))
    return found
