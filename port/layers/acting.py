"""The layers of one run: they turn what happens to radio, sensors, stacks and feeders into what both engines heed.

Four hooks suffice: fastest speeds on lanes, calls for an operator a metre, chances of a repeated alignment, and stops
of machines. Nothing here draws at random, and what is due at a time depends on the clock alone, so the logs of the two
engines stay the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from port.layers.corners import PerceptionLayer
from port.layers.outages import NETWORK, Outages
from port.layers.positioning import PositioningLayer
from port.layers.radio import RadioLayer
from port.radio.control import Messages
from port.radio.link import FloatArray
from port.sections import Breakdown
from twin.clock import to_us

if TYPE_CHECKING:
    from port.control import Engine
    from port.state import Machine

FAILURE = "breakdown"
"""Cause of random failures."""
POWER_ENOUGH = 0.5
"""Below this share of the supply the machines stop."""
FRESH_S = Messages().latency_s + Messages().period_s
"""Age of a sensor's picture where the terminal has no radio layer: one message, heard."""


class Layers:
    """What the terminal's file switches on; None for a layer that it leaves out."""

    def __init__(self, engine: Engine) -> None:
        self.engine, plan, spec = engine, engine.plan, engine.terminal
        self.radio = RadioLayer(plan, spec.radio) if spec.radio else None
        self.perception = PerceptionLayer(plan, spec.perception) if spec.perception else None
        self.positioning = PositioningLayer(plan, spec.positioning) if spec.positioning else None
        self.rates, self.retries = plan.takeover_rates(), (plan.quay_retries(), plan.yard_retries())
        self.dark: set[str] = set()
        self._look_us: int | None = None
        self._rays_us: int | None = None
        self.outages = Outages(engine.seed, self._failing())
        if self.radio is not None and self.radio.spec.refresh is not None:
            self._cast(0, self.radio.spec.refresh)
        elif self.radio is not None:
            self._use_rates()
        if self.radio is not None or self.perception is not None:
            self._use_caps()
        if self.positioning is not None:
            self._look(0)

    # what the engine asks

    @property
    def due_us(self) -> int | None:
        """When something is to be done next; None when never."""
        return min((t for t in (self._look_us, self._rays_us, self.outages.due_us) if t is not None), default=None)

    def act(self, now_us: int) -> None:
        """Do what is due: look at the stacks, let units fail and come back."""
        if self._rays_us == now_us and self.radio is not None and self.radio.spec.refresh is not None:
            self._cast(now_us, self.radio.spec.refresh)
            self._use_caps()
        while self.outages.due_us == now_us:
            name, fails = self.outages.pop()
            if name:
                self.set_unit(name, FAILURE, fails)
            else:
                self.set_cellular(FAILURE, fails)
        if self._look_us == now_us:
            self._look(now_us)

    def _cast(self, now_us: int, every_s: float) -> None:
        assert self.radio is not None
        self._rays_us = now_us + to_us(every_s)
        self.radio.look(self.engine.states()["block_stock"])
        self.radio.renew(now_us)
        self._use_rates()

    def _look(self, now_us: int) -> None:
        assert self.positioning is not None
        self._look_us = now_us + to_us(self.positioning.spec.refresh)
        self._use_retries()

    def _failing(self) -> list[tuple[int, str, Breakdown]]:
        """(number, name, how) of the units that fail at random, and of the network (without a name)."""
        radios = self.radio.stations.ids if self.radio is not None else ()
        by_radio = self.radio.spec.breakdown if self.radio is not None else None
        by_sensor = self.perception.spec.breakdown if self.perception is not None else None
        ways = [(k, unit, by_radio if unit in radios else by_sensor) for k, unit in enumerate(self.unit_ids)]
        cellular = self.radio.spec.cellular if self.radio is not None else None
        ways.append((NETWORK, "", cellular.breakdown if cellular is not None else None))
        return [(number, name, spec) for number, name, spec in ways if spec is not None]

    def set_rates(self, per_m: FloatArray) -> None:
        """Calls for an operator a metre from other causes than silence."""
        self.rates = per_m
        self._use_rates()

    def set_retries(self, quay: FloatArray, yard: FloatArray) -> None:
        """Chances of a repeated alignment under an open sky."""
        self.retries = quay, yard
        self._use_retries()

    def _use_rates(self) -> None:
        calls = self.rates if self.radio is None else self.rates + self.radio.calls_per_m
        self.engine._use_rates(calls)

    def _use_retries(self) -> None:
        quay, yard = self.retries
        if self.positioning is not None:
            quay, yard = self.positioning.retries(quay, yard, self.engine.states()["block_stock"])
        self.engine._use_retries(quay, yard)

    def _use_caps(self) -> None:
        """(2, n_lanes) fastest of trucks without and with a box."""
        engine, fleet = self.engine, self.engine.terminal.fleet
        caps = np.full((2, len(engine.plan.lane_mm)), np.inf)
        if self.radio is not None:
            caps = np.minimum(caps, self.radio.cap_mps)
        if self.perception is not None:
            age = self.radio.age_s if self.radio is not None else np.full(caps.shape[1], FRESH_S)
            for mode, own in enumerate((fleet.speed, min(fleet.speed, fleet.speed_loaded))):
                caps[mode] = np.minimum(caps[mode], self.perception.caps(own, age))
        engine.set_layer_caps(caps)

    # radio and sensors

    @property
    def unit_ids(self) -> tuple[str, ...]:
        """All units beside the road, radios first; one that does both has one name."""
        radios = self.radio.stations.ids if self.radio is not None else ()
        sensors = self.perception.ids if self.perception is not None else ()
        return (*radios, *(s for s in sensors if s not in radios))

    def set_unit(self, unit: str, cause: str, fails: bool) -> None:
        """A unit fails or is repaired, for one cause. ValueError when there is none of that name."""
        self._set_units([unit], cause, fails)

    def _set_units(self, units: Sequence[str], cause: str, fails: bool) -> None:
        changed = [unit for unit in units if self._switch(unit, cause, fails)]
        if changed:
            self._renew()
        for unit in changed:
            words = "fails" if fails else "works again"
            self._tell("unit_out" if fails else "unit_back", f"roadside unit {unit} {words}", unit=unit)

    def _switch(self, unit: str, cause: str, fails: bool) -> bool:
        """True when the unit goes or comes back by that, as a radio or as a sensor."""
        if unit not in self.unit_ids:
            raise ValueError(f"there is no roadside unit '{unit}' in the terminal")
        radio = self.radio is not None and unit in self.radio.stations.ids and self.radio.set_unit(unit, cause, fails)
        sees = self.perception is not None and unit in self.perception.ids
        seeing = sees and self.perception is not None and self.perception.set_unit(unit, cause, fails)
        return radio or seeing

    def set_cellular(self, cause: str, fails: bool) -> None:
        """The 5G network of the terminal fails or comes back, for one cause; nothing where it is not in use."""
        if self.radio is None or self.radio.spec.cellular is None:
            return
        causes = self.radio.cellular_out
        was = bool(causes)
        (causes.add if fails else causes.discard)(cause)
        if bool(causes) != was:
            self._renew()
            words = "is down" if fails else "is back"
            self._tell("cellular_out" if fails else "cellular_back", f"the 5G network {words}")

    def _renew(self) -> None:
        if self.radio is not None:
            self.radio.renew(self.engine.now_us)
            self._use_rates()
        self._use_caps()

    def _tell(self, what: str, text: str, **data: object) -> None:
        if self.radio is not None:
            silent = int(np.isinf(self.radio.age_s).sum())
            text += f"; {100 * self.radio.covered:.0f} % of the lanes are covered"
            text += f", {silent} hear too little to drive on" if silent else ""
            data |= {"covered": self.radio.covered, "silent_lanes": silent}
        self.engine.say(what, text, **data)

    # power

    def set_power(self, share: float, feeders: Sequence[float] = ()) -> None:
        """Supply of the terminal and of its feeders, 0 to 1 each. Without enough of it cranes, gantries, units stop."""
        engine, specs = self.engine, self.engine.terminal.feeders
        dark = {f.id for f, given in zip(specs, feeders, strict=False) if given < POWER_ENOUGH}
        if share < POWER_ENOUGH:
            dark.add("")
        if dark == self.dark:
            return
        before, self.dark = self.dark, dark
        places, blocks = [p.id for p in engine.site.cranes], engine.site.block_ids
        feeds = {name: f.id for f in specs for name in (*f.cranes, *f.blocks)}
        machines: list[tuple[Machine, str]] = [(c, places[c.number]) for c in engine.cranes]
        machines += [(g, blocks[g.block]) for g in engine.gantries]
        for machine, name in machines:
            (engine.stop if "" in dark or feeds.get(name) in dark else engine.release)(machine, "power")
        for f in specs:
            if (f.id in dark) != (f.id in before):
                self._set_units(f.units, "power", f.id in dark)
        for name in [x for x in ("", *(f.id for f in specs)) if (x in dark) != (x in before)]:
            what = f"feeder {name}" if name else "the terminal"
            data = {"cause": "power", **({"machines": what} if name else {})}
            if name in dark:
                stopped = "its machines stop" if name else "cranes and gantries stop"
                engine.say("cranes_stopped", f"{what} has no power: {stopped}", **data)
            else:
                engine.say("cranes_back", f"{what} has power again", **data)
