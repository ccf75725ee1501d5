"""Which field of a city's layer says what: guessed from common names, overruled by a mapping file.

A mapping file is YAML:

    fields: {upstream_invert: START_IL, downstream_invert: END_IL, diameter: PIPE_DIA}
    units: {elevation: m, diameter: mm, length: m}
    missing: [-99]
    keep: {Sewer_Type: [STORM]}
    drop: {PIPE_TYPE: [ABANDONED]}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from twin.scenario.problems import ScenarioError, choose

COMMON: dict[str, tuple[str, ...]] = {
    "id": ("pipeid", "facilityid", "assetid", "compkey", "gisid", "gid", "objectid", "id"),
    "upstream_node": ("startnode", "upstreamm", "upstreammh", "upstreamnode", "usnode", "upnode", "fromnode",
                      "fromnodeid", "usnodeid", "frommh", "startmh", "upmh"),
    "downstream_node": ("endnode", "downstream", "downstreammh", "downstreamnode", "dsnode", "dnnode", "tonode",
                        "tonodeid", "dsnodeid", "tomh", "endmh", "dnmh"),
    "upstream_invert": ("startil", "startinvelev", "upstreame", "upstreamelev", "upstreaminvert", "usinvert",
                        "upinvert", "invup", "usil", "frominvert", "startinvert", "upelev", "invertup"),
    "downstream_invert": ("endil", "endinvelev", "downstre1", "downstreamelev", "downstreaminvert", "dsinvert",
                          "dninvert", "invdn", "dsil", "toinvert", "endinvert", "dnelev", "invertdn"),
    "upstream_ground": ("startgl", "startcovelev", "upstreamground", "usground", "usgl", "fromrim", "rimup",
                        "startrim"),
    "downstream_ground": ("endgl", "endcovelev", "downstreamground", "dsground", "dsgl", "torim", "rimdn", "endrim"),
    "diameter": ("pipedia", "pipesize", "diameter", "dia", "diam", "size", "nominaldiameter", "width", "pipewidth"),
    "height": ("pipeheigh", "pipeheight", "height"),
    "shape": ("pipeshape", "shape", "xsection", "crosssection"),
    "material": ("pipematrl", "pipematerial", "material", "mat", "pipetype"),
    "length": ("grndlength", "pipelengt", "pipelength", "length", "len", "shapelength", "shapeleng"),
    "street": ("stname", "streetnam", "streetname", "street", "road"),
}  # fmt: skip
"""Names in use by cities, lower case without signs. The first that stands in a layer is taken."""
STATUS = ("status", "utlstatus", "servicest", "servicestatus", "pipetype", "lifecycle", "condition")
"""Fields that may say that a main is gone."""
GONE = ("abandoned", "removed", "retired", "proposed", "future")
"""Words of a status that say that a main carries no water."""
NO_VALUE = (-99.0, -999.0, -9999.0, -99999.0)
"""What layers write where a level is not known."""
LENGTHS_M = {"m": 1.0, "ft": 0.3048, "mm": 1e-3, "cm": 1e-2, "in": 0.0254}

LengthUnit = Literal["m", "ft", "mm", "cm", "in"]


class Units(BaseModel):
    """Units of the layer; where left out: m, mm (or in beside feet), m."""

    model_config = ConfigDict(extra="forbid")
    elevation: LengthUnit = "m"
    diameter: LengthUnit = "mm"
    length: LengthUnit = "m"


class FieldMap(BaseModel):
    """A mapping file."""

    model_config = ConfigDict(extra="forbid")
    fields: dict[str, str] = {}
    units: Units = Units()
    missing: list[float] = []
    keep: dict[str, list[str]] = {}
    drop: dict[str, list[str]] = {}


def read_mapping(path: Path | None) -> FieldMap:
    """A mapping from a YAML file; the empty one without a file. `ScenarioError` says what is wrong with it."""
    if path is None:
        return FieldMap()
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return FieldMap.model_validate(YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {})
    except YAMLError as error:
        raise ScenarioError([f"{path.name} is no YAML: {' '.join(str(error).split())}"]) from error
    except ValidationError as error:
        places = [(".".join(map(str, e["loc"])), e["msg"]) for e in error.errors()]
        raise ScenarioError([f"{path.name}  {place}: {text}" for place, text in places]) from error


def resolve(given: Mapping[str, str], known: Sequence[str], filled: Sequence[str], file: str) -> dict[str, str]:
    """Our name -> the layer's field: those given first, then by `COMMON` among the fields that are not empty.

    Raises `ScenarioError` for a name that is not ours, or a field that is not the layer's (`known`).
    """
    wrong = []
    for ours, theirs in given.items():
        if ours not in COMMON:
            wrong.append(f"fields: nothing is called '{ours}'.{choose(ours, COMMON)}")
        elif theirs not in known:
            wrong.append(f"fields.{ours}: {file} has no field '{theirs}'.{choose(theirs, known)}")
    if wrong:
        raise ScenarioError(wrong)
    plain = {"".join(c for c in name.lower() if c.isalnum()): name for name in reversed(filled)}
    found = dict(given)
    for ours, names in COMMON.items():
        for name in names:
            if ours not in found and name in plain:
                found[ours] = plain[name]
    return found


def number(value: Any, missing: Sequence[float]) -> float | None:
    """The value as a number; None for nothing, for what is no number, and for the layer's words for unknown."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return None if found != found or abs(found) == float("inf") or found in missing or found in NO_VALUE else found
