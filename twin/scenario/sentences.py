"""Validation errors as sentences that a planner understands, each with its path in the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from twin.scenario.fields import is_model, keys_of, types_at
from twin.scenario.problems import Problem, suggest

KeyPath = tuple[str | int, ...]


def validate(
    model: type[BaseModel], data: Any, context: Mapping[str, Any], at: KeyPath, also: Sequence[str] = ()
) -> tuple[Any, list[Problem]]:
    """The validated model, or None and its problems, which stand below the path `at`.

    also : keys that are no fields of the model but may stand beside them (for suggestions).
    """
    try:
        return model.model_validate(data, context=dict(context)), []
    except ValidationError as error:
        return None, problems_of(error, model, data, at, also)


def problems_of(
    error: ValidationError, model: type[BaseModel], data: Any, at: KeyPath, also: Sequence[str] = ()
) -> list[Problem]:
    """One problem for each place that is wrong. Where several kinds of value may stand, the nearest kind speaks."""
    found: dict[KeyPath, dict[tuple[Any, ...], list[dict[str, Any]]]] = {}
    errors: list[dict[str, Any]] = [dict(item) for item in error.errors(include_url=False)]
    for item in errors:
        loc = item["loc"]
        if item["type"] == "too_short" and any(
            len(e["loc"]) > len(loc) and e["loc"][: len(loc)] == loc for e in errors
        ):
            continue  # entries that are wrong are not counted, which is no problem of its own
        path, choices, fork = _in_file(loc, data, item["type"] == "missing")
        key = path[:fork] if choices else path
        found.setdefault(key, {}).setdefault(choices, []).append({**item, "path": path})
    problems: list[Problem] = []
    for fork_path, by_choice in found.items():
        for group in _nearest(fork_path, by_choice):
            texts = list(dict.fromkeys(_sentence(item, model, data, also) for item in group))
            problems.append(Problem((*at, *group[0]["path"]), ", or: ".join(texts)))
    return problems


def _nearest(fork: KeyPath, by_choice: dict[tuple[Any, ...], list[dict[str, Any]]]) -> list[list[dict[str, Any]]]:
    """Groups of errors, each of which becomes one sentence.

    Only the alternative that the writer meant speaks: one that got deeper into the value than its outside. When none
    did, all alternatives speak in one sentence.
    """
    if () in by_choice or len(by_choice) == 1:
        return [[item] for items in by_choice.values() for item in items]
    deep = {choice: items for choice, items in by_choice.items() if any(len(i["path"]) > len(fork) for i in items)}
    if deep:
        best = min(
            deep.values(),
            key=lambda items: (sum(i["type"] in ("missing", "extra_forbidden") for i in items), len(items)),
        )
        return [[item] for item in best]
    mismatched = ("model_type", "model_attributes_type", "dict_type", "list_type", "tuple_type", "none_required")
    items = [item for items in by_choice.values() for item in items]
    return [[item for item in items if item["type"] not in mismatched] or items]


def _in_file(loc: tuple[Any, ...], data: Any, missing: bool) -> tuple[KeyPath, tuple[Any, ...], int]:
    """The part of pydantic's location that exists in the file, the names of alternatives in it, and where they fork."""
    path: list[str | int] = []
    choices: list[Any] = []
    fork = 0
    for index, part in enumerate(loc):
        if (isinstance(data, dict) and part in data) or (
            isinstance(data, (list, tuple)) and isinstance(part, int) and part < len(data)
        ):
            path.append(part)
            data = data[part]
        elif missing and index == len(loc) - 1:
            path.append(part)
        elif part != "[key]":
            if not choices:
                fork = len(path)
            choices.append(part)
    return tuple(path), tuple(choices), fork


