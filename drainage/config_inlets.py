"""What a scenario may say about inlets and covers: the keys `inlets` and `covers` of the section, and their verbs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from twin.scenario.base import InputFile, Section, Verb
from twin.scenario.quantities import Area, Distance, Duration

Kind = Literal["manhole", "grate", "curb", "grate_and_curb"]
Length = Annotated[Distance, Field(gt=0)]


class InletsConfig(Section):
    """Openings between street and sewer. What is said here holds for all nodes that `file` does not name."""

    kind: Kind = "manhole"
    """`manhole`: an open hole, by Rubinato et al. (2017). `grate`, `curb`, `grate_and_curb`: gullies, by HEC-22."""
    file: InputFile | None = None
    """Inlets by node, as CSV or GeoJSON points with the columns node, kind, length, width, perimeter, area, height
    (m, m2), clogging (0 to 1), count, cover (gully only: none). Several rows for a node add up."""
    from_sewer: bool = True
    """Take [INLETS] and [INLET_USAGE] of the sewer file as the geometry of the nodes that they lead to."""
    length: Length | None = None
    """Of a grate or curb opening, along the kerb. Default 0.5 m, a common gully grate (DN 500 x 500, EN 124)."""
    width: Length | None = None
    """Of a grate, across the kerb. Default 0.5 m."""
    height: Length | None = None
    """Of a curb opening. Default 0.12 m, a common kerb's."""
    perimeter: Length | None = None
    """Edge over which water falls in. Default: that of a round hole, or of a grate less its kerb side."""
    area: Annotated[Area | None, Field(gt=0)] = None
    """Clear opening. Default: `opening` for manholes, half of length x width for grates (bars take the rest)."""
    clogging: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Share of perimeter and opening that leaves and litter close. HEC-22 advises 0.5 for grates in sags."""
    count: Annotated[int, Field(ge=1)] = 1
    """Inlets of this kind at each node."""
    free_weir: Annotated[float, Field(gt=0, le=1)] = 0.54
    """Weir coefficient of a manhole whose pipe stands below the street: q = 2/3 C P sqrt(2g) d^1.5."""
    submerged_weir: Annotated[float, Field(gt=0, le=1)] = 0.056
    """Weir coefficient of a manhole whose pipe stands above the crest, under shallow water."""
    cap: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Orifice coefficient that a free weir never exceeds: a sharp-edged hole."""


class CoversConfig(Section):
    """Covers over the manholes' shafts. They are shut; pressure from below lifts them."""

    lift: Annotated[Distance, Field(gt=0)] = 0.2
    """Head above street or rim that lifts a cover: weight / (density of water x area). 56 kg, a round cast-iron cover
    of class D400 and 0.6 m clear opening (makers' data), weigh as much as 0.2 m of water over 0.283 m2."""
    after_lift: Literal["falls_back", "stays_off"] = "falls_back"
    """What becomes of a lifted cover: it falls back into its frame, or it is washed aside and the hole stays open."""
    calm: Annotated[Duration, Field(ge=0)] = 60.0
    """A lifted cover falls back when the head under it has been below half of `lift` for so long."""
    area: Annotated[Area, Field(gt=0)] = 0.2827
    """Hole under the cover: 0.6 m in diameter."""
    vents: Annotated[Area, Field(ge=0)] = 0.002
    """Pick and vent holes of a shut cover."""
    locked: bool = False
    """Bolted covers: no pressure lifts them."""
    hazard_depth: Distance = 0.05
    """Water over an open hole from which on people and drivers do not see it: ripples hide the edge."""


class CoverDisplaced(Verb):
    """A manhole's cover lies beside its hole. At the end it is put back."""

    node: str
    """Id of the manhole in the sewer file."""


class CoverStolen(Verb):
    """A manhole's cover is gone. At the end a new one is put in."""

    node: str
    """Id of the manhole in the sewer file."""


COVER_VERBS: dict[str, type[Verb]] = {"cover_displaced": CoverDisplaced, "cover_stolen": CoverStolen}
