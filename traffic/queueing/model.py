"""Road traffic as a model of the twin on the queue engine: the same ports, verbs and tables as with SUMO.

It holds no lock while it computes and may advance in any thread. What it shares with SUMO's model: causes of closures
(`traffic.roads`), water (`traffic.water_on_roads`), verbs (`traffic.verbs`), closures' memory, reach, metrics, tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traffic.closures import ClosureLog
from traffic.contraflow import inputs_and_network
from traffic.exchange import depth_on, for_rescue, hear
from traffic.fast.network import QueueNetwork
from traffic.fast.state import Options
from traffic.fast.stepper import Bound
from traffic.places import places_of
from traffic.ports import ports_of
from traffic.queueing.absent import NoFacilities
from traffic.queueing.buses import QueueBuses, read_timetables
from traffic.queueing.demand import read_demand
from traffic.queueing.figures import QueueClock, QueueResponses, QueueTimes
from traffic.queueing.gate import QueueGate
from traffic.queueing.lanes import Occupancy, QueueLanes
from traffic.queueing.measured import QueueAcceptance
from traffic.queueing.measures import QueueDiversions, QueueHold, park_edges
from traffic.queueing.outputs import QueueOutputs
from traffic.queueing.parameters import read_parameters
from traffic.queueing.report import balances_of, report_of
from traffic.queueing.run import CoupledRun
from traffic.queueing.signals import QueueLights
from traffic.queueing.trips import QueueTrips
from traffic.reach_watch import ReachWatch
from traffic.roads import Roads
from traffic.verb_args import Divert, HoldTrucks, SignalProgram, Signals
from traffic.verbs import RoadVerbs
from traffic.water_on_roads import WaterOnRoads
from twin.clock import to_s, to_us
from twin.model import Balance, Event, Metric, Setup, Table
from twin.places import Places

FloatArray = NDArray[np.float64]


class QueueModel:
    """A queue run behind the ports of `traffic.ports`. All counts are of vehicles."""

    rank = 1
    main_thread = False

    def __init__(self, setup: Setup) -> None:
        self.name, self.setup, self.config = setup.section, setup, setup.config
        inputs, self.network = inputs_and_network(setup)
        self.begin_s = inputs.begin_s
        queue = QueueNetwork.read(inputs.network, inputs.additional)
        parks = park_edges(setup.events, inputs, self.network)
        demand = read_demand(inputs, queue, self.config.gate, dict.fromkeys(parks.values()))
        parameters = read_parameters(self.config.queue.parameters)
        bound = Bound.of(queue, demand.demand, parameters.rules, setup.seed, parameters.pace)
        looking = self.config.rerouting
        end_s = self.begin_s + to_s(setup.duration_us) + 2 * to_s(setup.exchange_us)
        options = Options(
            end_s=end_s, seed=setup.seed,
            share=looking.share if looking else 0.0, period_s=looking.period if looking else 300.0,
            exits=self.config.journeys is not None,
            blue_light=self.config.sumocfg is None if self.config.blue_light is None else self.config.blue_light,
        )  # fmt: skip
        self.run = CoupledRun(bound, options)
        self.run.advance(self.begin_s)
        network, journal = self.network, setup.journal
        self.lanes = QueueLanes(queue, network)
        self.roads = Roads(self.lanes, network)
        self.water = WaterOnRoads(
            network, self.config.flooding, self.roads, journal, setup.sources.get("open_manholes")
        )
        self.log = ClosureLog(network, journal)
        self.verbs = RoadVerbs(self.roads, network, journal, Occupancy(self.run), self._refresh)
        self.lights = QueueLights(self.run, journal)
        self.trips = QueueTrips(self.run, self.roads, network, demand, journal, self.begin_s)
        self.responses = QueueResponses(self.trips, network)
        self.gate: QueueGate | None = None
        if self.config.gate is not None:
            linked = {"gate_arrivals", "admissions", "departures"} <= setup.linked
            self.gate = QueueGate(self.config.gate, self.run, network, demand, self.begin_s, linked)
        self.times = QueueTimes(self.trips, self.gate)
        self.hold = QueueHold(self.run, self.gate, parks, journal) if self.gate is not None else None
        self.diversions = QueueDiversions(self.run, network, setup.seed, journal)
        self.buses = QueueBuses(self.trips, read_timetables(inputs.routes, inputs.additional), journal)
        self.acceptance: QueueAcceptance | None = None
        if self.config.counts is not None or self.config.journeys is not None:
            self.acceptance = QueueAcceptance(self.run, self.config.counts, self.config.journeys, network)
        self.reach = ReachWatch.of(self.config.reach, network, self._for_rescue)
        self.facilities = NoFacilities()
        self.clock = QueueClock(self.run, self.begin_s)
        self.places: Mapping[str, Places] = places_of(network, self.gate, self.facilities, self.water)  # type: ignore[arg-type]
        reached = self.reach.ports if self.reach is not None else ()
        self.ports = ports_of(reached, self.facilities, self.water)  # type: ignore[arg-type]
        self.outputs = QueueOutputs(self)
        self._now_us = 0
        self._next_tick_us = 0
        self._figures: tuple[int, dict[str, Metric], dict[str, Table]] | None = None
        seconds = self.verbs.prepare(setup.events)
        if seconds:
            self._refresh(seconds)

    # --- time ---------------------------------------------------------------------------------------------------

    def next_event_us(self) -> int:
        """One exchange on with a gate, so that trucks pass it in time; the core's own pace without."""
        interval = to_us(self.config.exchange) if self.gate is not None else self.setup.exchange_us
        return self._now_us + interval

    def advance(self, until_us: int) -> int:
        """Move on to `until_us` (or less than a bucket of the engine's calendar beyond)."""
        touched = self.water.update(self._now_us)
        if touched:
            self._refresh(touched)
        elif self.log.now:
            self.log.deepen(self._depth_on(self.log.now))
        bucket = self.run.physics.bucket
        while self._now_us < until_us:
            self.verbs.tick(self._now_us)
            target = min(self._now_us + to_us(self.config.exchange), until_us)
            reached = self.run.advance(np.ceil((self.begin_s + to_s(target)) / bucket - 1e-9) * bucket)
            self._now_us = to_us(reached - self.begin_s)
            self._look()
        return self._now_us

    def _look(self) -> None:
        """Note what has happened, and pass trucks on."""
        trips, now_us = self.trips, self._now_us
        self.responses.due(self.run.now_s)
        news = trips.look(now_us)
        departed = self._ids(news.departed)
        self.responses.departed(departed)
        self.responses.finish(news.arrived)
        self.buses.look(now_us)
        if self.acceptance is not None:
            self.acceptance.look()
        self.diversions.tell(news.departed)
        if self.gate is not None and self.hold is not None:
            self.gate.departed(departed, trips.vclass)
            self.hold.send(departed, now_us)
            self.gate.after(now_us)
            self.gate.arrived(self._ids(news.arrived))
            self.hold.tick(now_us)
        if now_us >= self._next_tick_us:
            self._next_tick_us = now_us + to_us(self.config.exchange)
            self.responses.watch(self.config.exchange)
            if self.gate is not None:
                self.gate.sample()

    def _ids(self, rows: Iterable[int]) -> list[str]:
        return [self.trips.ids[v] for v in rows]

    # --- roads --------------------------------------------------------------------------------------------------

    def _refresh(self, edge_ids: list[str]) -> None:
        """Tell the engine about changed edges, and the vehicles that they concern."""
        shut, opened = self.roads.refresh(edge_ids)
        if self.lanes.stale:
            allow, speed = self.lanes.settle()
            self.run.change(allow, speed, bool(shut), bool(opened))
        if shut or opened:
            self.log.update([*shut, *opened], self.roads, self._depth_on([*shut, *self.log.now]), self._now_us)
            self.trips.look(self._now_us)

    def _depth_on(self, edge_ids: Iterable[str]) -> dict[str, float]:
        return depth_on(self.network, self.water, edge_ids)

    def _for_rescue(self) -> tuple[FloatArray, NDArray[np.bool_], bytes]:
        """Speeds (edges,) and closures for emergency vehicles, and a key of both."""
        return for_rescue(self.network, self.roads, self.water)

    # --- exchange -----------------------------------------------------------------------------------------------

    def put(self, port: str, values: Any) -> None:
        """Depths (n,) in m on the edges, open manholes, or trucks that the terminal lets in or sends away."""
        hear(port, values, self.water, self.gate)

    def take(self, port: str) -> Any:
        """Present values of an output; trucks at the gate since the last take."""
        if port == "gate_arrivals":
            return self.gate.take_arrivals() if self.gate is not None else []
        return self.outputs.take(port)

    # --- events and the end -------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """A verb begins or ends. Raises `ValueError` when its place is unknown, or the engine cannot do it."""
        args, begins = event.args, event.phase == "start"
        if isinstance(args, Signals | SignalProgram):
            self.lights.apply(event, self._now_us)
        elif isinstance(args, HoldTrucks):
            if self.hold is None:
                raise ValueError("no truck goes to a terminal here: name the terminal's `gate` in the section")
            self.hold.apply(event.id, args, begins, self._now_us)
        else:
            self.verbs.apply(event, self._now_us)
            if isinstance(args, Divert):
                self.diversions.apply(event.id, args, begins, self._now_us)

    def balances(self) -> list[Balance]:
        """Vehicles (and trucks handed over at the gate): what came in is gone out or still there."""
        return balances_of(self.trips, self.gate)

    def _report(self) -> tuple[dict[str, Metric], dict[str, Table]]:
        if self._figures is None or self._figures[0] != self._now_us:
            self._figures = (self._now_us, *report_of(self))
        return self._figures[1], self._figures[2]

    @property
    def now_us(self) -> int:
        """The run's clock, counted from the scenario's start."""
        return self._now_us

    def summary(self) -> dict[str, Metric]:
        return self._report()[0]

    def tables(self) -> dict[str, Table]:
        return self._report()[1]

    def close(self) -> None:
        """Nothing is open: the engine's arrays go with the model."""
