"""Road traffic as a model of the twin: SUMO, with water on its streets and a terminal behind its gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from traffic.closures import ClosureLog
from traffic.config import Close, Incident, Open, SignalsOff, SpeedLimit
from traffic.demand import inputs_of
from traffic.emergency import Responses
from traffic.flood import FloodClosures, speed_classes, wet_speed
from traffic.gate import TerminalGate
from traffic.metrics import Figures, summary_of, tables_of
from traffic.network import RoadNetwork, edges_of, known_edge, read_network
from traffic.ports import PORTS
from traffic.roads import Roads, every_class, state_of
from traffic.sumo import Simulation, options_of
from traffic.trips import Trips
from twin.clock import to_s, to_us
from twin.model import Balance, Event, Metric, Setup, Table
from twin.places import City, Lines, Places, Points
from twin.scenario.problems import suggest

FloatArray = NDArray[np.float64]


class TrafficModel:
    """A running SUMO behind the ports of `traffic.ports`.

    Depths act at each exchange: limits by the speed law, closures by vehicle class. All counts are of vehicles.
    """

    rank = 1
    main_thread = True

    def __init__(self, setup: Setup) -> None:
        self.name = setup.section
        self.ports = PORTS
        self.setup, self.config = setup, setup.config
        inputs = inputs_of(self.config)
        self.network: RoadNetwork = read_network(inputs.network)
        command = options_of(inputs, setup.seed, setup.folder)
        command += ["--tripinfo-output", str(setup.folder / "tripinfo.xml.gz"), "--tripinfo-output.write-unfinished"]
        if self.config.rerouting is not None:
            command += ["--device.rerouting.probability", f"{self.config.rerouting.share:g}"]
            command += ["--device.rerouting.period", f"{self.config.rerouting.period:g}"]
        if self.config.sumocfg is None:
            command += ["--routing-algorithm", "astar"]
            command += ["--ignore-junction-blocker", f"{self.config.junction_patience:g}"]
            # Two vehicles that touch on a junction would be lifted over it, and so over water: SUMO only logs them.
            command += ["--collision.action", "warn"]
        self.sim = Simulation(command, setup.folder / "sumo-errors.log", self.name)
        n, flooding = len(self.network.edges), self.config.flooding
        self.roads = Roads(self.sim.lib, self.network)
        self.trips = Trips(self.sim, self.roads, self.network, setup.journal)
        self.log = ClosureLog(self.network, setup.journal)
        self.responses = Responses(self.sim, self.network)
        self._note_calls(tuple(self.trips.vclass), self.sim.begin_s)
        self.flood = FloodClosures(flooding.depths(), n, flooding.reopen_share, to_us(flooding.reopen_after))
        self.gate: TerminalGate | None = None
        if self.config.gate is not None:
            linked = {"gate_arrivals", "admissions", "departures"} <= setup.linked
            self.gate = TerminalGate(self.config.gate, self.sim, self.network, linked)
        self.places: Mapping[str, Places] = _places(self.network, self.gate)
        self._now_us = 0
        self._depth: FloatArray = np.zeros(n)
        self._wet: FloatArray = self.network.limits_mps.copy()
        self._next_tick_us = 0
        self._programs: dict[str, str] = {}
        self._moving: tuple[int, tuple[int, int, float]] = (-1, (0, 0, 0.0))
        self._figures: tuple[dict[str, Metric], dict[str, Table]] | None = None

    # --- time ---------------------------------------------------------------------------------------------------

    def next_event_us(self) -> int:
        """One exchange on with a gate, so that trucks pass it in time; the core's own pace without."""
        interval = to_us(self.config.exchange) if self.gate is not None else self.setup.exchange_us
        return self._now_us + interval

    def advance(self, until_us: int) -> int:
        """Step SUMO to `until_us` (or less than a step beyond)."""
        self._act_on_water()
        while self._now_us < until_us:
            if self._now_us >= self._next_tick_us:
                self._tick()
            self._step()
        return self._now_us

    def _step(self) -> None:
        trips = self.trips
        trips.before_step(self._now_us)
        self.sim.step()
        now_s = self.sim.time_s()
        self._now_us = to_us(now_s - self.sim.begin_s)
        loaded, departed, arrived = trips.after_step(self._now_us)
        self._note_calls(loaded, now_s - self.sim.step_s)
        self.responses.departed(departed)
        self.responses.arrived(arrived, to_s(self._now_us))
        if self.gate is not None:
            resumed, self.gate.resumed = self.gate.resumed, []
            if resumed and self.roads.closed:
                trips.look_ahead(resumed, self._now_us)
            self.gate.departed(departed, trips.vclass)
            self.gate.after_step(self._now_us, trips.held)
            self.gate.arrived(arrived)

    def _note_calls(self, loaded: Iterable[str], begun_s: float) -> None:
        """Emergency trips among those just loaded; `begun_s` is the departure of those already on their way."""
        for vid in loaded:
            if self.trips.vclass.get(vid) == "emergency":
                self.responses.called(vid, self.trips.waiting.get(vid, begun_s))

    def _tick(self) -> None:
        """What is looked at every exchange, not every step."""
        self._next_tick_us = self._now_us + to_us(self.config.exchange)
        self.trips.tend(self._now_us)
        self.responses.watch(self.config.exchange)
        if self.gate is not None:
            self.gate.sample()

    # --- water --------------------------------------------------------------------------------------------------

    def _act_on_water(self) -> None:
        """Depths become limits and closures; only what differs from last time reaches SUMO."""
        limits, flooding = self.network.limits_mps, self.config.flooding
        wet = speed_classes(wet_speed(self._depth, limits), limits, flooding.crawl_speed)
        slower = np.nonzero(wet != self._wet)[0]
        turned = self.flood.update(self._now_us, self._depth)
        self._wet = wet
        for i in turned:
            self.roads.set_water(self.network.edges[i].id, self.flood.classes_at(int(i)))
        for i in slower:
            edge = self.network.edges[i]
            if wet[i] < limits[i]:
                self.roads.wet_limit[edge.id] = float(wet[i])
            else:
                self.roads.wet_limit.pop(edge.id, None)
        touched = np.union1d(turned, slower)
        if touched.size:
            self._refresh([self.network.edges[i].id for i in touched])
        elif self.log.now:
            self.log.deepen(self._depth_on(self.log.now))

    def _refresh(self, edge_ids: list[str]) -> None:
        """Tell SUMO about changed edges, and the vehicles that they concern."""
        shut, opened = self.roads.refresh(edge_ids)
        if shut or opened:
            self.log.update([*shut, *opened], self.roads, self._depth_on([*shut, *self.log.now]), self._now_us)
        if shut:
            self.trips.roads_closed(self._now_us)
        if opened:
            self.trips.roads_opened(self._now_us)

    def _depth_on(self, edge_ids: Any) -> dict[str, float]:
        return {edge_id: float(self._depth[self.network.index[edge_id]]) for edge_id in edge_ids}

    # --- exchange -----------------------------------------------------------------------------------------------

    def put(self, port: str, values: Any) -> None:
        """Depths (n,) in m on the edges, or trucks that the terminal lets in or sends away."""
        if port == "depth":
            self._depth = np.nan_to_num(np.asarray(values, dtype=float), nan=0.0)
        elif self.gate is None:
            if values:
                raise ValueError(f"'{port}' gives {len(values)} trucks, but this traffic has no `gate`")
        elif port == "admissions":
            self.gate.admit(values)
        elif port == "departures":
            self.gate.release(values)
        else:
            raise ValueError(f"traffic takes no '{port}'")

    def take(self, port: str) -> Any:
        """Present values of an output; trucks at the gate since the last take."""
        if port == "gate_arrivals":
            return self.gate.take_arrivals() if self.gate is not None else []
        if port == "edge_state":
            return self._states()
        if port == "vehicles":
            return self._vehicles()
        return np.array([self._city(port)], dtype=float)

    def _city(self, port: str) -> float:
        running, halting, speed = self._motion()
        if port == "running":
            return running
        if port == "halting":
            return halting
        if port == "mean_speed":
            return speed
        if port == "arrived":
            return self.trips.count["arrived"]
        if port == "stranded":
            return len(self.trips.held)
        if port == "closed_edges":
            return len(self.log.now)
        if port == "gate_queue":
            return self.gate.queue() if self.gate is not None else 0
        raise ValueError(f"traffic gives no '{port}'")

    def _motion(self) -> tuple[int, int, float]:
        """(vehicles in the network, of them standing in traffic, mean speed in m/s of those not parked)."""
        if self._moving[0] != self._now_us:
            vehicle = self.sim.lib.vehicle
            ids = vehicle.getIDList()
            speeds = np.array([vehicle.getSpeed(vid) for vid in ids])
            still = [vid for vid, speed in zip(ids, speeds, strict=True) if speed < 0.1]
            parked = sum(vehicle.isStoppedParking(vid) for vid in still)
            driving = len(ids) - parked
            mean = float(speeds.sum() / driving) if driving else 0.0
            self._moving = (self._now_us, (len(ids), len(still) - parked, mean))
        return self._moving[1]

    def _states(self) -> FloatArray:
        states = (self._wet < self.network.limits_mps).astype(float)
        for edge_id, kept_off in self.roads.closed.items():
            i = self.network.index[edge_id]
            states[i] = state_of(self.network.edges[i], kept_off, bool(states[i]))
        return states

    def _vehicles(self) -> FloatArray:
        counts = np.zeros(len(self.network.edges))
        vehicle, index = self.sim.lib.vehicle, self.network.index
        for vid in vehicle.getIDList():
            i = index.get(vehicle.getRoadID(vid))
            if i is not None:
                counts[i] += 1
        return counts

    # --- events -------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """A verb begins or ends (see `traffic.config`). Raises `ValueError` when its place is unknown."""
        args, begins = event.args, event.phase == "start"
        if isinstance(args, Close):
            self._by_event(self.roads.events, event, every_class(args.classes), begins)
        elif isinstance(args, SpeedLimit):
            self._by_event(self.roads.limits, event, args.speed, begins)
        elif isinstance(args, Open) and begins:
            self._open(args)
        elif isinstance(args, Incident):
            self._incident(event, args, begins)
        elif isinstance(args, SignalsOff):
            self._signals(args, begins)

    def _by_event(self, ledger: dict[str, dict[str, Any]], event: Event, value: Any, begins: bool) -> None:
        edges = edges_of(event.args, self.network)
        if begins:
            ledger[event.id] = dict.fromkeys(edges, value)
        else:
            ledger.pop(event.id, None)
        self._refresh(edges)

    def _open(self, args: Open) -> None:
        edges = edges_of(args, self.network)
        for closure in self.roads.events.values():
            for edge in edges:
                closure.pop(edge, None)
        for key in [key for key, (edge, _) in self.roads.blocked_lanes.items() if edge in edges]:
            del self.roads.blocked_lanes[key]
        self._refresh(edges)

    def _incident(self, event: Event, args: Incident, begins: bool) -> None:
        edge = self.network.edges[self.network.index[known_edge(args.edge, self.network)]]
        lane = args.lane
        if lane is None:
            lane = next((i for i, one in enumerate(edge.lanes) if "passenger" in one.classes), 0)
        if lane >= len(edge.lanes):
            raise ValueError(f"edge '{edge.id}' has lanes 0 to {len(edge.lanes) - 1}, no lane {lane}")
        if begins:
            self.roads.blocked_lanes[event.id] = (edge.id, lane)
            self.setup.journal.write(
                self._now_us, "incident", f"a lane of {self.network.street(edge.id)} is blocked", edge=edge.id
            )
        else:
            self.roads.blocked_lanes.pop(event.id, None)
        self._refresh([edge.id])

    def _signals(self, args: SignalsOff, begins: bool) -> None:
        lights = self.sim.lib.trafficlight
        chosen = args.signals or lights.getIDList()
        for signal in chosen:
            if signal not in lights.getIDList():
                raise ValueError(f"no traffic light '{signal}'.{suggest(signal, lights.getIDList())}")
            if begins:
                self._programs.setdefault(signal, lights.getProgram(signal))
                lights.setProgram(signal, "off")
            elif signal in self._programs:
                lights.setProgram(signal, self._programs.pop(signal))
        text = "go dark" if begins else "work again"
        self.setup.journal.write(self._now_us, "signals", f"{len(chosen)} traffic lights {text}")

    # --- the end ------------------------------------------------------------------------------------------------

    def balances(self) -> list[Balance]:
        """Vehicles (and trucks handed over at the gate): what came in is gone out or still there."""
        self.trips.drop_refused(self._now_us)
        count, lib = self.trips.count, self.sim.lib
        vehicles = Balance(
            "vehicles",
            "1",
            stored_start=0.0,
            stored_now=float(len(lib.vehicle.getLoadedIDList())),
            inflow={"loaded": float(count["loaded"])},
            outflow={name: float(count[name]) for name in ("arrived", "cancelled", "discarded")},
            noted={
                "departed": float(count["departed"]),
                "waiting to depart": float(len(self.trips.waiting)),
                "SUMO's own count of those departed": float(lib.simulation.getParameter("", "stats.vehicles.inserted")),
                "teleports": float(count["teleports"]),
            },
        )
        if self.gate is None:
            return [vehicles]
        trucks, states = self.gate.trucks.values(), self.gate.counts()
        handed = Balance(
            "trucks at the terminal",
            "1",
            stored_start=0.0,
            stored_now=float(states["gate"] + states["inside"] + states["yard"]),
            inflow={"gate arrivals": float(sum(truck.gate_us is not None for truck in trucks))},
            outflow={"left": float(states["left"])},
            noted={"refused hand-overs": float(len(self.gate.unknown))},
        )
        return [vehicles, handed]

    def _report(self) -> tuple[dict[str, Metric], dict[str, Table]]:
        if self._figures is None or self.sim.open:
            for vid, response in self.responses.trips.items():
                response.cancelled = self.trips.outcome.get(vid) == "cancelled"
            figures = Figures(
                self.sim, self.config, self.network, self.trips, self.log, self.responses, self.gate, self._now_us
            )
            self._figures = summary_of(figures), tables_of(figures)
        return self._figures

    def summary(self) -> dict[str, Metric]:
        return self._report()[0]

    def tables(self) -> dict[str, Table]:
        return self._report()[1]

    def close(self) -> None:
        """End SUMO; it writes the unfinished trips to `tripinfo.xml.gz`."""
        self.sim.close()


def _places(network: RoadNetwork, gate: TerminalGate | None) -> dict[str, Places]:
    edges = Lines(
        ids=tuple(edge.id for edge in network.edges),
        shapes=tuple(edge.shape for edge in network.edges),
        names=tuple(edge.name for edge in network.edges),
        width_m=np.array([sum(lane.width_m for lane in edge.lanes) for edge in network.edges]),
    )
    spot = np.empty((0, 2))
    if gate is not None:
        spot = network.edges[network.index[gate.config.edge]].shape[-1:]
    return {
        "city": City(),
        "edge": edges,
        "gate": Points(("gate",)[: len(spot)], spot, ("Terminal gate",)[: len(spot)]),
    }
