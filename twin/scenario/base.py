"""What all sections of a scenario share: strict keys, quantities with units, files inside the scenario's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationInfo, WithJsonSchema


class Section(BaseModel):
    """A section of a scenario, or any part of one. Unknown keys are errors; defaults are checked like input."""

    model_config = ConfigDict(extra="forbid", validate_default=False, use_attribute_docstrings=True, frozen=True)


class Verb(BaseModel):
    """The arguments of a timeline verb. `until` is common to all verbs that can be undone and lives in the timeline."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, frozen=True)


def _inside(text: Any, info: ValidationInfo) -> Path:
    """The file that `text` names, if it exists and lies inside the folder that the scenario may read."""
    if not isinstance(text, (str, Path)) or not str(text).strip():
        raise ValueError("give the name of a file")
    context = info.context or {}
    folder = Path(context.get("folder", ".")).resolve()
    root = Path(context.get("root", folder)).resolve()
    if isinstance(text, Path) and text.is_absolute():
        return text
    path = (folder / text).resolve()
    if not path.is_relative_to(root):
        raise ValueError(
            f"'{text}' leaves the scenario's folder: copy or link the file into {root.name}/, "
            "or name a folder above both with --root"
        )
    if not path.exists():
        near = path.parent
        from twin.scenario.problems import suggest

        known = [p.name for p in near.iterdir()] if near.is_dir() else []
        raise ValueError(f"there is no file '{text}' in {folder.name}/.{suggest(path.name, known)}")
    if path.is_dir():
        raise ValueError(f"'{text}' is a folder, not a file")
    return path


InputFile = Annotated[
    Path,
    BeforeValidator(_inside),
    PlainSerializer(lambda path: str(path), return_type=str),
    WithJsonSchema({"type": "string", "description": "a file, relative to the scenario's folder"}),
]
"""A path in a scenario: relative to the scenario's file, absolute and existing in Python."""
