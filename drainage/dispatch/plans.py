"""Plans that branches try: for each station, gate and basin whether it goes by the rules or by something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from drainage.dispatch.config import Dispatch

RULES = "rules"
MODES = {
    "station": {RULES: "by the rules", "full": "all pumps on", "lowered": "drawn down", "off": "pumps off"},
    "gate": {RULES: "by the rules", "open": "open", "shut": "shut"},
    "basin": {RULES: "by the rules", "fill": "filled", "hold": "held", "empty": "emptied"},
}
"""What a plan may say of a thing, and the words for it. Interlocks (river, dry wells, backflow) stand above plans."""


@dataclass(frozen=True)
class Plan:
    """Modes of things that do not go by the rules, in the order of the section; none: the rules' own plan."""

    modes: tuple[tuple[str, str], ...] = ()

    def mode(self, name: str) -> str:
        return dict(self.modes).get(name, RULES)

    def but(self, kinds: dict[str, str], name: str, mode: str) -> Plan:
        """The same plan with another mode for one thing."""
        found = dict(self.modes) | {name: mode}
        return Plan(tuple((n, found[n]) for n in kinds if found.get(n, RULES) != RULES))

    def words(self, kinds: dict[str, str]) -> str:
        """`lake: all pumps on; B1: held`."""
        return "; ".join(f"{name}: {MODES[kinds[name]][mode]}" for name, mode in self.modes) or "the rules"


def kinds_of(config: Dispatch) -> dict[str, str]:
    """Name -> kind of everything that a plan may decide."""
    found = dict.fromkeys(config.stations, "station") | dict.fromkeys(config.gates, "gate")
    return found | {name: "basin" for name, basin in config.basins.items() if basin.inlet or basin.outlet}


def first_round(config: Dispatch, rng: np.random.Generator, present: Plan) -> list[Plan]:
    """The rules, the present plan, the obvious plans for all things of a kind and for two kinds at once, then draws."""
    kinds = kinds_of(config)
    found: dict[Plan, None] = {Plan(): None, present: None}
    for plan in _obvious(config, kinds):
        found.setdefault(plan)
    names = list(kinds)
    room = int(np.prod([float(len(MODES[k])) for k in kinds.values()]))
    while len(found) < min(config.mpc.candidates, room):
        plan = Plan()
        for name in names:
            modes = list(MODES[kinds[name]])
            plan = plan.but(kinds, name, modes[int(rng.integers(len(modes)))])
        found.setdefault(plan)
    return list(found)[: config.mpc.candidates]


def _obvious(config: Dispatch, kinds: dict[str, str]) -> Iterator[Plan]:
    def all_of(plan: Plan, kind: str, mode: str) -> Plan:
        for name, of in kinds.items():
            plan = plan.but(kinds, name, mode) if of == kind else plan
        return plan

    full, hold = all_of(Plan(), "station", "full"), all_of(Plan(), "basin", "hold")
    yield full
    if any(s.lowered is not None for s in config.stations.values()):
        yield all_of(Plan(), "station", "lowered")
    yield hold
    yield all_of(full, "basin", "hold")
    yield all_of(Plan(), "basin", "fill")
    yield all_of(full, "basin", "fill")
    yield all_of(Plan(), "basin", "empty")
    yield all_of(Plan(), "gate", "shut")
    yield all_of(Plan(), "gate", "open")
    yield all_of(Plan(), "station", "off")


def second_round(config: Dispatch, rng: np.random.Generator, best: Plan, tried: list[Plan]) -> list[Plan]:
    """`refine` plans that differ from the best one in one thing, drawn among those that have not been tried."""
    kinds = kinds_of(config)
    near = [best.but(kinds, name, mode) for name in kinds for mode in MODES[kinds[name]]]
    fresh = [plan for plan in dict.fromkeys(near) if plan not in tried]
    order = rng.permutation(len(fresh))
    return [fresh[int(k)] for k in order[: config.mpc.refine]]
