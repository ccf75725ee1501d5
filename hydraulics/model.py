"""The water supply as a model of the coupled run: ports, verbs, and one engine behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from hydraulics.accounts import Accounts, people_of
from hydraulics.config import Burst, Close, DemandScale, HydrantOpen, Inject, Isolate, Open, PumpOutage, WaterConfig
from hydraulics.energy import Energy, read_tariff
from hydraulics.epanet import UNBALANCED, Epanet, Solution, whole_seconds
from hydraulics.exposure import Exposure
from hydraulics.inp import Tags, tags
from hydraulics.metrics import Report
from hydraulics.outlets import Outlet, orifice
from hydraulics.places import make_places, streets
from hydraulics.ports import QUALITY_PORTS
from hydraulics.stations import Station, Stations
from twin.clock import US
from twin.model import Balance, Event, Metric, Setup, Table
from twin.places import FloatArray, Places

FAR_US = 2**62


class WaterModel:
    """An engine behind the one protocol. Everything about time is whole seconds, as EPANET counts."""

    rank = 1

    def __init__(self, setup: Setup) -> None:
        config: WaterConfig = setup.config
        self.name, self.setup, self.journal = setup.section, setup, setup.journal
        self.ports = config.active_ports()
        self._labels: Tags = tags(config.network)
        plan = _Plan.of(setup, self._labels)
        self.engine = _engine(setup, plan)
        self._seconds = 0
        self._dirty = False
        self._unbalanced = False
        self._handed, self._handing = 0, False
        network = self.engine.network
        self.streets = streets(network, self._labels)
        self._links = {name: int(k) for name, k in zip(network.link_ids, network.links, strict=True)}
        self._pipes = network.pick("PIPE", "CVPIPE").tolist()
        self.places: Mapping[str, Places] = make_places(network, self.streets, self._pipes, self.engine.outlets)
        self._outlets: list[Outlet] = list(self.engine.outlets)
        self._outlet_row = self._rows()
        self._leaked = np.zeros(self.places["outlet"].size)
        self.accounts = Accounts(self.engine, people_of(self.engine))
        self.stations = Stations(
            self.engine.switches,
            self.journal,
            lambda: self._seconds * US,
            [Station(network.link_ids[k], k + 1) for k in network.pick("PUMP").tolist()],
            config.pump_fails_at,
            config.pump_returns_below,
        )
        self.energy = Energy(read_tariff(self.engine.project, network), self.engine.zero_s)
        self.exposure = None
        if self.engine.quality is not None:
            self.exposure = Exposure(self.accounts.people, self.engine.served, *config.quality_bounds)
            self.exposure.look(self._solution())
        watched = [network.junction_ids.index(name) for name in plan.watched if name in network.junction_ids]
        self._report = Report(
            setup, self.accounts, self.stations, self.streets, self._outlets, watched, self.energy, self.exposure
        )

    def _rows(self) -> list[int]:
        """For each outlet its place."""
        ids = list(self.places["outlet"].ids)  # type: ignore[union-attr]
        return [ids.index(outlet.place) for outlet in self._outlets]

    # ---- time
    def advance(self, until_us: int) -> int:
        until = whole_seconds(until_us)
        self._solution()
        for step in self.engine.run(self._seconds, until):
            self.accounts.add(step)
            self.energy.add(step.held.time_s, step.held.pump_kw, step.length_s)
            if self.exposure is not None:
                self.exposure.add(step)
            np.add.at(self._leaked, self._outlet_row, step.held.outlet_flow * step.length_s)
            self._watch(step.held)
        self._seconds = max(self._seconds, until)
        return self._seconds * US

    def next_event_us(self) -> int:
        return FAR_US

    def _watch(self, held: Solution) -> None:
        """Tell, once for each spell, when the engine does not converge and when EPANET has solved for it."""
        handed = self.engine.handed_over
        if handed > self._handed and not self._handing:
            text = "the fast engine found no balance within its trials; EPANET solves these moments"
            self.journal.write(held.time_s * US, "by_epanet", text)
        self._handed, self._handing = handed, handed > self._handed
        unbalanced = held.warning == UNBALANCED
        if unbalanced and not self._unbalanced:
            text = f"{self.engine.title} found no balance within its trials; the figures of this time are approximate"
            self.journal.write(held.time_s * US, "unbalanced", text)
        self._unbalanced = unbalanced

    def _solution(self) -> Solution:
        """The present moment, solved anew if anything has changed."""
        if self._dirty or self.engine.now is None:
            self.engine.solve()
            self._dirty = False
        assert self.engine.now is not None
        return self.engine.now

    # ---- exchange
    def put(self, port: str, values: Any) -> None:
        if port == "power":
            self._dirty |= self.stations.power(values)
        elif port == "station_depth":
            self._dirty |= self.stations.depth(values)
        else:
            raise KeyError(port)

    def take(self, port: str) -> FloatArray:
        if port == "leaked":
            leaked, self._leaked = self._leaked, np.zeros_like(self._leaked)
            return leaked
        now = self._solution()
        match port:
            case "pressure":
                return now.pressure_m.copy()
            case "served":
                return self.engine.served(now.pressure_m)
            case "flow":
                return self.engine.link_flow(self._pipes) * 1e3
            case "tank_level":
                return now.tank_level_m.copy()
            case "unserved_flow":
                return np.array([self.accounts.unserved(now).sum()])
            case "people_without":
                return np.array([self.accounts.without(now)])
            case "leak_flow":
                return np.array([now.outlet_flow.sum()])
            case "pumps_running":
                return np.array([float(now.pumps_running)])
            case "age" | "trace" | "concentration" if port == QUALITY_PORTS.get(self.engine.config.quality):
                return now.quality.copy()
        raise KeyError(port)

    # ---- events
    def apply(self, event: Event) -> None:
        start = event.phase == "start"
        args = event.args
        match args:
            case Burst():
                self._burst(event, args, start)
            case HydrantOpen():
                self._hydrant(args, start)
            case Close():
                self._switch(event, [args.link], False, start, "closed" if start else "reopened")
            case Open():
                self._switch(event, [args.link], True, start, "opened" if start else "closed_again")
            case Isolate():
                self._switch(event, args.pipes, False, start, "isolated" if start else "reopened")
            case Inject():
                self._inject(event, args, start)
            case PumpOutage():
                pump = next((p for p in self.stations.pumps if p.id == args.pump), None)
                if pump is None:
                    raise ValueError(f"there is no pump '{args.pump}'")
                self.stations.set(pump, f"event {event.id}", start, "outage", "the outage is over")
            case DemandScale():
                self.engine.set_demand_factor(args.factor if start else 1.0)
                text = f"demand times {args.factor:g}" if start else "demand as before"
                self.journal.write(self._seconds * US, "demand", text, factor=args.factor if start else 1.0)
            case _:
                raise ValueError(f"the water supply knows no '{event.verb}'")
        self._dirty = True

    def _burst(self, event: Event, args: Burst, start: bool) -> None:
        outlet = self.engine.outlets.bursts.get((args.pipe, args.position))
        if outlet is None:
            raise ValueError(f"pipe '{args.pipe}' was not prepared to burst: the burst must stand in the timeline")
        change = orifice(args.area, self.engine.config.discharge_coefficient)
        coefficient = outlet.coefficient + (change if start else -change)
        self.engine.outlets.set(outlet, coefficient if coefficient > 1e-12 else 0.0)
        street = self.streets.links.get(args.pipe, "")
        place = f" in {street}" if street else ""
        lost = float(self.accounts.leaked_m3[self._outlets.index(outlet)])
        if start:
            text = f"main {args.pipe}{place} burst ({args.area * 1e4:.0f} cm²)"
            data = {"area_m2": args.area}
            self.journal.write(self._seconds * US, "burst", text, id=event.id, pipe=args.pipe, street=street, **data)
        else:
            text = f"main {args.pipe}{place} was isolated after losing {lost:.0f} m³"
            data = {"volume_m3": lost}
            self.journal.write(self._seconds * US, "isolated", text, id=event.id, pipe=args.pipe, street=street, **data)

    def _hydrant(self, args: HydrantOpen, start: bool) -> None:
        outlet = self.engine.outlets.hydrants.get(args.node)
        if outlet is None:
            raise ValueError(f"junction '{args.node}' was not prepared as a hydrant: name it under `hydrants`")
        if args.flow is not None:
            change = args.flow / self.engine.config.required_pressure**0.5
        else:
            change = orifice(args.area or 0.0, self.engine.config.discharge_coefficient)
        coefficient = outlet.coefficient + (change if start else -change)
        self.engine.outlets.set(outlet, coefficient if coefficient > 1e-12 else 0.0)
        street = self.streets.nodes.get(args.node, "")
        what, word = ("hydrant_open", "opened") if start else ("hydrant_shut", "shut")
        text = f"hydrant {args.node}{f' in {street}' if street else ''} {word}"
        self.journal.write(self._seconds * US, what, text, node=args.node, street=street)

    def _switch(self, event: Event, names: list[str], open_it: bool, start: bool, what: str) -> None:
        unknown = [name for name in names if name not in self._links]
        if unknown:
            raise ValueError(f"there is no link '{unknown[0]}'")
        for name in names:
            if start:
                self.engine.switches.hold(self._links[name], f"event {event.id}", open_it)
            else:
                self.engine.switches.release(self._links[name], f"event {event.id}")
        text = f"{', '.join(names)} {what.replace('_', ' ')}"
        self.journal.write(self._seconds * US, what, text, links=names)

    def _inject(self, event: Event, args: Inject, start: bool) -> None:
        quality = self.engine.quality
        if quality is None or self.engine.config.quality != "chemical":
            raise ValueError("`inject` needs `quality: chemical` in the section")
        node = self.engine.node_number(args.node)
        if start:
            quality.inject(node, event.id, args)
            amount = f"{args.rate / 1e3:g} g/min" if args.rate is not None else f"up to {args.concentration:g} mg/L"
            text = f"a substance enters at {args.node} ({amount})"
        else:
            quality.stop(node, event.id)
            text = f"no more of the substance enters at {args.node}"
        self.journal.write(self._seconds * US, "injected" if start else "injection_over", text, node=args.node)

    # ---- results
    def balances(self) -> list[Balance]:
        return [self.accounts.balance()]

    def summary(self) -> dict[str, Metric]:
        return self._report.summary()

    def tables(self) -> dict[str, Table]:
        return self._report.tables()

    def close(self) -> None:
        self.engine.close()


def _engine(setup: Setup, plan: _Plan) -> Epanet:
    """The engine that the section names, at the scenario's start. Where the fast one refuses: EPANET, with a note."""
    config: WaterConfig = setup.config
    if config.engine == "fast":
        from hydraulics.fast_engine import FastEngine, Refused

        try:
            return _started(FastEngine, setup, plan)
        except Refused as refusal:
            text = f"EPANET computes this run in place of the fast engine: {refusal}"
            setup.journal.write(0, "by_epanet", text, why=str(refusal))
    return _started(Epanet, setup, plan)


