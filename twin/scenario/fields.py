"""What a pydantic model says about a path in the file: which keys may stand there, and which values name a file."""

from __future__ import annotations

import os
import types
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, RootModel

from twin.scenario.base import InputFile
from twin.scenario.source import Node

_FILE_MARKS = get_args(InputFile)[1:]


def arms(annotation: Any) -> list[Any]:
    """The alternatives of a type: `A | None` gives A and None; `Annotated` is unwrapped, but files stay marked."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        return [InputFile] if _is_file(marks) else arms(inner)
    if get_origin(annotation) in (Union, types.UnionType):
        return [arm for part in get_args(annotation) for arm in arms(part)]
    return [annotation]


def _is_file(marks: Iterable[Any]) -> bool:
    return any(mark is known for mark in marks for known in _FILE_MARKS)


def _may_be_file(arm: Any) -> bool:
    """A file, or a section whose short form is the name of a file."""
    return arm == InputFile or getattr(arm, "SHORT_FILE", False)


def is_model(arm: Any) -> bool:
    return isinstance(arm, type) and issubclass(arm, BaseModel)


def _is_mapping(arm: Any) -> bool:
    origin = get_origin(arm)
    return isinstance(origin, type) and issubclass(origin, Mapping)


@cache
def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """Key in the file -> annotation. Annotated marks that pydantic keeps apart are put back."""
    found = {}
    for name, field in model.model_fields.items():
        annotation = field.annotation
        if _is_file(field.metadata):
            annotation = InputFile
        found[field.alias or name] = annotation
    return found


def step(annotation: Any, key: str | int) -> list[Any]:
    """The types that may stand under a key or an index of a value of this type."""
    found: list[Any] = []
    for arm in arms(annotation):
        origin, args = get_origin(arm), get_args(arm)
        if is_model(arm):
            if issubclass(arm, RootModel):
                found += step(arm.model_fields["root"].annotation, key)
            elif key in _fields(arm):
                found += arms(_fields(arm)[str(key)])
        elif isinstance(key, int) and origin in (list, tuple, Sequence, set, frozenset):
            fixed = origin is tuple and not (len(args) == 2 and args[1] is Ellipsis)
            if fixed:
                found += arms(args[key]) if key < len(args) else []
            else:
                found += arms(args[0]) if args else []
        elif isinstance(key, str) and _is_mapping(arm):
            found += arms(args[1])
    return found


def types_at(annotation: Any, path: Iterable[str | int]) -> list[Any]:
    """The types that may stand at a path below a value of this type."""
    now = arms(annotation)
    for key in path:
        now = below(now, key)
    return now


def below(now: Iterable[Any], key: str | int) -> list[Any]:
    """The types that may stand under a key of values of any of these types."""
    return [found for arm in now for found in step(arm, key)]


def keys_of(annotations: Iterable[Any]) -> list[str] | None:
    """The keys that models among these types know; None when any of them takes any key."""
    keys: list[str] = []
    for arm in annotations:
        if is_model(arm) and not issubclass(arm, RootModel):
            keys += _fields(arm)
        elif arm in (Any, object, dict) or (_is_mapping(arm) and not is_model(arm)):
            return None
    return keys


def anchor_files(node: Node, now: list[Any], folder: Path) -> Node:
    """The tree with file names from files in other folders made relative to `folder`. Changes no node in place.

    now : the types that may stand here.
    """
    if isinstance(node.value, dict):
        children = {key: anchor_files(child, below(now, key), folder) for key, child in node.value.items()}
        return Node(children, node.place, node.folder, node.key)
    if isinstance(node.value, list):
        items = [anchor_files(child, below(now, index), folder) for index, child in enumerate(node.value)]
        return Node(items, node.place, node.folder, node.key)
    if isinstance(node.value, str) and node.folder != folder and any(map(_may_be_file, now)):
        only_file = all(arm == InputFile or arm is type(None) for arm in now)
        if only_file or (node.folder / node.value).exists():
            return Node(os.path.relpath(node.folder / node.value, folder), node.place, node.folder, node.key)
    return node
