"""Which models there are: two of the core (weather, assets), and all that installed packages offer.

A package offers a domain as an entry point of the group `twin.domains`, whose name is the section of the scenario and
whose value is a `twin.model.Domain`. A domain is imported only when a scenario uses its section.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from twin.model import Domain
from twin.scenario.problems import ScenarioError

GROUP = "twin.domains"
_CORE = (
    EntryPoint("weather", "twin.environment:DOMAIN", GROUP),
    EntryPoint("assets", "twin.assets:DOMAIN", GROUP),
)


@cache
def _offers() -> dict[str, EntryPoint]:
    """Section -> entry point: the core's two first, the others by name."""
    offers = {point.name: point for point in _CORE}
    for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        if offers.setdefault(point.name, point).value != point.value:
            raise ScenarioError(
                [
                    f"two installed packages offer the section '{point.name}': {offers[point.name].value} and "
                    f"{point.value}. Uninstall one of them"
                ]
            )
    return offers


@cache
def _load(section: str) -> Domain:
    point = _offers()[section]
    try:
        domain = point.load()
    except Exception as error:
        raise ScenarioError(
            [f"the model of section '{section}' cannot be loaded from {point.value}: {type(error).__name__}: {error}"]
        ) from error
    if not isinstance(domain, Domain) or domain.section != section:
        raise ScenarioError([f"{point.value} is not a domain for the section '{section}'"])
    return domain


class Installed(Mapping[str, Domain]):
    """All domains by section. Asking for a section imports its domain; listing the sections imports none."""

    def __getitem__(self, section: str) -> Domain:
        if section not in _offers():
            raise KeyError(section)
        return _load(section)

    def __iter__(self) -> Iterator[str]:
        return iter(_offers())

    def __len__(self) -> int:
        return len(_offers())

    def __contains__(self, section: object) -> bool:
        return section in _offers()


INSTALLED = Installed()


def names() -> tuple[str, ...]:
    """The sections that a scenario may have, without importing any model."""
    return tuple(INSTALLED)


def get(section: str) -> Domain:
    """The domain of a section. KeyError when there is none; ScenarioError when it cannot be loaded."""
    return INSTALLED[section]


def find() -> dict[str, Domain]:
    """All domains, imported."""
    return dict(INSTALLED)
