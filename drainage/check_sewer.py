"""What is wrong inside a sewer file although each line reads well: found, named and located before SWMM is started."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from drainage.config import DrainageConfig
from drainage.network import SewerFile
from drainage.terrain import TerrainError
from drainage.zones import read_zones
from twin.model import Setup
from twin.places import Grid
from twin.scenario.problems import Problem, choose, suggest

if TYPE_CHECKING:
    from drainage.build import Manhole
    from drainage.surface import Surface

APART_M, REFUSED_M = 2.0, 10.0
"""A rim this far from the ground above it is told; beyond the second no datum or typing error can be run over."""
SHOWN = 12


def check_network(setup: Setup, path: Path) -> list[Problem]:
    """Links that end nowhere, land that drains nowhere or has no rain, inflows at nodes that do not exist."""
    sewer = SewerFile.read(path)
    try:
        found = [*_links(setup, sewer), *_land(setup, sewer), *_inflows(setup, sewer)]
    except ValueError:
        return []  # a word where a number belongs: SWMM names its line
    if len(found) > SHOWN:
        more = Problem((setup.section, "sewer"), f"{path.name} has {len(found) - SHOWN} more of these")
        return [*found[:SHOWN], more]
    return found


def _at(setup: Setup, sewer: SewerFile, line: int, text: str) -> Problem:
    return Problem((setup.section, "sewer"), text, where=f"{sewer.path.name}:{line}")


def _links(setup: Setup, sewer: SewerFile) -> Iterator[Problem]:
    for link in sewer.links.values():
        for node in link.nodes:
            if node not in sewer.nodes:
                yield _at(
                    setup, sewer, link.line, f"{link.kind} '{link.id}' ends at '{node}', which is no node."
                    f"{choose(node, sewer.nodes)}",
                )  # fmt: skip


def _land(setup: Setup, sewer: SewerFile) -> Iterator[Problem]:
    names = {row.tokens[0] for row in sewer.rows("SUBCATCHMENT")}
    gages = {row.tokens[0] for row in sewer.rows("RAINGAGE")}
    for row in sewer.rows("SUBCATCHMENT"):
        if len(row.tokens) < 3 or row.tokens[2] == "*":
            yield _at(
                setup, sewer, row.line, f"subcatchment '{row.tokens[0]}' has no outlet: name the node it drains to"
            )
            continue
        id, gage, outlet = row.tokens[:3]
        if outlet not in sewer.nodes and outlet not in names:
            text = f"subcatchment '{id}' drains to '{outlet}', which is no node.{choose(outlet, sewer.nodes)}"
            yield _at(setup, sewer, row.line, text)
        if gage not in gages and gage != "*":
            yield _at(setup, sewer, row.line, f"subcatchment '{id}' has no rain gage '{gage}'.{choose(gage, gages)}")


def _inflows(setup: Setup, sewer: SewerFile) -> Iterator[Problem]:
    for heading, words in (("INFLOW", "an inflow"), ("DWF", "a dry-weather flow"), ("RDII", "an RDII inflow")):
        for row in sewer.rows(heading):
            id = row.tokens[0]
            if id not in sewer.nodes:
                yield _at(
                    setup, sewer, row.line, f"{words} enters at '{id}', which is no node.{choose(id, sewer.nodes)}"
                )


def check_rims(setup: Setup, name: str, manholes: list[Manhole]) -> Iterator[Problem]:
    """Rims against the ground above them: more than 2 m apart is told, more than 10 m refused."""
    told = [m for m in manholes if m.cell >= 0 and m.node.depth_m > 0]
    for above, word, rule in (
        (False, "below", "the ground is taken for their rim"),
        (True, "above", "water reaches them only when it stands as high as the rim"),
    ):

        def apart(m: Manhole, above: bool = above) -> float:
            return (m.rim_m - m.bed_m) if above else (m.bed_m - m.rim_m)

        off = sorted((m for m in told if apart(m) > APART_M), key=apart, reverse=True)
        if not off:
            continue
        worst = off[0]
        x, y = worst.node.xy or (0.0, 0.0)
        names = ", ".join(f"{m.node.id} {apart(m):.1f} m" for m in off[:SHOWN])
        more = f" and {len(off) - SHOWN} more" if len(off) > SHOWN else ""
        refused = apart(worst) > REFUSED_M
        limit = REFUSED_M if refused else APART_M
        count = sum(apart(m) > limit for m in off)
        text = (
            f"the rims of {count} of {len(told)} manholes lie more than {limit:g} m {word} the ground "
            f"({names}{more}; the first at x {x:.0f}, y {y:.0f})"
        )
        text += (
            ". Mend their invert or depth, or the terrain's datum: no run can be trusted with these"
            if refused
            else f": {rule}. Are both heights of one datum and unit?"
        )
        yield Problem((setup.section, "sewer"), text, warn=not refused, where=f"{name}:{worst.node.line}")


def check_planners(setup: Setup, config: DrainageConfig, sewer: SewerFile | None) -> Iterator[Problem]:
    """Outfalls that the section calls overflows."""
    outfalls = [n.id for n in sewer.of_kind("outfall")] if sewer else []
    for k, id in enumerate(config.overflows):
        if id not in outfalls:
            where = sewer.path.name if sewer else "the scenario, which has no `sewer`"
            yield Problem((setup.section, "overflows", k), f"no outfall '{id}' in {where}.{suggest(id, outfalls)}")


def check_exposed(setup: Setup, config: DrainageConfig, surface: Surface) -> Iterator[Problem]:
    """Areas and people that cannot be read or lie off the terrain."""
    from drainage.exposure import read_exposed

    grid: Grid = surface.grid
    if config.areas is not None:
        try:
            read_zones(grid, config.areas)
        except TerrainError as error:
            yield Problem((setup.section, "areas"), f"{config.areas.name} {error}")
    if config.people is not None:
        try:
            read_exposed(grid, surface.open, config.buildings, config.people)
        except TerrainError as error:
            yield Problem((setup.section, "people"), f"{config.people.name} {error}")
