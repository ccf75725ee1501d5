"""Rule control: level bands, drawdown before a storm, the plant's limit, the high river.

Rules are looked at once an exchange, as operators' systems do. What a plan says of a thing replaces its level band,
never an interlock: no pump runs a well dry, no gate lets the river in, none into a river above its warning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from drainage.dispatch.config import Basin, Dispatch, Gate, Station
from drainage.dispatch.plans import RULES, Plan

BAND_M = 0.1
"""A thing that a plan has on until a depth comes on again this far above it."""
CLEAR_M = 0.05
"""The river must fall this far below its warning before it counts as low."""
BACKFLOW_M = 0.02
"""Water in front of a gate must stand this far above the river."""
FILLED = 0.8
"""Share of `fill_above` at which a basin's inlet shuts again."""
OVER = 0.2
"""Share of `storm` below which the rain to come no longer counts as one."""
RECOVERS = 1.05
"""A throttled feed opens by this factor a minute while the plant has room."""
LEAST = 0.05
"""Least setting of a throttled feed: it must notice when there is room again."""

Tell = Callable[[str, str], None]
"""(what, text) for the journal."""


@dataclass(frozen=True)
class Seen:
    """What the rules look at: depths and heads of nodes in m, river in m (None: none), rain in mm."""

    depth: dict[str, float]
    head: dict[str, float]
    river: float | None = None
    coming_mm: float = 0.0
    rain_mm_h: float = 0.0
    plant_flow: float = 0.0
    coming_text: str = ""


