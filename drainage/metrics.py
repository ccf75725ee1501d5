"""What a planner reads at the end of a run: headline figures and tables of the streets and of the sewers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drainage.gathered import Gathered
from drainage.metrics_sewer import sewer_summary, sewer_tables
from drainage.metrics_surface import place_name, surface_summary, surface_tables
from twin.model import Metric, Table

if TYPE_CHECKING:
    from drainage.model import DrainageModel


def summary(model: DrainageModel) -> dict[str, Metric]:
    """Headline figures; those of the surface only where there is one."""
    found: dict[str, Metric] = {}
    if model.surface:
        found |= surface_summary(model) | model.outside.metrics()
    if model.swmm:
        found |= sewer_summary(model) | model.covers.metrics()
    return found


def tables(model: DrainageModel) -> dict[str, Table]:
    """Tables by name: those that the run can fill."""
    found: dict[str, Table] = {}
    if model.surface:
        found |= surface_tables(model) | model.outside.tables()
    if model.swmm:
        found |= sewer_tables(model)
    return found


__all__ = ["Gathered", "place_name", "summary", "tables"]
