"""The scenario written out: every default, quantities with their units, times since the start."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from twin.clock import offset_text, to_s
from twin.scenario.merge import KeyPath

if TYPE_CHECKING:
    from twin.scenario.scenario import Scenario
    from twin.scenario.timeline import Scheduled


def resolved(scenario: Scenario) -> dict[str, Any]:
    """Plain data in a fixed order: the top, the sections, the timeline, the expectations."""
    data = _dump(scenario.top)
    data["name"] = scenario.name
    for section, config in scenario.sections.items():
        data[section] = _dump(config)
    if scenario.schedule:
        data["timeline"] = [_entry(entry) for entry in scenario.schedule]
    if scenario.expect:
        data["expect"] = [_dump(expectation) for expectation in scenario.expect]
    return _tidy(data, scenario.folder, scenario.root)


def to_yaml(data: dict[str, Any]) -> str:
    """Block style YAML 1.2 in the order of `data`."""
    from ruamel.yaml import YAML

    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False
    yaml.width = 10_000
    yaml.allow_unicode = True
    out = io.StringIO()
    yaml.dump(data, out)
    return out.getvalue()


def leaves(data: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    """Every scalar (and every empty list or mapping) with its path."""
    if isinstance(data, dict) and data:
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif isinstance(data, list) and data:
        for index, value in enumerate(data):
            yield from leaves(value, (*path, index))
    else:
        yield path, data


def _dump(model: BaseModel) -> Any:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def _entry(entry: Scheduled) -> dict[str, Any]:
    data: dict[str, Any] = {"id": entry.event.id}
    if entry.when is not None:
        data["when"] = entry.when.text
        if not entry.once:
            data["repeat"] = True
    else:
        data["at"] = offset_text(entry.at_us or 0)
    data["do"] = f"{entry.section}.{entry.event.verb}"
    if entry.until_us is not None:
        data["until"] = offset_text(entry.until_us) if entry.when is None else f"{to_s(entry.until_us):.15g} s"
    data |= _dump(entry.event.args)
    if entry.note:
        data["note"] = entry.note
    return data


def _tidy(data: Any, folder: Path, root: Path) -> Any:
    """Absolute file names (only files inside `root` begin like that) become relative to the scenario's folder."""
    if isinstance(data, dict):
        return {key: _tidy(value, folder, root) for key, value in data.items()}
    if isinstance(data, list):
        return [_tidy(value, folder, root) for value in data]
    if isinstance(data, str) and data.startswith(f"{root}{os.sep}"):
        return os.path.relpath(data, folder)
    return data
