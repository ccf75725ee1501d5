"""What a timeline does to the roads, turned into causes of closures, limits and signals.

Each verb notes its cause under the event's id, so that events on the same road neither overwrite nor undo each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from traffic.agenda import Agenda, class_steps, step_times
from traffic.contraflow import PREFIX, Lanes, Reversal, wanted
from traffic.network import Edge, RoadNetwork, edges_of, known_edge
from traffic.roads import Roads, every_class
from traffic.verb_args import Close, Contraflow, Divert, Incident, Open, SpeedLimit
from twin.clock import to_us
from twin.model import Event, Journal

V = TypeVar("V")


@dataclass
class RoadVerbs:
    """The verbs that change roads. `refresh(edges)` tells the engine about changed edges."""

    roads: Roads
    network: RoadNetwork
    journal: Journal
    engine: Lanes
    refresh: Callable[[list[str]], None]
    agenda: Agenda = field(default_factory=Agenda)
    reversals: dict[str, Reversal] = field(default_factory=dict)

    def prepare(self, events: Iterable[Event]) -> list[str]:
        """Before the run: the second edges of contraflows are closed. Returns them."""
        seconds = [PREFIX + edge for edge in wanted(events)]
        if seconds:
            self.roads.events["contraflow"] = dict.fromkeys(seconds, every_class(()))
        return seconds

    def tick(self, now_us: int) -> None:
        """Steps that are due, and lanes that have been driven empty."""
        changed = self.agenda.due(now_us)
        if changed:
            self.refresh(changed)
        for event_id, reversal in list(self.reversals.items()):
            if reversal.step(self.engine):
                self._turned(event_id, reversal, now_us)

    def apply(self, event: Event, now_us: int) -> bool:
        """Act on an event. Returns False for a verb that is none of these. Raises `ValueError` for a wrong place."""
        args, begins = event.args, event.phase == "start"
        if isinstance(args, Close):
            self._close(event, args, begins, now_us)
        elif isinstance(args, SpeedLimit):
            self._note(self.roads.limits, event.id, edges_of(args, self.network), args.speed, begins)
        elif isinstance(args, Divert):
            self._open_diversion(event.id, args, begins)
        elif isinstance(args, Open):
            if begins:
                self._open(event, args, now_us)
        elif isinstance(args, Incident):
            self._incident(event, args, begins, now_us)
        elif isinstance(args, Contraflow):
            self._contraflow(event, args, begins, now_us)
        else:
            return False
        return True

    # --- closing and opening ------------------------------------------------------------------------------------

    def _close(self, event: Event, args: Close, begins: bool, now_us: int) -> None:
        edges, classes = edges_of(args, self.network), every_class(args.classes)
        if not begins:
            self.agenda.drop(event.id)
            self.roads.events.pop(event.id, None)
            self.roads.lane_events.pop(event.id, None)
            self.refresh(edges)
            return
        for edge in edges if args.lanes else ():
            known_lanes(self.network.edges[self.network.index[edge]], args.lanes)
        if args.over == 0 and not args.lanes:
            self.roads.events[event.id] = dict.fromkeys(edges, classes)
            self.refresh(edges)
            return
        closing = self.roads.lane_events.setdefault(event.id, {})
        for edge in edges:
            lanes = sorted(set(args.lanes)) or list(range(len(self.network.edges[self.network.index[edge]].lanes)))
            if args.by == "lane":
                steps = [({lane: classes}) for lane in lanes]
            else:
                steps = [dict.fromkeys(lanes, step) for step in class_steps(classes)]
            if args.over == 0:
                for step in steps:
                    add_lanes(closing, edge, step)
                continue
            for when, step in zip(step_times(now_us, to_us(args.over), len(steps)), steps, strict=True):
                self.agenda.add(when, event.id, partial(add_lanes, closing, edge, step))
        self.refresh(edges)

    def _note(self, ledger: dict[str, dict[str, V]], key: str, edges: list[str], value: V, begins: bool) -> None:
        if begins:
            ledger[key] = dict.fromkeys(edges, value)
        else:
            ledger.pop(key, None)
        self.refresh(edges)

    def _open(self, event: Event, args: Open, now_us: int) -> None:
        edges = edges_of(args, self.network)
        if args.over == 0:
            for edge in edges:
                for lane in range(len(self.network.edges[self.network.index[edge]].lanes)):
                    self._free(edge, lane)
            self.refresh(edges)
            return
        for edge in edges:
            lanes = range(len(self.network.edges[self.network.index[edge]].lanes))[::-1]
            for when, lane in zip(step_times(now_us, to_us(args.over), len(lanes)), lanes, strict=True):
                self.agenda.add(when, event.id, partial(self._free, edge, lane))

    def _free(self, edge: str, lane: int) -> tuple[str, ...]:
        """End what events do to one lane; a closure of the whole edge becomes one of its other lanes."""
        every = range(len(self.network.edges[self.network.index[edge]].lanes))
        for event_id, closure in self.roads.events.items():
            if event_id != "contraflow" and edge in closure:
                classes = closure.pop(edge)
                self.roads.lane_events.setdefault(event_id, {})[edge] = dict.fromkeys(every, classes)
        for lanes in self.roads.lane_events.values():
            lanes.get(edge, {}).pop(lane, None)
        for key in [key for key, spot in self.roads.blocked_lanes.items() if spot == (edge, lane)]:
            del self.roads.blocked_lanes[key]
        return (edge,)

    def _open_diversion(self, event_id: str, args: Divert, begins: bool) -> None:
        edges = edges_of(args, self.network)
        for edge in args.away_from:
            known_edge(edge, self.network)
        if args.speed is not None:
            self._note(self.roads.limits, event_id, edges, args.speed, begins)
        if begins:
            for edge in edges:
                for lane in range(len(self.network.edges[self.network.index[edge]].lanes)):
                    self._free(edge, lane)
        self._note(self.roads.admitted, event_id, edges, frozenset(args.classes), begins)

    # --- lanes --------------------------------------------------------------------------------------------------

    def _incident(self, event: Event, args: Incident, begins: bool, now_us: int) -> None:
        edge = self.network.edges[self.network.index[known_edge(args.edge, self.network)]]
        lane = args.lane
        if lane is None:
            lane = next((i for i, one in enumerate(edge.lanes) if "passenger" in one.classes), 0)
        known_lanes(edge, (lane,))
        if begins:
            self.roads.blocked_lanes[event.id] = (edge.id, lane)
            text = f"a lane of {self.network.street(edge.id)} is blocked"
            self.journal.write(now_us, "incident", text, edge=edge.id)
        else:
            self.roads.blocked_lanes.pop(event.id, None)
        self.refresh([edge.id])

    def _contraflow(self, event: Event, args: Contraflow, begins: bool, now_us: int) -> None:
        edge = self.network.edges[self.network.index[known_edge(args.edge, self.network)]]
        if begins:
            known_lanes(edge, (args.lanes - 1,))
            if PREFIX + edge.id not in self.network.index:
                raise ValueError(
                    f"edge '{edge.id}' has no second edge: contraflow must be in the timeline from the start"
                )
            lanes = tuple(range(len(edge.lanes)))[-args.lanes :]
            self.reversals[event.id] = Reversal(edge, lanes)
            self.roads.lane_events[event.id] = {edge.id: dict.fromkeys(lanes, every_class(()))}
            self.refresh([edge.id])
        elif event.id in self.reversals:
            reversal = self.reversals[event.id]
            reversal.state = "returning"
            self.roads.lane_events.setdefault(event.id, {}).pop(reversal.second, None)
            self.roads.events["contraflow"][reversal.second] = every_class(())
            self.refresh([reversal.second])
        self.tick(now_us)

    def _turned(self, event_id: str, reversal: Reversal, now_us: int) -> None:
        street, count = self.network.street(reversal.edge.id), len(reversal.lanes)
        lanes = f"{count} lane{'s' * (count > 1)} of {street}"
        if reversal.state == "reversed":
            self.roads.events["contraflow"].pop(reversal.second, None)
            rest = range(count, len(self.network.edges[self.network.index[reversal.second]].lanes))
            if rest:
                shut = dict.fromkeys(rest, every_class(()))
                self.roads.lane_events[event_id][reversal.second] = shut
            self.journal.write(now_us, "contraflow", f"{lanes} open the other way", edge=reversal.edge.id)
            self.refresh([reversal.second])
        else:
            del self.reversals[event_id]
            self.roads.lane_events.pop(event_id, None)
            self.journal.write(now_us, "contraflow", f"{lanes} go their own way again", edge=reversal.edge.id)
            self.refresh([reversal.edge.id])


def add_lanes(closing: dict[str, dict[int, frozenset[str]]], edge: str, step: dict[int, frozenset[str]]) -> tuple[str]:
    """Add classes to what an event keeps off the lanes of an edge. Returns the edge."""
    lanes = closing.setdefault(edge, {})
    for lane, classes in step.items():
        lanes[lane] = lanes.get(lane, frozenset()) | classes
    return (edge,)


def known_lanes(edge: Edge, lanes: Iterable[int]) -> None:
    """Raises `ValueError` when an edge has not all of these lanes."""
    for lane in lanes:
        if lane >= len(edge.lanes):
            raise ValueError(f"edge '{edge.id}' has lanes 0 to {len(edge.lanes) - 1}, no lane {lane}")
