"""What the coupling costs beside SUMO itself: depths on every street at each exchange, no closure, some, and a flood.

On the built city of Adlershof, the first minutes of its demand. Per case: process time inside SUMO's step, and of all
else that the model does (depths to limits and closures, trips looked at, outputs taken), per exchange of 60 s. What
closures cost SUMO itself (its router, its lane permissions) is told apart. The first row is SUMO without the model:
the same files and options, stepped to the end.

    python benchmarks/traffic/coupling.py [MINUTES [CASE ...]]

Cases: alone, dry, rising, wet, closures, flood; all when left out.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from twin.clock import to_us
from twin.model import Journal, Setup

CITY = Path(__file__).resolve().parents[2] / "scenarios" / "adlershof" / "city"


class Clock:
    """Process time spent inside wrapped calls."""

    def __init__(self) -> None:
        self.spent_s = 0.0

    def wrap(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            begin = time.process_time()
            try:
                return call(*args, **kwargs)
            finally:
                self.spent_s += time.process_time() - begin

        return timed


class Told:
    """A part of libsumo whose calls are timed."""

    def __init__(self, real: Any, clock: Clock, names: tuple[str, ...]) -> None:
        self._real = real
        for name in names:
            setattr(self, name, clock.wrap(getattr(real, name)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def depths(case: str, minute: int, n: int) -> np.ndarray:
    """(n,) depths: all 0, rising by 1 mm a minute everywhere, or drawn anew up to 12 cm, with hollows that flood."""
    if case == "rising":
        return np.random.default_rng(1).uniform(0.03, 0.15, n) + 0.001 * min(minute, 60)
    if case in ("alone", "dry"):
        return np.zeros(n)
    depth = np.random.default_rng(minute).uniform(0.0, 0.12, n)
    flooded = {"wet": 0.0, "closures": 0.004, "flood": 0.03}.get(case, 0.0)
    hollows = np.random.default_rng(3).random(n) < flooded
    depth[hollows] = 0.4 if minute >= 5 else 0.1
    return depth


def setup_in(folder: str, minutes: int) -> Setup:
    """The section as a scenario would have it."""
    from traffic.config import TrafficConfig

    context = {"folder": CITY, "root": "/"}
    section = TrafficConfig.model_validate({"network": "city.net.xml", "demand": ["demand.rou.xml"]}, context=context)
    return Setup(
        section="traffic", config=section, start=datetime(2026, 7, 1, 16, tzinfo=UTC), duration_us=to_us(60 * minutes),
        exchange_us=to_us(60), seed=7, folder=Path(folder), journal=Journal(),
    )  # fmt: skip


def plain(minutes: int) -> tuple[float, int]:
    """(process time of SUMO's steps in s, vehicles on the road at the end) without the model."""
    from traffic.demand import inputs_of
    from traffic.model import _command
    from traffic.sumo import Simulation

    with tempfile.TemporaryDirectory() as folder:
        setup = setup_in(folder, minutes)
        sim = Simulation(_command(inputs_of(setup.config), setup), Path(folder) / "errors.log")
        begin = time.process_time()
        for _ in range(60 * minutes):
            sim.step()
        spent = time.process_time() - begin
        running = int(sim.lib.vehicle.getIDCount())
        sim.close()
    return spent, running


def run(case: str, minutes: int) -> tuple[float, float, float, int]:
    """(SUMO's steps, SUMO's router and permissions, all else in s of process time, closed edges)."""
    from traffic.domain import DOMAIN

    with tempfile.TemporaryDirectory() as folder:
        model: Any = DOMAIN.build(setup_in(folder, minutes))
        steps, router, lib = Clock(), Clock(), model.sim.lib
        own_step = lib.simulationStep
        lib.simulationStep = steps.wrap(own_step)
        model.trips.vehicle = Told(model.trips.vehicle, router, ("rerouteTraveltime",))
        model.roads._before_closing = router.wrap(model.roads._before_closing)
        model.roads.lib = Told(lib, router, ())
        model.roads.lib.lane = Told(lib.lane, router, ("setDisallowed",))
        water = [depths(case, minute, len(model.network.edges)) for minute in range(minutes)]
        begin = time.process_time()
        for minute in range(minutes):
            if case != "alone":
                model.put("depth", water[minute])
            model.advance(to_us(60 * (minute + 1)))
            for port in ("running", "halting", "mean_speed", "stranded", "closed_edges"):
                model.take(port)
        spent = time.process_time() - begin
        lib.simulationStep = own_step
        closed = len(model.roads.closed)
        model.close()
    return steps.spent_s, router.spent_s, spent - steps.spent_s - router.spent_s, closed


def main() -> None:
    """Print the table; or why there is none."""
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    if not (CITY / "city.net.xml").is_file():
        print("no city to run on: twin build scenarios/adlershof/city.build.yaml")
        return
    cases = {
        "alone": "no depths given",
        "dry": "depths given, all 0",
        "rising": "depth on every street, 1 mm more a minute",
        "wet": "depth on every street drawn anew each minute",
        "closures": "and 0.4 % of streets closed from minute 5",
        "flood": "and 3 % of streets closed from minute 5",
    }
    wanted = sys.argv[2:] or list(cases)
    if strange := [case for case in wanted if case not in cases]:
        print(f"no case {', '.join(strange)}: there are {', '.join(cases)}")
        return
    alone, running = plain(minutes)
    print(f"{minutes} min of Adlershof, exchange every 60 s; process time, s")
    print(
        f"{'case':<46}{'SUMO steps':>11}{'router, lanes':>14}{'coupling':>10}{'ms/exchange':>12}{'share':>8}{'shut':>6}"
    )
    print(f"{f'SUMO without the model ({running} vehicles at the end)':<46}{alone:>11.2f}")
    for case in wanted:
        words = cases[case]
        steps, router, rest, closed = run(case, minutes)
        share, each = 100 * rest / steps, 1000 * rest / minutes
        print(
            f"{words:<46}{steps:>11.2f}{router:>14.2f}{rest:>10.3f}{each:>12.1f}{share:>7.1f}%{closed:>6}", flush=True
        )


if __name__ == "__main__":
    main()
