"""When which street was closed, to whom, and how deep the water stood: the memory behind tables and story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from traffic.names import is_named
from traffic.network import RoadNetwork
from traffic.roads import Roads, state_of
from twin.clock import to_us
from twin.model import Journal


@dataclass
class Closure:
    """One edge, closed without a break. `until_us` is None while it lasts; `state` is the worst (2 cars, 3 all)."""

    edge: str
    street: str
    since_us: int
    state: int
    until_us: int | None = None
    deepest_m: float = 0.0
    classes: set[str] = field(default_factory=set)


@dataclass
class StreetClosure:
    """A street on which at least one section was closed, from first to last."""

    street: str
    sections: int
    since_us: int
    until_us: int | None
    deepest_m: float
    classes: frozenset[str]


class ClosureLog:
    """Notes closures as they come and go, and tells the journal of each street's first and last."""

    def __init__(self, network: RoadNetwork, journal: Journal) -> None:
        self.network, self.journal = network, journal
        self.now: dict[str, Closure] = {}
        self.past: list[Closure] = []

    def update(self, edges: Iterable[str], roads: Roads, depth_m: Mapping[str, float], now_us: int) -> None:
        """These edges changed: note those that are now closed for cars (or for all), and those that are not."""
        before = {closure.street for closure in self.now.values()}
        for edge_id in edges:
            edge = self.network.edges[self.network.index[edge_id]]
            kept_off = roads.closed.get(edge_id, frozenset())
            state = state_of(edge, kept_off, False)
            closure = self.now.get(edge_id)
            if state >= 2:
                if closure is None:
                    closure = Closure(edge_id, self.network.street(edge_id), now_us, state)
                    self.now[edge_id] = closure
                closure.state = max(closure.state, state)
                closure.classes |= kept_off
            elif closure is not None:
                closure.until_us = now_us
                self.past.append(self.now.pop(edge_id))
        self.deepen(depth_m)
        self._tell(before, {closure.street: closure for closure in self.now.values()}, depth_m, now_us)

    def deepen(self, depth_m: Mapping[str, float]) -> None:
        """Keep the largest depth on each closed edge."""
        for edge_id, closure in self.now.items():
            closure.deepest_m = max(closure.deepest_m, depth_m.get(edge_id, 0.0))

    def _tell(self, before: set[str], after: Mapping[str, Closure], depth_m: Mapping[str, float], now_us: int) -> None:
        shut, opened = sorted(after.keys() - before), sorted(before - after.keys())
        for street in filter(is_named, shut):
            closure = after[street]
            depth = depth_m.get(closure.edge, 0.0)
            water = f" under {depth:.2f} m of water" if depth > 0.005 else ""
            self.journal.write(
                now_us, "road_closed", f"{street} closes{water}", street=street, edge=closure.edge, depth_m=depth
            )
        for street in filter(is_named, opened):
            self.journal.write(now_us, "road_open", f"{street} is open again", street=street)
        for what, verb, streets in (("road_closed", "closed", shut), ("road_open", "open again", opened)):
            others = [street for street in streets if not is_named(street)]
            if others:
                text = f"{len(others)} street{'s' * (len(others) > 1)} without a name {verb} (first: {others[0]})"
                self.journal.write(now_us, what, text, streets=others)

    def all(self) -> list[Closure]:
        """Every closure, by its start."""
        return sorted([*self.past, *self.now.values()], key=lambda c: (c.since_us, c.edge))

    def by_street(self) -> list[StreetClosure]:
        """Closures of a street that overlap or touch, as one."""
        groups: list[list[Closure]] = []
        latest: dict[str, list[Closure]] = {}
        for closure in self.all():
            group = latest.get(closure.street)
            ends = [c.until_us for c in group] if group else []
            if group and (None in ends or closure.since_us <= max(end for end in ends if end is not None)):
                group.append(closure)
            else:
                latest[closure.street] = [closure]
                groups.append(latest[closure.street])
        return [
            StreetClosure(
                street=group[0].street,
                sections=len({c.edge for c in group}),
                since_us=group[0].since_us,
                until_us=_last_end(group),
                deepest_m=max(c.deepest_m for c in group),
                classes=frozenset().union(*(c.classes for c in group)),
            )
            for group in groups
        ]

    def section_hours(self, now_us: int) -> float:
        """Hours that sections were closed, summed over sections."""
        total = sum((now_us if c.until_us is None else c.until_us) - c.since_us for c in self.all())
        return total / to_us(3600)


def _last_end(group: list[Closure]) -> int | None:
    ends = [c.until_us for c in group if c.until_us is not None]
    return max(ends) if len(ends) == len(group) else None
