"""The terminal as a model of the city: ports, verbs, and the engine behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from port.config import PortSection
from port.layers.told import layer_metrics, layer_tables
from port.metrics import balances, summary, tables
from port.ports import PORTS
from port.reading import load_terminal
from port.simulate import make_engine
from port.state import DISCHARGE, LOAD
from twin.clock import US
from twin.model import Balance, Event, Metric, Setup, Table
from twin.places import City, Lines, Places, Points
from twin.ports import Arrival, Port, Record

GATE_EXCHANGE_US = 10 * US
"""With a road network, trucks pass the gate in slices of 10 s, so that a lane is not held longer than that."""
RATE_WINDOW_US = 900 * US
NO_SHIP, WORKING, WAITING, STOPPED = 0.0, 1.0, 2.0, 3.0
MOST_ROWS, ALL_ROWS = 1, 2
"""Levels of the event log: without and with every truck's lanes."""
YARD_LOG = "yard.npz"
"""The whole log, in the model's folder."""


class PortModel:
    """A container terminal that speaks the twin's protocol."""

    name = "port"
    rank = 1
    ports: tuple[Port, ...] = PORTS

    def __init__(self, setup: Setup) -> None:
        config: PortSection = setup.config
        terminal = load_terminal(config.terminal)
        if config.fleet is not None:
            fleet = terminal.fleet.model_copy(update={"trucks": config.fleet})
            terminal = terminal.model_copy(update={"fleet": fleet})
        self.from_road = config.trucks == "road" or (config.trucks == "auto" and "gate_arrivals" in setup.linked)
        self.engine = make_engine(
            config.engine,
            terminal,
            setup.seed,
            setup.start,
            setup.duration_us,
            setup.journal.write,
            config.dispatch,
            self.from_road,
            ALL_ROWS if config.record == "trucks" else MOST_ROWS,
        )
        if self.engine.layers.radio is None:
            self.ports = tuple(replace(p, record=Record.NO) if p.name == "lane_heard" else p for p in PORTS)
        self._yard_log = setup.folder / YARD_LOG if config.record == "trucks" else None
        site = self.engine.site
        width = np.full(len(site.lane_ids), 7.0)
        self.places: Mapping[str, Places] = {
            "city": City(),
            "terminal": self._supplies(),
            "gate": Points(("gate",), np.array([site.gate_xy])),
            "crane": Points(tuple(c.id for c in site.cranes), np.array([c.xy for c in site.cranes])),
            "block": Points(site.block_ids, site.block_xy),
            "lane": Lines(site.lane_ids, site.shapes, width_m=width),
        }
        self._moves_seen = 0
        self._recent: list[int] = []

    def _supplies(self) -> Points:
        """The terminal itself, then its feeders, each in the middle of its blocks and cranes."""
        terminal, site = self.engine.terminal, self.engine.site
        at = {**dict(zip(site.block_ids, site.block_xy.tolist(), strict=True)), **{c.id: c.xy for c in site.cranes}}
        fed = [[at[name] for name in (*f.blocks, *f.cranes)] or site.block_xy.tolist() for f in terminal.feeders]
        middles = [np.mean(points, axis=0) for points in (site.block_xy.tolist(), *fed)]
        feeders = tuple(f.id for f in terminal.feeders)
        names = (terminal.name, *(f"feeder {name}" for name in feeders))
        return Points(("terminal", *feeders), np.array(middles), names)

    def advance(self, until_us: int) -> int:
        self.engine.advance(until_us)
        return until_us

    def next_event_us(self) -> int:
        now = self.engine.now_us
        return (now // GATE_EXCHANGE_US + 1) * GATE_EXCHANGE_US if self.from_road else now + 86_400 * US

    def put(self, port: str, values: Any) -> None:
        if port == "gate_arrivals":
            self._arrive(values)
        elif port == "wind":
            self.engine.set_wind(float(values[0]))
        elif port == "visibility":
            self.engine.set_visibility(float(values[0]))
        elif port == "lane_depth":
            self.engine.set_depth(np.asarray(values, dtype=float))
        elif port == "power":
            self.engine.set_power(float(values[0]), [float(v) for v in values[1:]])
        elif port == "rain":
            self.engine.set_rain(float(values[0]))
        else:
            raise ValueError(f"the terminal takes no '{port}'")

    def _arrive(self, arrivals: list[Arrival]) -> None:
        if arrivals and not self.from_road:
            raise ValueError("trucks came from the road, but the terminal makes its own (port.trucks: profile)")
        self.engine.arrive(arrivals)

    def take(self, port: str) -> Any:
        engine = self.engine
        if port == "admissions":
            taken, engine.gate.admissions = engine.gate.admissions, []
            return taken
        if port == "departures":
            taken, engine.gate.departures = engine.gate.departures, []
            return taken
        if port not in _STATES:
            raise ValueError(f"the terminal gives no '{port}'")
        return _STATES[port](self)

    def apply(self, event: Event) -> None:
        engine, args = self.engine, event.args
        begins = event.phase == "start"
        act = engine.stop if begins else engine.release
        cause = f"breakdown {event.id}"
        if event.verb == "gate_close":
            ordered = bool(engine.gate.closed - {"flood"})
            (engine.gate.close if begins else engine.gate.open)(event.id)
            if bool(engine.gate.closed - {"flood"}) == ordered:
                return
            words = "is closed" if begins else "opens again"
            engine.say("gate_closed" if begins else "gate_open", f"the terminal's gate {words}")
            return
        if event.verb == "stop_cranes":
            for crane in engine.cranes:
                act(crane, f"order {event.id}")
            words = "are stopped by order" if begins else "may work again"
            engine.say("cranes_stopped" if begins else "cranes_back", f"quay cranes {words}", cause="order")
            return
        if event.verb == "unit_outage":
            engine.layers.set_unit(args.unit, cause, begins)
            return
        if event.verb == "cellular_outage":
            engine.layers.set_cellular(cause, begins)
            return
        groups: dict[str, tuple[str, Any]] = {
            "crane_breakdown": ("crane", engine.cranes),
            "gantry_breakdown": ("gantry", engine.gantries),
            "truck_breakdown": ("truck", engine.trucks),
        }
        kind, machines = groups[event.verb]
        name = getattr(args, kind)
        machine = next((m for m in machines if m.id == name), None)
        if machine is None:
            raise ValueError(f"there is no {kind} '{name}' in the terminal")
        act(machine, cause)
        words = "breaks down" if begins else "is repaired"
        engine.say("breakdown" if begins else "repaired", f"{kind} {name} {words}", machine=name)

    def balances(self) -> list[Balance]:
        return balances(self.engine)

    def summary(self) -> dict[str, Metric]:
        return {**summary(self.engine), **layer_metrics(self.engine)}

    def tables(self) -> dict[str, Table]:
        return {**tables(self.engine), **layer_tables(self.engine)}

    def close(self) -> None:
        """Nothing is open, the engine lives in memory; writes the log where one is to be kept."""
        path, self._yard_log = self._yard_log, None
        if path is not None:
            from port.replay.record import write_yard_log

            write_yard_log(path, self.engine)

    # states

    def moves_rate(self) -> float:
        """Quay moves of the last 15 min as moves an hour; at the start, of the time that has passed."""
        now, trace = self.engine.now_us, self.engine.trace
        self._recent += [row[0] for row in trace[self._moves_seen :] if row[2] in (DISCHARGE, LOAD)]
        self._moves_seen = len(trace)
        self._recent = [t for t in self._recent if t > now - RATE_WINDOW_US]
        window = min(now, RATE_WINDOW_US)
        return len(self._recent) * 3600.0 * US / window if window else 0.0

    def crane_states(self) -> NDArray[np.float64]:
        """(n_cranes,) codes as the port `crane_state` says."""
        states = self.engine.states()
        busy = np.where(states["crane_busy"] > 0, WORKING, np.where(states["crane_ship"] > 0, WAITING, NO_SHIP))
        return np.where([bool(c.stops) for c in self.engine.cranes], STOPPED, busy)

    def lane_heard(self) -> NDArray[np.float64]:
        """(n_lanes,) share of messages heard."""
        radio = self.engine.layers.radio
        return np.ones(len(self.engine.plan.lane_mm)) if radio is None else np.asarray(radio.heard)


def _one(value: float) -> NDArray[np.float64]:
    return np.array([float(value)])


_STATES: dict[str, Callable[[PortModel], NDArray[np.float64]]] = {
    "moves_rate": lambda m: _one(m.moves_rate()),
    "trucks_inside": lambda m: _one(m.engine.gate.inside),
    "gate_queue": lambda m: _one(m.engine.gate.waiting),
    "cranes_stopped": lambda m: _one(sum(bool(c.stops) for c in m.engine.cranes)),
    "cranes_working": lambda m: _one(m.engine.states()["crane_busy"].sum()),
    "fleet_busy": lambda m: _one(m.engine.states()["truck_busy"].sum()),
    "lane_state": lambda m: m.engine.lane_state.copy(),
    "lane_heard": lambda m: m.lane_heard(),
    "lane_trucks": lambda m: m.engine.states()["lane_trucks"],
    "block_stock": lambda m: m.engine.states()["block_stock"],
    "crane_state": lambda m: m.crane_states(),
}
