"""The scenario's section `assets`, its verbs, and what assets say to the models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field, RootModel, model_validator

from twin.ports import Direction, Join, Kind, Port, Record
from twin.scenario.base import Section, Verb
from twin.scenario.quantities import Distance
from twin.scenario.sections import Span


def _ident(text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"must be a text, not {text!r}: put it in quotes")
    return text


Ident = Annotated[str, BeforeValidator(_ident)]


class Asset(Section):
    """A piece of equipment at a point, what it feeds, and the water that it bears."""

    id: Ident
    """Short name, unique among the assets."""
    name: str = ""
    """What people call it."""
    at: tuple[float, float]
    """[x, y] in m, in the scenario's coordinate system."""
    fails_at: Distance = 0.3
    """Depth of water at which it fails."""
    returns_below: Distance = 0.1
    """Depth below which the water must have fallen before it can work again."""
    recovery: Span = 1800.0
    """How long that takes from then on (drying, inspection)."""
    feeds: tuple[Ident, ...] = ()
    """What gets its power from here: `water.PU1`, `drainage.P3`, `port.terminal`."""

    @model_validator(mode="after")
    def _falls_back(self) -> Asset:
        if self.returns_below > self.fails_at:
            raise ValueError("`returns_below` must not be more than `fails_at`")
        for load in self.feeds:
            section, dot, name = load.partition(".")
            if not (section and dot and name):
                raise ValueError(f"feeds: {load!r} is not of the form section.name, like 'water.PU1'")
        return self


class Assets(RootModel[tuple[Asset, ...]]):
    """The section `assets`: a list."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="after")
    def _unique(self) -> Assets:
        ids = [asset.id for asset in self.root]
        twice = sorted({ident for ident in ids if ids.count(ident) > 1})
        if twice:
            raise ValueError(f"two assets have the id '{twice[0]}'")
        return self

    @property
    def loads(self) -> tuple[str, ...]:
        """All loads that are fed, each once, in the order of the list."""
        return tuple(dict.fromkeys(load for asset in self.root for load in asset.feeds))


class OnAsset(Verb):
    """Names an asset."""

    asset: str = Field(min_length=1)
    """The asset's id."""


class Fail(OnAsset):
    """It fails now, whatever the water does, until `until` or `assets.restore`."""


class Restore(OnAsset):
    """It works again at once, if the water lets it; a failure by the timeline is over."""


PORTS = (
    Port(
        "depth",
        "m",
        Direction.IN,
        Kind.STATE,
        at="asset",
        quantity="surface__depth",
        join=Join.ALONG_MAX,
        doc="Water that stands at the asset.",
    ),
    Port(
        "power",
        "1",
        Direction.OUT,
        Kind.STATE,
        at="load",
        quantity="power__available",
        doc="1 while any asset that feeds the load works, else 0.",
    ),
    Port(
        "down",
        "1",
        Direction.OUT,
        Kind.STATE,
        at="city",
        record=Record.SERIES,
        doc="How many assets do not work.",
    ),
)
VERBS: dict[str, type[Verb]] = {"fail": Fail, "restore": Restore}