def _sentence(item: dict[str, Any], model: type[BaseModel], data: Any, also: Sequence[str]) -> str:
    kind, path = item["type"], item["path"]
    if kind == "missing" and isinstance(path[-1], int):
        return "has too few entries"
    if kind == "missing":
        return f"'{path[-1]}' is missing{_doc(model, path)}"
    if kind == "extra_forbidden":
        known = [*(keys_of(types_at(model, path[:-1])) or []), *(also if len(path) == 1 else ())]
        hint = suggest(str(path[-1]), known) or (f" Known here: {', '.join(known)}" if known else "")
        return f"unknown key '{path[-1]}'.{hint}"
    make = _SENTENCES.get(kind)
    if make is not None:
        return make(item.get("ctx", {}), _show(item.get("input")))
    text = str(item["msg"]).replace("Input should be", "must be")
    return f"{_show(item.get('input'))}: {text[:1].lower()}{text[1:]}"


def _doc(model: type[BaseModel], path: KeyPath) -> str:
    """What a missing key is for: the first sentence of its docstring."""
    for arm in types_at(model, path[:-1]):
        if is_model(arm) and path[-1] in arm.model_fields and arm.model_fields[path[-1]].description:
            doc = arm.model_fields[path[-1]].description.splitlines()[0].rstrip(".")
            return f" ({doc[0].lower() if doc[1:2].islower() or doc[1:2] == ' ' else doc[0]}{doc[1:]})"
    return ""


def _show(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "...'"


def _choice(ctx: Mapping[str, Any], shown: str) -> str:
    expected = str(ctx.get("expected", ""))
    known = [word.strip().strip("'") for word in expected.replace(" or ", ", ").split(",")]
    return f"{shown} is not one of {expected.replace(' or ', ', ')}.{suggest(shown.strip(chr(39)), known)}"


def _own(ctx: Mapping[str, Any], shown: str) -> str:
    return str(ctx["error"])


def _items(count: Any, word: str) -> str:
    return f"needs {word} {count} {'entry' if count == 1 else 'entries'}"


Sentence = Callable[[Mapping[str, Any], str], str]


def _must(what: str) -> Sentence:
    return lambda ctx, shown: f"must be {what}, not {shown}"


_NUMBER = _must("a number")
_WHOLE = _must("a whole number")
_TEXT = _must("a text")
_TRUTH = _must("true or false")
_MAPPING = _must("a mapping of keys and values")
_LIST = _must("a list")
_TIME = _must("a date and time such as '2026-07-01T16:00+08:00'")

_SENTENCES: dict[str, Sentence] = {
    "value_error": _own,
    "assertion_error": _own,
    "literal_error": _choice,
    "enum": _choice,
    "string_type": _TEXT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _must("a finite number"),
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "none_required": _must("left out"),
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": lambda ctx, shown: f"{shown} has no offset from UTC: write it like '2026-07-01T16:00+08:00'",
    "greater_than": lambda ctx, shown: f"must be more than {ctx['gt']:g}, not {shown}",
    "greater_than_equal": lambda ctx, shown: f"must be at least {ctx['ge']:g}, not {shown}",
    "less_than": lambda ctx, shown: f"must be less than {ctx['lt']:g}, not {shown}",
    "less_than_equal": lambda ctx, shown: f"must be at most {ctx['le']:g}, not {shown}",
    "too_short": lambda ctx, shown: _items(ctx["min_length"], "at least"),
    "too_long": lambda ctx, shown: _items(ctx["max_length"], "at most"),
    "string_too_short": lambda ctx, shown: "must not be empty" if ctx["min_length"] == 1 else f"{shown} is too short",
    "string_too_long": lambda ctx, shown: f"{shown} is longer than {ctx['max_length']} letters",
    "string_pattern_mismatch": lambda ctx, shown: f"{shown} does not have the form {ctx['pattern']}",
    "union_tag_not_found": lambda ctx, shown: (
        f"says not what it is: {str(ctx.get('discriminator', '')).strip(chr(39))} is missing"
    ),
    "union_tag_invalid": lambda ctx, shown: _choice({"expected": ctx.get("expected_tags", "")}, repr(ctx.get("tag"))),
}
