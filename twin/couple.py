"""Who speaks to whom: ports of two models meet when one gives and the other takes the same quantity.

The table of couplings is therefore never written by hand: it follows from the ports that the models declare, and a
new domain joins the city by naming its quantities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.links import Link, LinkError
from twin.model import Model
from twin.places import Grid, Lines, Points
from twin.ports import Direction, Join, Kind, Port
from twin.scenario.quantities import factor
from twin.spatial import join


@dataclass(frozen=True)
class Pair:
    """A giving and a taking port: `drainage.depth -> traffic.depth`."""

    source: str
    out: Port
    target: str
    into: Port

    @property
    def name(self) -> str:
        return f"{self.source}.{self.out.name} -> {self.target}.{self.into.name}"


def pairs(ports_by_section: Mapping[str, Sequence[Port]]) -> list[Pair]:
    """All couplings among these sections, in the order of the sections and of their tables."""
    givers = [(s, p) for s, ports in ports_by_section.items() for p in ports if p.direction is Direction.OUT]
    takers = [(s, p) for s, ports in ports_by_section.items() for p in ports if p.direction is Direction.IN]
    return [
        Pair(source, out, target, into)
        for source, out in givers
        for target, into in takers
        if out.quantity and out.quantity == into.quantity and source != target
    ]


def linked_ports(ports_by_section: Mapping[str, Sequence[Port]]) -> dict[str, frozenset[str]]:
    """For each section the names of its ports that have a partner."""
    linked: dict[str, set[str]] = {section: set() for section in ports_by_section}
    for pair in pairs(ports_by_section):
        linked[pair.source].add(pair.out.name)
        linked[pair.target].add(pair.into.name)
    return {section: frozenset(names) for section, names in linked.items()}


def make_links(models: Mapping[str, Model]) -> list[Link]:
    """The links of built models, with their mapping matrices; `LinkError` where two ports do not fit."""
    links = [_link(models, pair) for pair in pairs({name: model.ports for name, model in models.items()})]
    given: dict[tuple[str, str], str] = {}
    for link in links:
        key = (link.source, link.out)
        if link.kind is not Kind.STATE and key in given:
            raise LinkError(
                f"{link.source}.{link.out} would be given twice, to {given[key]} and to {link.target}.{link.into}: "
                "an amount has one taker"
            )
        given[key] = f"{link.target}.{link.into}"
    return links


def _link(models: Mapping[str, Model], pair: Pair) -> Link:
    out, into = pair.out, pair.into
    if out.kind is not into.kind:
        raise LinkError(f"{pair.name}: one is declared {out.kind}, the other {into.kind}")
    source, target = models[pair.source].places[out.at], models[pair.target].places[into.at]
    scale = 1.0 if out.kind is Kind.ARRIVALS else factor(out.unit, into.unit)
    mapping = None
    if out.kind is not Kind.ARRIVALS:
        mapping = join(source, target, into.join, out.kind, prefix=pair.target)
        if out.kind is Kind.AMOUNT:
            share = np.asarray(mapping.sum(axis=0)).ravel()
            lost = np.flatnonzero(np.abs(share - 1.0) > 1e-12)
            if lost.size and not isinstance(source, Grid):
                names = ", ".join(source.ids[i] for i in lost[:3])
                raise LinkError(
                    f"{pair.name}: {lost.size} of {source.size} places (first: {names}) have nowhere to give to: "
                    "they lie outside the other model's ground. Check that both networks use the scenario's `crs`"
                )
    if out.kind is Kind.STATE and into.join is not Join.SAME_ID and mapping is not None:
        spatial = isinstance(source, (Grid, Points, Lines)) and isinstance(target, (Grid, Points, Lines))
        if spatial and mapping.nnz == 0 and target.size:
            raise LinkError(
                f"{pair.name}: no place of one lies on the other; the two networks do not overlap. "
                "Check that both use the scenario's `crs`"
            )
    return Link(
        pair.source, out.name, pair.target, into.name, out.kind, into.unit, scale, into.join, mapping, into.default
    )
