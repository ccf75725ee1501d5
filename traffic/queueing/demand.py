"""The trips of a coupled queue run: whole routes, the first leg of trucks for the terminal, and what trips carry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from traffic.config import Gate
from traffic.demand import Inputs
from traffic.fast.demand import Demand, Trip
from traffic.fast.network import QueueNetwork
from traffic.network import elements
from traffic.queueing.run import STAY_S
from traffic.queueing.ways import complete


@dataclass(frozen=True)
class Visit:
    """A truck's stops at the terminal. `gate_s` and `yard_s` are the file's own durations, `goal` its last edge."""

    gate_s: float
    yard_s: float | None
    goal: str


@dataclass(frozen=True)
class CoupledDemand:
    """What the engine drives (`demand`) and what the files say (`planned` by id, with the whole way).

    visits   trucks for the terminal by id
    params   `<param>` of vehicles by id, and of types by name
    before   trips that depart before the run begins: left out, as SUMO does
    """

    demand: Demand
    planned: Mapping[str, Trip]
    visits: Mapping[str, Visit]
    params: Mapping[str, Mapping[str, str]]
    of_type: Mapping[str, Mapping[str, str]]
    before: int
    completed: int

    def param(self, vid: str, vtype: str, key: str) -> str:
        """A parameter of a trip (of the flow that it belongs to), else of its type, else empty."""
        own = self.params.get(vid) or self.params.get(vid.rpartition(".")[0]) or {}
        return own.get(key) or self.of_type.get(vtype, {}).get(key, "")


def read_demand(inputs: Inputs, network: QueueNetwork, gate: Gate | None, parks: Iterable[str] = ()) -> CoupledDemand:
    """Read the files. Trucks that stop at the gate get a way up to it; the rest of theirs is found when they go on.

    `parks` are edges where they may be told to wait."""
    parks = tuple(parks)
    whole, completed = complete(network, Demand.read(inputs.routes, inputs.additional))
    due = [trip for trip in whole.trips if trip.depart_s >= inputs.begin_s]
    visits: dict[str, Visit] = {}
    driven = []
    for trip in due:
        if gate is not None and trip.edges and any(edge == gate.edge for edge, _ in trip.stops):
            stops = dict((*trip.stops, *trip.parked))
            visits[trip.id] = Visit(stops[gate.edge], stops.get(gate.yard_edge), trip.edges[-1])
            driven.append(_up_to(trip, gate, parks))
        else:
            driven.append(trip)
    params, of_type = _params((*inputs.additional, *inputs.routes))
    planned = {trip.id: trip for trip in due}
    before = len(whole.trips) - len(due)
    return CoupledDemand(replace(whole, trips=driven), planned, visits, params, of_type, before, completed)


def _up_to(trip: Trip, gate: Gate, parks: Iterable[str]) -> Trip:
    """The leg to the gate, with stops that end by a word only: at buffer parks, the gate and in the yard.
    Stops off the lane on the way are left out."""
    edges = trip.edges[: trip.edges.index(gate.edge) + 1] if gate.edge in trip.edges else trip.edges
    rows = trip.halts()
    on = [row for row in rows if row[0] in edges[:-1] and not row[4]]
    lane = next((row[2] for row in rows if row[0] == gate.edge), -1)
    told = [*((park, STAY_S, -1, None, False) for park in parks), (gate.edge, STAY_S, lane, None, False)]
    told.append((gate.yard_edge, STAY_S, -1, None, False))
    return replace(
        trip, edges=edges,
        stops=tuple((edge, dwell) for edge, dwell, *_ in (*on, *told)),
        parked=(),
        spots=tuple((number, end) for _, _, number, end, _ in (*on, *told)),
    )  # fmt: skip


def _params(files: Iterable[Path]) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """(of vehicles by id, of types by name)."""
    own: dict[str, dict[str, str]] = {}
    types: dict[str, dict[str, str]] = {}
    for file in files:
        for _, element in elements(file):
            if element.tag not in ("vehicle", "trip", "flow", "vType"):
                continue
            found = {p.get("key", ""): p.get("value", "") for p in element.findall("param")}
            if found:
                (types if element.tag == "vType" else own)[element.get("id", "")] = found
    return own, types