def _started(kind: type[Epanet], setup: Setup, plan: _Plan) -> Epanet:
    config: WaterConfig = setup.config
    engine = kind(config, setup.folder, plan.bursts, plan.hydrants, plan.closings)
    try:
        engine.start(_start_s(config, setup.start, engine), whole_seconds(setup.duration_us))
    except BaseException:
        engine.close()
        raise
    return engine


class _Plan:
    """What the timeline and the configuration will need of the network."""

    def __init__(
        self, bursts: set[tuple[str, float]], hydrants: set[str], closings: set[str], watched: set[str]
    ) -> None:
        self.bursts, self.hydrants = sorted(bursts), sorted(hydrants)
        self.closings, self.watched = sorted(closings), sorted(watched)

    @classmethod
    def of(cls, setup: Setup, labels: Tags) -> _Plan:
        config: WaterConfig = setup.config
        bursts, closings = set(), set()
        watched = set(config.hydrants)
        if config.hydrant_tag:
            watched |= {name for name, tag in labels.nodes.items() if tag == config.hydrant_tag}
        opened = set()
        for event in setup.events:
            match event.args:
                case Burst(pipe=pipe, position=position):
                    bursts.add((pipe, position))
                case HydrantOpen(node=node):
                    opened.add(node)
                case Close(link=link) | Open(link=link):
                    closings.add(link)
                case Isolate(pipes=pipes):
                    closings.update(pipes)
        return cls(bursts, watched | opened, closings, watched)


def _start_s(config: WaterConfig, start: datetime, engine: Epanet) -> int:
    """Seconds of the file's own clock at which the scenario begins."""
    earlier = int(config.quality_run_up)
    if config.start == "as_in_file":
        return earlier
    of_day = start.hour * 3600 + start.minute * 60 + start.second
    return (of_day - engine.start_of_day_s) % 86_400 + earlier
