"""Scenario files: one YAML file describes a drill. `load` reads one; docs/scenario.md is the reference.

    scenario = twin.scenario.load("drill.yaml", ["clock.duration=2 h"])
    setup = twin.scenario.setup_for(scenario, "water", folder, journal)

Everything here is imported on first use, because every domain imports the small modules of this package.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.scenario.expect import Expectation
    from twin.scenario.loader import load
    from twin.scenario.problems import Problem, ScenarioError
    from twin.scenario.scenario import Origin, Scenario
    from twin.scenario.setup import check_inputs, seed_for, setup_for
    from twin.scenario.timeline import Scheduled
    from twin.scenario.trigger import Trigger

__all__ = [
    "Expectation",
    "Origin",
    "Problem",
    "Scenario",
    "ScenarioError",
    "Scheduled",
    "Trigger",
    "check_inputs",
    "load",
    "seed_for",
    "setup_for",
]

_HOME = {
    "Expectation": "expect",
    "Origin": "scenario",
    "Problem": "problems",
    "Scenario": "scenario",
    "ScenarioError": "problems",
    "Scheduled": "timeline",
    "Trigger": "trigger",
    "check_inputs": "setup",
    "load": "loader",
    "seed_for": "setup",
    "setup_for": "setup",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
