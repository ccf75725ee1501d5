"""Closure cases from a file: each a name, places, and when they are closed to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from traffic.fast.cases import Case
from traffic.network import RoadNetwork, known_edge
from traffic.verb_args import _road_classes
from twin.scenario.problems import suggest
from twin.scenario.quantities import Duration


class CaseRow(BaseModel):
    """One case of the file."""

    model_config = ConfigDict(extra="forbid")

    name: str
    edges: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    begin: Annotated[Duration, Field(ge=0)] = 0.0
    """On the demand's own clock."""
    end: Duration | None = None
    """The closure lasts to the end of the run when left out."""
    classes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sensible(self) -> CaseRow:
        if not self.edges and not self.streets:
            raise ValueError("name the `edges` or `streets` that are closed")
        if self.end is not None and self.end <= self.begin:
            raise ValueError("`end` must come after `begin`")
        _road_classes(self.classes)
        return self


def read_cases(path: Path, network: RoadNetwork) -> list[Case]:
    """The cases of a YAML file: `cases: [{name, edges or streets, begin, end, classes}]`. Raises `ValueError`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if not path.is_file():
        raise ValueError(f"{path}: there is no such file")
    try:
        found = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    rows = found.get("cases") if isinstance(found, dict) else found
    if not isinstance(rows, list) or not rows:
        raise ValueError(f"{path.name} lists no cases: write `cases:` and a list of {{name, edges, begin, end}}")
    cases, names = [], set()
    for number, row in enumerate(rows, 1):
        where = f"{path.name}, case {number}"
        try:
            one = CaseRow.model_validate(row)
            edges = [known_edge(edge, network) for edge in one.edges]
            for street in one.streets:
                known = network.edges_of_street(street)
                if not known:
                    raise ValueError(f"no street '{street}'.{suggest(street, network.streets)}")
                edges += known
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise ValueError(
                f"{where}: {key + ': ' if key else ''}{first['msg'].removeprefix('Value error, ')}"
            ) from None
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
        if one.name in names:
            raise ValueError(f"{where}: the name '{one.name}' is taken: every name once")
        names.add(one.name)
        cases.append(Case(one.name, tuple(dict.fromkeys(edges)), one.begin, one.end, one.classes or None))
    return cases
