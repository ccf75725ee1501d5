"""A scenario's drainage alone, under a design storm: the weather and the drainage, nothing else of the drill."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from twin.scenario.problems import ScenarioError

if TYPE_CHECKING:
    from drainage.model import DrainageModel
    from twin.scenario import Scenario

SHORTEST_H, LONGEST_H = 0.25, 24.0


@dataclass(frozen=True)
class DesignStorm:
    """The storm that a city is tested with. `formula`: a city's name, or {a, c, b, n}."""

    formula: Any
    return_period_a: float
    duration_h: float
    peak: float | None


def formula_of(text: str | None, scenario: Scenario) -> Any:
    """The formula that `--formula` names (a city, or `a,c,b,n`), else that of the scenario's own storm."""
    if text is not None:
        if "," not in text:
            return text
        parts = text.split(",")
        try:
            numbers = [float(p) for p in parts]
        except ValueError:
            numbers = []
        if len(numbers) != 4:
            raise ScenarioError(
                [f"--formula {text}: give a city, or four numbers a,c,b,n of i = a(1 + c lg P)/(t + b)^n"]
            )
        return dict(zip(("a", "c", "b", "n"), numbers, strict=True))
    rain = getattr(scenario.sections.get("weather"), "rain", None)
    own = getattr(rain, "design_storm", None)
    if own is None:
        raise ScenarioError(
            [f"{scenario.shown}: its rain is no design storm: name the city's storm formula with --formula"]
        )
    return own if isinstance(own, str) else own.model_dump()


def alone(scenario: Scenario, storm: DesignStorm, duration_h: float) -> Scenario:
    """The scenario with its drainage and this storm only: no other model, no timeline, no expectations."""
    from twin.clock import to_us
    from twin.domains import INSTALLED
    from twin.weather.config import Weather

    if "drainage" not in scenario.sections:
        raise ScenarioError([f"{scenario.shown}: there is no section `drainage` to test"])
    if scenario.sections["drainage"].terrain is None:
        raise ScenarioError(
            [f"{scenario.shown}: `drainage` has no `terrain`, so there is no water on its streets to test"]
        )
    rain = {
        "design_storm": storm.formula, "return_period": f"{storm.return_period_a:g} a",
        "duration": f"{storm.duration_h * 60:g} min", "peak": storm.peak,
    }  # fmt: skip
    try:
        wet = Weather.model_validate({"rain": {k: v for k, v in rain.items() if v is not None}})
    except ValidationError as error:
        raise ScenarioError(
            [f"the design storm: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        ) from error
    before = scenario.sections.get("weather")
    weather = wet if before is None else before.model_copy(update={"rain": wet.rain, "wind": None, "visibility": None})
    return replace(
        scenario,
        clock=replace(scenario.clock, duration_us=to_us(duration_h * 3600.0)),
        sections={"weather": weather, "drainage": scenario.sections["drainage"]},
        domains={"weather": INSTALLED["weather"], "drainage": INSTALLED["drainage"]},
        schedule=[],
        expect=[],
    )


@contextmanager
def finished(scenario: Scenario) -> Iterator[tuple[DrainageModel, list[str]]]:
    """The drainage model at the end of the run, still open, and the warnings of its checks."""
    from twin.engine import Engine
    from twin.model import Journal
    from twin.run import build_models, close_all, couple, run_checks

    warnings = run_checks(scenario)
    with tempfile.TemporaryDirectory(prefix="twin-storm-") as folder:
        journals: dict[str, Journal] = {}
        models = build_models(scenario, Path(folder), journals)
        try:
            links = couple(scenario, models)
            clock = scenario.clock
            engine = Engine(models, links, journals, [], clock.duration_us, clock.exchange_us)
            engine.run()
            ledger = engine.ledger()
            if not ledger.closed:
                warnings += ledger.problems()
            yield models["drainage"], warnings  # type: ignore[misc]
        finally:
            close_all(models)
