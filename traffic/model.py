"""Road traffic as a model of the twin: SUMO, with water on its streets and a terminal behind its gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traffic.acceptance import Acceptance
from traffic.buses import BusLines
from traffic.closures import ClosureLog
from traffic.contraflow import inputs_and_network
from traffic.demand import Inputs
from traffic.emergency import Responses
from traffic.exchange import depth_on, for_rescue, hear
from traffic.facilities import Facilities
from traffic.gate import TerminalGate
from traffic.measures import Diversions, TruckHold
from traffic.metrics import Figures, balances_of, summary_of
from traffic.outputs import Outputs
from traffic.places import places_of
from traffic.ports import ports_of
from traffic.reach_watch import ReachWatch
from traffic.roads import Roads
from traffic.signals import Lights
from traffic.stalled_vehicles import StalledVehicles
from traffic.stalling import Stalls
from traffic.steps import Steps
from traffic.sumo import Router, Simulation, options_of
from traffic.tables import tables_of
from traffic.trip_log import TripLog
from traffic.trips import Trips
from traffic.verb_args import Divert, HoldTrucks, SignalProgram, Signals
from traffic.verbs import RoadVerbs
from traffic.water_on_roads import WaterOnRoads
from twin.clock import to_us
from twin.model import Balance, Event, Metric, Setup, Table
from twin.places import Places

FloatArray = NDArray[np.float64]


class TrafficModel:
    """A running SUMO behind the ports of `traffic.ports`.

    Depths act at each exchange: limits by the speed law, closures by vehicle class. All counts are of vehicles.
    """

    rank = 1
    main_thread = True

    def __init__(self, setup: Setup) -> None:
        self.name = setup.section
        self.setup, self.config = setup, setup.config
        inputs, self.network = inputs_and_network(setup)
        self.sim = Simulation(_command(inputs, setup), setup.folder / "sumo-errors.log", self.name)
        sim, network, journal = self.sim, self.network, setup.journal
        self.roads = Roads(sim.lib, network, Router(sim.lib, network).learn)
        self.water = WaterOnRoads(
            network, self.config.flooding, self.roads, journal, setup.sources.get("open_manholes")
        )
        self.log = ClosureLog(network, journal)
        blue_light = self.config.blue_light
        self.responses = Responses(sim, network, self.config.sumocfg is None if blue_light is None else blue_light)
        self.trip_log = TripLog(sim, network)
        self.lights = Lights(sim.lib)
        self.verbs = RoadVerbs(self.roads, network, journal, sim, self._refresh)
        self.trips = Trips(sim, self.roads, network, journal)
        self.buses = BusLines(sim, self.trips, journal)
        self.facilities = Facilities(sim, network)
        self.diversions = Diversions(sim, network, setup.seed, journal)
        self.acceptance = Acceptance.of(self.config.counts, self.config.journeys, network)
        stalling = self.config.flooding.stalling
        self.stalled = (
            StalledVehicles(Stalls(stalling, setup.seed), self.trips, self.water, network, journal)
            if stalling is not None
            else None
        )
        self.gate: TerminalGate | None = None
        self.hold: TruckHold | None = None
        if self.config.gate is not None:
            linked = {"gate_arrivals", "admissions", "departures"} <= setup.linked
            self.gate = TerminalGate(self.config.gate, sim, network, linked)
            self.hold = TruckHold(sim, network, self.gate, journal)
        self.reach = ReachWatch.of(self.config.reach, network, self._for_rescue)
        self.outputs = Outputs(self)
        self.places: Mapping[str, Places] = places_of(network, self.gate, self.facilities, self.water)
        self.ports = ports_of(self.reach.ports if self.reach is not None else (), self.facilities, self.water)
        self.steps = Steps(
            sim, self.roads, self.trips, self.trip_log, self.responses, self.buses, self.facilities, self.diversions,
            self.acceptance, self.gate, self.hold,
        )  # fmt: skip
        self._next_tick_us = 0
        self._figures: tuple[dict[str, Metric], dict[str, Table]] | None = None
        self.steps.note_loaded(tuple(self.trips.vclass), sim.begin_s)
        self.roads.refresh(self.verbs.prepare(setup.events))

    # --- time ---------------------------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """SUMO's clock, counted from the scenario's start."""
        return self.steps.now_us

    def next_event_us(self) -> int:
        """One exchange on with a gate, so that trucks pass it in time; the core's own pace without."""
        interval = to_us(self.config.exchange) if self.gate is not None else self.setup.exchange_us
        return self.steps.now_us + interval

    def advance(self, until_us: int) -> int:
        """Step SUMO to `until_us` (or less than a step beyond)."""
        touched = self.water.update(self.steps.now_us)
        if touched:
            self._refresh(touched)
        elif self.log.now:
            self.log.deepen(self._depth_on(self.log.now))
        while self.steps.now_us < until_us:
            if self.steps.now_us >= self._next_tick_us:
                self._tick()
            self.steps.run(min(until_us, self._next_tick_us))
        return self.steps.now_us

    def _tick(self) -> None:
        """What is looked at every exchange, not every step."""
        self._next_tick_us = self.steps.now_us + to_us(self.config.exchange)
        self.verbs.tick(self.steps.now_us)
        if self.stalled is not None:
            self.stalled.tick(self.steps.now_us)
        self.trips.tend(self.steps.now_us)
        self.buses.tick(self.steps.now_us)
        self.facilities.tick(self.steps.now_us, self.config.exchange)
        self.responses.watch(self.config.exchange)
        if self.gate is not None and self.hold is not None:
            self.hold.tick(self.steps.now_us)
            self.gate.sample()

    def _refresh(self, edge_ids: list[str]) -> None:
        """Tell SUMO about changed edges, and the vehicles that they concern."""
        shut, opened = self.roads.refresh(edge_ids)
        if shut or opened:
            self.log.update([*shut, *opened], self.roads, self._depth_on([*shut, *self.log.now]), self.steps.now_us)
        if shut:
            self.trips.roads_closed(self.steps.now_us)
        if opened:
            self.trips.roads_opened(self.steps.now_us)

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

    # --- events -------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """A verb begins or ends (see `traffic.verb_args`). Raises `ValueError` when its place is unknown."""
        args, begins, now = event.args, event.phase == "start", self.steps.now_us
        if isinstance(args, (Signals, SignalProgram)):
            said = self.lights.begin(event.id, args, self.sim.time_s()) if begins else self.lights.end(event.id, args)
            self.setup.journal.write(now, "signals", said)
        elif isinstance(args, HoldTrucks):
            if self.hold is None:
                raise ValueError("no truck goes to a terminal here: name the terminal's `gate` in the section")
            self.hold.apply(event.id, args, begins, now)
        else:
            self.verbs.apply(event, now)
            if isinstance(args, Divert):
                self.diversions.apply(event.id, args, begins, now)

    # --- the end ------------------------------------------------------------------------------------------------

    def balances(self) -> list[Balance]:
        """Vehicles (and trucks handed over at the gate): what came in is gone out or still there."""
        self.trips.drop_refused(self.steps.now_us)
        return balances_of(self.sim, self.trips, self.gate)

    def _report(self) -> tuple[dict[str, Metric], dict[str, Table]]:
        if self._figures is None or self.sim.open:
            for vid, response in self.responses.trips.items():
                response.cancelled = self.trips.outcome.get(vid) == "cancelled"
            figures = Figures(
                self.sim, self.config, self.network, self.trips, self.log, self.responses, self.gate, self.steps.now_us,
                self.setup.start, self.trip_log, self.water, self.stalled.stalls if self.stalled is not None else None,
                self.buses, self.facilities, self.hold, self.diversions, self.acceptance,
            )  # fmt: skip
            self._figures = summary_of(figures), tables_of(figures)
            if self.reach is not None:
                self._figures[0].update(self.reach.summary())
                self._figures[1].update(self.reach.tables())
        return self._figures

    def summary(self) -> dict[str, Metric]:
        return self._report()[0]

    def tables(self) -> dict[str, Table]:
        return self._report()[1]

    def close(self) -> None:
        """End SUMO; it writes the unfinished trips to `tripinfo.xml.gz`."""
        self.sim.close()


def _command(inputs: Inputs, setup: Setup) -> list[str]:
    config = setup.config
    command = options_of(inputs, setup.seed, setup.folder)
    command += ["--tripinfo-output", str(setup.folder / "tripinfo.xml.gz"), "--tripinfo-output.write-unfinished"]
    if config.rerouting is not None:
        command += ["--device.rerouting.probability", f"{config.rerouting.share:g}"]
        command += ["--device.rerouting.period", f"{config.rerouting.period:g}"]
    if config.sumocfg is None:
        command += ["--routing-algorithm", "astar"]
        command += ["--ignore-junction-blocker", f"{config.junction_patience:g}"]
        # Two vehicles that touch on a junction would be lifted over it, and so over water: SUMO only logs them.
        command += ["--collision.action", "warn"]
    return command