@dataclass
class Rules:
    """The state of the rules and the settings that follow from it. `nodes`: link -> (from, to)."""

    config: Dispatch
    nodes: dict[str, tuple[str, str]]
    on: dict[str, bool] = field(default_factory=dict)
    drawdown: bool = False
    high: bool = False
    throttle: float = 1.0
    _said: dict[str, bool] = field(default_factory=dict)

    def watched(self) -> list[str]:
        """Nodes whose depth the rules need."""
        c = self.config
        found: dict[str, None] = {}
        for station in c.stations.values():
            found[self.well(station)] = None
        for gate in c.gates.values():
            found[self.nodes[gate.link][0]] = None
        for basin in c.basins.values():
            found[basin.node] = None
            if basin.inlet:
                found[basin.watch or self.nodes[basin.inlet][0]] = None
            if basin.outlet:
                found |= dict.fromkeys(self.nodes[basin.outlet])
        return list(found)

    def well(self, station: Station) -> str:
        return station.well or self.nodes[station.pumps[0]][0]

    def settings(self, seen: Seen, plan: Plan, tell: Tell) -> dict[str, float]:
        """Setting of every commanded link, 0 to 1."""
        self._outlook(seen, tell)
        found: dict[str, float] = {}
        for name, station in self.config.stations.items():
            found |= self._station(station, seen, plan.mode(name))
        for name, gate in self.config.gates.items():
            found[gate.link] = self._gate(gate, seen, plan.mode(name))
            self._say(tell, f"gate_{name}", found[gate.link] > 0, f"gate {name} opens", f"gate {name} shuts")
        for name, basin in self.config.basins.items():
            found |= self._basin(name, basin, seen, plan.mode(name), tell)
        if (plant := self.config.plant) is not None:
            self._plant(seen, tell)
            found |= {link: found[link] * self.throttle for link in plant.feeds if link in found}
        return found

    def _outlook(self, seen: Seen, tell: Tell) -> None:
        """Whether a storm is coming, and whether the river is high."""
        storm = self.config.forecast.storm
        if self.drawdown:
            self.drawdown = seen.coming_mm >= OVER * storm
        else:
            self.drawdown = seen.coming_mm >= storm
        begins = f"{seen.coming_text}: {self._lowered()} before it"
        self._say(tell, "drawdown", self.drawdown, begins, "the storm is over: levels as usual")
        if (river := self.config.river) is None or seen.river is None:
            return
        self.high = seen.river >= river.warning - (CLEAR_M if self.high else 0.0)
        share = f"{river.pumps:.0%} of the pumps" if river.pumps else "no pump"
        text = f"the river is at {seen.river:.2f} m, warning {river.warning:.2f} m: gates shut, {share} into it"
        self._say(tell, "river_high", self.high, text, f"the river is down to {seen.river:.2f} m: all is free again")

    def _lowered(self) -> str:
        things = [f"{name} drawn down to {depth:.2f} m" for name, depth in self.config.lowers.items()]
        return ", ".join(things) or "nothing to draw down"

    def _station(self, station: Station, seen: Seen, mode: str) -> dict[str, float]:
        depth = seen.depth[self.well(station)]
        lowers = self.drawdown or mode == "lowered"
        drop = station.stop - station.floor if lowers else 0.0
        allowed = len(station.pumps)
        if self.high and station.into == "river" and self.config.river is not None:
            allowed = int(self.config.river.pumps * allowed + 1e-9)
        for k, (pump, start) in enumerate(zip(station.pumps, station.starts, strict=True)):
            was = self.on.get(pump, False)
            if mode == "full":
                on = depth > station.floor + (0.0 if was else BAND_M)
            elif mode == "off":
                on = False
            else:
                on = depth >= start - drop or (was and depth > station.stop - drop)
            self.on[pump] = on and k < allowed
        return {pump: float(self.on[pump]) for pump in station.pumps}

    def _gate(self, gate: Gate, seen: Seen, mode: str) -> float:
        node = self.nodes[gate.link][0]
        depth, was = seen.depth[node], self.on.get(gate.link, False)
        shut = gate.lowered if self.drawdown and gate.lowered is not None else gate.shut_below
        above = min(gate.open_above, shut + BAND_M) if self.drawdown and gate.lowered is not None else gate.open_above
        on = depth >= above or (was and depth > shut)
        if mode != RULES:
            on = mode == "open"
        if gate.into == "river":
            free = seen.river is None or seen.head[node] > seen.river + BACKFLOW_M
            on = on and free and not self.high
        self.on[gate.link] = on
        return float(on)

    def _basin(self, name: str, basin: Basin, seen: Seen, mode: str, tell: Tell) -> dict[str, float]:
        found, fills = {}, False
        if basin.inlet and basin.fill_above is not None:
            depth = seen.depth[basin.watch or self.nodes[basin.inlet][0]]
            was = self.on.get(basin.inlet, False)
            fills = depth >= basin.fill_above * (FILLED if was else 1.0)
            fills = fills if mode == RULES else mode == "fill"
            self.on[basin.inlet] = fills
            found[basin.inlet] = float(fills)
            self._say(tell, f"fills_{name}", fills, f"basin {name} takes water", f"basin {name} takes no more water")
        if basin.outlet:
            down = self.drawdown or mode == "empty"
            keep = basin.lowered if down and basin.lowered is not None else basin.keep
            depth = seen.depth[basin.node]
            drains = not fills and depth > keep + (0.0 if self.on.get(basin.outlet, False) else CLEAR_M)
            if mode in (RULES, "fill") and basin.drain_below is not None:
                drains = drains and seen.depth[self.nodes[basin.outlet][1]] < basin.drain_below
            if basin.into == "plant" and self.config.plant is not None:
                drains = drains and self.throttle >= 1.0
            drains = drains and mode != "hold" and not (basin.into == "river" and self.high)
            self.on[basin.outlet] = drains
            found[basin.outlet] = float(drains)
            text = f"basin {name} at {depth:.2f} m is emptied to {keep:.2f} m"
            self._say(tell, f"drains_{name}", drains, text, f"basin {name} at {depth:.2f} m is no longer emptied")
        return found

    def _plant(self, seen: Seen, tell: Tell) -> None:
        """Feeds are throttled by the ratio of limit to flow, and opened step by step while there is room."""
        plant = self.config.plant
        assert plant is not None
        if seen.plant_flow > plant.limit:
            self.throttle = max(self.throttle * plant.limit / seen.plant_flow, LEAST)
        elif seen.plant_flow < 0.95 * plant.limit:
            self.throttle = min(self.throttle * RECOVERS, 1.0)
        text = f"the plant is at its limit of {plant.limit:g} m3/s: its feeds are throttled"
        self._say(tell, "plant_limit", self.throttle < 1.0, text, "the plant has room again")

    def _say(self, tell: Tell, key: str, now: bool, yes: str, no: str) -> None:
        """Tell a change; the first state is told only where it is a yes."""
        if now == self._said.get(key, False):
            return
        self._said[key] = now
        tell(key.split("_")[0] if key.startswith(("fills_", "drains_", "gate_")) else key, yes if now else no)
