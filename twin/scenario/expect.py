"""What must hold: an expectation on a headline figure, with its verdict in words."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema, model_validator

from twin.model import Domain, Metric
from twin.scenario.base import Section
from twin.scenario.problems import Problem, suggest
from twin.scenario.quantities import parse

_COMPARISONS = ("below", "above", "equals", "between")
ALIKE = 0.85
"""From this likeness on a name is taken for a misspelt one (a letter more, less or swapped in eight)."""


def _limit(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("give a number, or a number with a unit such as '50 m3'")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value!r} is not a finite number")
    return value


Limit = Annotated[
    int | float | str,
    BeforeValidator(_limit),
    WithJsonSchema({"type": ["string", "number"], "examples": ["50 m3", 3]}),
]
"""A quantity with a unit, or a bare number in the metric's own unit."""


class Expectation(Section):
    """A limit on a headline figure. Below and above are strict; between holds its ends; equals to one in 10^9."""

    metric: str
    """The figure, as section.name: `water.unserved`."""
    below: Limit | None = None
    """The figure must be less."""
    above: Limit | None = None
    """The figure must be more."""
    equals: Limit | None = None
    """The figure must be this."""
    between: tuple[Limit, Limit] | None = None
    """The figure must not be less than the first nor more than the second."""
    doc: str = ""
    """Why it must hold, for the report."""

    @model_validator(mode="after")
    def _one(self) -> Expectation:
        if len(self._given) != 1:
            raise ValueError(f"give exactly one of {', '.join(_COMPARISONS)}")
        section, dot, name = self.metric.partition(".")
        if not (section and dot and name):
            raise ValueError(f"metric: {self.metric!r} is not of the form section.name, like 'water.unserved'")
        return self

    @property
    def _given(self) -> list[str]:
        return [name for name in _COMPARISONS if getattr(self, name) is not None]

    @property
    def section(self) -> str:
        return self.metric.partition(".")[0]

    @property
    def text(self) -> str:
        """`water.unserved below 50 m3`."""
        kind = self._given[0]
        limit = getattr(self, kind)
        return f"{self.metric} {kind} " + (f"{limit[0]} and {limit[1]}" if kind == "between" else str(limit))

    def verdict(self, metric: Metric | None, known: tuple[str, ...] = ()) -> tuple[bool, str]:
        """Whether it holds, and a sentence.

        metric : the run's figure with its unit; None when the run has no such figure, which is a failure.
        known : names of the figures that the run has, for a suggestion.
        """
        if metric is None:
            return False, f"{self.text}: the run has no figure {self.metric}.{suggest(self.metric, known)}"
        if metric.value is None:
            return False, f"{self.text}: {self.metric} has no value in this run"
        kind = self._given[0]
        limit = getattr(self, kind)
        if isinstance(metric.value, str):
            if kind != "equals":
                return False, f"{self.text}: {self.metric} is the text {metric.value!r}: compare it by `equals`"
            good = metric.value == limit
            return good, f"{self.metric} is {metric.value!r}, " + ("as expected" if good else f"not {limit!r}")
        try:
            limits = [_in_unit(part, metric.unit) for part in (limit if kind == "between" else (limit,))]
        except ValueError as error:
            return False, f"{self.text}: {error}"
        value = float(metric.value)
        good = {
            "below": lambda: value < limits[0],
            "above": lambda: value > limits[0],
            "equals": lambda: math.isclose(value, limits[0], rel_tol=1e-9, abs_tol=1e-12),
            "between": lambda: limits[0] <= value <= limits[-1],
        }[kind]()
        wanted = self.text.removeprefix(f"{self.metric} ").replace("equals ", "")
        shown = f"{value:.{metric.digits}f}" if isinstance(metric.value, float) else str(metric.value)
        if not good and isinstance(metric.value, float) and not _tells(shown, limits, kind):
            shown = f"{value:.10g}"
        unit = f" {metric.unit}" if metric.unit not in ("", "1") else ""
        return good, f"{self.metric} is {shown}{unit}, {'' if good else 'not '}{wanted}"


def check_metrics(expectations: Sequence[Expectation], domains: Mapping[str, Domain]) -> Iterator[Problem]:
    """Figures that no run will have, told before one begins: an error where the domain declares all of its figures,
    else a warning where the name looks like a misspelt headline."""
    for index, expectation in enumerate(expectations):
        domain = domains.get(expectation.section)
        if domain is None:
            continue
        name = expectation.metric.partition(".")[2]
        known = domain.metrics or domain.headlines
        if name in known:
            continue
        at = ("expect", index, "metric")
        hint = suggest(name, known)
        if domain.metrics:
            more = hint or f" It has {', '.join(domain.metrics)}"
            yield Problem(at, f"'{expectation.section}' has no figure '{name}'.{more}")
        elif hint and difflib.SequenceMatcher(None, name, hint.split("'")[1]).ratio() >= ALIKE:
            text = f"'{expectation.metric}' is not among the headline figures, but looks like one.{hint}"
            yield Problem(at, text, warn=True)


def _in_unit(limit: int | float | str, unit: str) -> float:
    return parse(limit, unit or "1") if isinstance(limit, str) else float(limit)


def _tells(shown: str, limits: list[float], kind: str) -> bool:
    """Whether the rounded figure still shows that the limit was missed ('50.0 m3, not below 50 m3' does)."""
    value = float(shown)
    if kind == "below":
        return value >= limits[0]
    if kind == "above":
        return value <= limits[0]
    if kind == "equals":
        return value != limits[0]
    return not limits[0] <= value <= limits[-1]
