"""What a branch costs: forking the warm polder, and an hour simulated in a branch against the same hour in the run.

python benchmarks/drainage/branches.py
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("NUMBA_THREADING_LAYER", "workqueue")

from drainage.dispatch.branch import run_branches, supported
from drainage.dispatch.plans import Plan
from drainage.model import DrainageModel
from twin.clock import US
from twin.environment import WeatherModel
from twin.model import Journal
from twin.scenario import load, setup_for

REPOSITORY = Path(__file__).resolve().parents[2]
MINUTE, HOUR = 60 * US, 3600 * US
REPEATS = 5


def pair(folder: Path) -> tuple[WeatherModel, DrainageModel]:
    """Weather and drainage of the polder; the horizon of branches is an hour."""
    scenario = load(
        REPOSITORY / "scenarios/polder/polder.yaml",
        ["drainage.dispatch.mpc.horizon=1 h", "drainage.dispatch.policy=rules", "drainage.dispatch.forecast.lead=1 h"],
    )
    made = [setup_for(scenario, name, folder, Journal()) for name in ("weather", "drainage")]
    return WeatherModel(made[0]), DrainageModel(made[1])


def go(weather: WeatherModel, model: DrainageModel, until_us: int) -> None:
    """As the scheduler does it: the weather first, then drainage with it."""
    while model.now_us < until_us:
        weather.advance(model.now_us + MINUTE)
        for port in ("rain", "tide", "rain_forecast", "tide_forecast"):
            model.put(port, weather.take(port))
        model.advance(model.now_us + MINUTE)


def wall(action: Callable[[], object]) -> float:
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def main() -> None:
    if not supported():
        print("branches need fork and /proc: nothing to measure here")
        return
    with tempfile.TemporaryDirectory() as name:
        weather, model = pair(Path(name))
        try:
            go(weather, model, 4 * HOUR)
            control = model.dispatch
            assert control is not None
            empty = min(wall(lambda: run_branches([lambda: None], 1, 60.0)) for _ in range(REPEATS))

            def branch() -> object:
                return control._branch(Plan(), model.now_us + MINUTE)

            inside = min(wall(lambda: run_branches([branch], 1, 600.0)) for _ in range(REPEATS))
            straight = wall(lambda: go(weather, model, 5 * HOUR))
        finally:
            model.close()
    print(f"{'':42s}{'ms':>9s}")
    print(f"{'fork, private files, an answer, end':42s}{1e3 * empty:9.1f}")
    print(f"{'a branch that simulates the storm hour':42s}{1e3 * inside:9.1f}")
    print(f"{'the same hour in the run itself':42s}{1e3 * straight:9.1f}")
    print(f"a branch costs {inside / straight:.2f} times the run it tries")


if __name__ == "__main__":
    main()
