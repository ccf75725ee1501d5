"""The JSON Schema of scenario files, generated from the sections and verbs of all installed models.

Editors read it for completion and for the meaning of keys. It says less than the loader: a file that extends another
may leave out what its base says, so keys that must be there somewhere are not demanded of every file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from twin.model import Domain
from twin.scenario.expect import Expectation
from twin.scenario.sections import Top
from twin.scenario.timeline import RESERVED

FILE_NAME = "scenario.schema.json"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_ENTRY: dict[str, Any] = {
    "id": {"type": "string", "description": "Name of the entry; `section.verb#n` where it is left out."},
    "at": {"type": "string", "description": "When: since the start, or a time of day.", "examples": ["+2 h", "18:00"]},
    "when": {
        "type": "string",
        "description": "The condition that makes it happen.",
        "examples": ["max(drainage.depth) > 0.27 m for 10 min"],
    },
    "until": {"type": "string", "description": "When it ends; with `when`, how long after.", "examples": ["+5 h"]},
    "repeat": {"type": "boolean", "description": "With `when`: each time the condition becomes true anew."},
    "note": {"type": "string", "description": "Why, for the report."},
}


def build(domains: Mapping[str, Domain] | None = None) -> dict[str, Any]:
    """The schema for these domains; for all that are installed where none are given."""
    if domains is None:
        from twin.domains import find

        domains = find()
    defs: dict[str, Any] = {}
    top = _schema(Top, "scenario", defs)
    properties = dict(top["properties"])
    for section, domain in domains.items():
        schema = _schema(domain.config, section, defs)
        _relax(schema, defs)
        properties[section] = {"description": domain.title, "anyOf": [schema, {"type": "null"}]}
    verbs = [_entry(section, verb, model, defs) for section, d in domains.items() for verb, model in d.verbs.items()]
    properties["timeline"] = {
        "type": "array",
        "description": "What happens: each entry at a time or when a condition becomes true.",
        "items": {"anyOf": verbs} if verbs else False,
    }
    properties["expect"] = {
        "type": "array",
        "description": "What must hold at the end.",
        "items": _schema(Expectation, "expect", defs),
    }
    for name in ("clock", "city", "results"):
        _relax(properties[name], defs)
    return {
        "$schema": DIALECT,
        "title": "City twin scenario",
        "type": "object",
        "properties": properties,
        "anyOf": [{"required": ["extends"]}, {"required": ["twin", "clock"]}],
        "additionalProperties": False,
        "$defs": dict(sorted(defs.items())),
    }


def text(domains: Mapping[str, Domain] | None = None) -> str:
    """The schema as it ships."""
    return json.dumps(build(domains), indent=1, ensure_ascii=False) + "\n"


def shipped() -> Path:
    """The file that ships with the package."""
    return Path(str(files("twin.scenario").joinpath(FILE_NAME)))


def _schema(model: type[BaseModel], prefix: str, defs: dict[str, Any]) -> dict[str, Any]:
    """The model's schema; its definitions go to `defs` under names of its own."""
    schema = model.model_json_schema(ref_template=f"#/$defs/{prefix}.{{model}}")
    for name, definition in schema.pop("$defs", {}).items():
        defs[f"{prefix}.{name}"] = definition
    return schema


def _entry(section: str, verb: str, model: type[BaseModel], defs: dict[str, Any]) -> dict[str, Any]:
    schema = _schema(model, f"{section}.{verb}", defs)
    clash = set(RESERVED) & set(schema.get("properties", {}))
    if clash:
        raise ValueError(f"{section}.{verb} has arguments whose names every entry uses itself: {sorted(clash)}")
    about = {"description": schema["description"]} if "description" in schema else {}
    return {
        "title": f"{section}.{verb}",
        **about,
        "type": "object",
        "properties": {"do": {"const": f"{section}.{verb}"}, **_ENTRY, **schema.get("properties", {})},
        "required": ["do", *schema.get("required", [])],
        "oneOf": [{"required": ["at"]}, {"required": ["when"]}],
        "additionalProperties": False,
    }


def _relax(schema: Any, defs: dict[str, Any], seen: frozenset[str] = frozenset()) -> None:
    """Takes `required` away from mappings that a base file may complete: all that is not inside a list."""
    if not isinstance(schema, dict):
        return
    schema.pop("required", None)
    name = str(schema.get("$ref", "")).removeprefix("#/$defs/")
    if name in defs and name not in seen:
        _relax(defs[name], defs, seen | {name})
    for part in [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *schema.get("oneOf", [])]:
        _relax(part, defs, seen)
