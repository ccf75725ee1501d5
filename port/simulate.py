"""A terminal by itself, without a city: make an engine, play disturbances to it, read what came out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from port.control import Engine
from port.dispatch import Policy
from port.plan import Plan
from port.terminal import Terminal
from twin.model import Metric

MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC)
ENGINES = ("simpy", "fast")


@dataclass(frozen=True)
class Change:
    """Something from outside at a time. `what` is one of

    wind, visibility, power      value: a number (m/s, m, share)
    rain                         value: a number (mm/h)
    feeders                      value: the supply's share at each feeder
    unit_out, unit_back          value: (roadside unit's id, cause)
    cellular_out, cellular_back  value: a cause
    depth, lane_caps, takeovers  value: one number for each lane (m, m/s, calls per metre)
    retries                      value: (for each crane, for each block), chances
    stop, release                value: (machine's id, cause)
    gate_close, gate_open        value: a cause
    arrivals                     value: list of `twin.ports.Arrival` (when a road brings the trucks)
    """

    at_us: int
    what: str
    value: Any


def make_engine(name: str, terminal: Terminal | Plan, *args: Any, **options: Any) -> Engine:
    """An engine by name, `simpy` or `fast`; further arguments as `port.control.Engine` takes them."""
    if name == "simpy":
        from port.simpy_engine import SimpyEngine

        return SimpyEngine(terminal, *args, **options)
    if name == "fast":
        from port.fast.engine import FastEngine

        return FastEngine(terminal, *args, **options)
    raise ValueError(f"no engine '{name}': there are {' and '.join(ENGINES)}")


def simulate(
    terminal: Terminal | Plan,
    seed: int,
    duration_us: int,
    engine: str = "fast",
    policy: str | Policy = "fifo_nearest",
    changes: Sequence[Change] = (),
    start: datetime = MIDNIGHT,
    road: bool = False,
    level: int = 1,
    tell: Callable[..., None] = lambda *_, **__: None,
) -> Engine:
    """Run a completed terminal for a while and give its engine: `rows()`, `trace`, `world`, and `headline`.

    Changes are made in order of time; those of one time in the order given. level : of the event log (0, 1, 2).
    """
    made = make_engine(engine, terminal, seed, start, duration_us, tell, policy, road, level)
    play(made, changes, duration_us)
    return made


def play(engine: Engine, changes: Sequence[Change], until_us: int) -> None:
    """Advance to `until_us` with these changes on the way."""
    for change in sorted(changes, key=lambda c: c.at_us):
        if change.at_us >= until_us:
            break
        engine.advance(change.at_us)
        make(engine, change)
    engine.advance(until_us)


def make(engine: Engine, change: Change) -> None:
    """Make one change now. ValueError for an unknown one."""
    what, value = change.what, change.value
    if what in ("stop", "release"):
        name, cause = value
        machine = next((m for m in engine.machines if m.id == name), None)
        if machine is None:
            raise ValueError(f"there is no machine '{name}' in the terminal")
        (engine.stop if what == "stop" else engine.release)(machine, cause)
        return
    acts: dict[str, Callable[[Any], None]] = {
        "wind": engine.set_wind,
        "visibility": engine.set_visibility,
        "power": engine.set_power,
        "rain": engine.set_rain,
        "feeders": lambda shares: engine.set_power(1.0, shares),
        "unit_out": lambda both: engine.layers.set_unit(both[0], both[1], fails=True),
        "unit_back": lambda both: engine.layers.set_unit(both[0], both[1], fails=False),
        "cellular_out": lambda cause: engine.layers.set_cellular(cause, fails=True),
        "cellular_back": lambda cause: engine.layers.set_cellular(cause, fails=False),
        "depth": engine.set_depth,
        "lane_caps": engine.set_lane_caps,
        "takeovers": engine.set_takeover_rates,
        "retries": lambda both: engine.set_retries(*both),
        "gate_close": engine.gate.close,
        "gate_open": engine.gate.open,
        "arrivals": engine.arrive,
    }
    if what not in acts:
        raise ValueError(f"no change '{what}': there are {', '.join(acts)}, stop and release")
    acts[what](value)


def headline(engine: Engine) -> dict[str, Metric]:
    """The headline figures, as the coupled run reports them."""
    from port.metrics import summary

    return summary(engine)
