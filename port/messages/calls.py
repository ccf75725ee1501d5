"""A call of a terminal's file that names its ship's papers gets its numbers of boxes from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from twin.scenario.base import InputFile

if TYPE_CHECKING:
    from port.messages.stowage import Work

KEYS = ("bayplan", "coprar")


def work_of_call(data: dict[str, Any], context: Any) -> tuple[dict[str, Any], Work | None]:
    """The call's data with `discharge` and `load` filled in, and its work.

    ValueError when the papers are broken, hold no box for this port, or contradict numbers given beside them. A file
    that is not there is left to the field's own check.
    """
    from port.messages.stowage import read_work

    file = TypeAdapter(InputFile)
    try:
        paths = [file.validate_python(data[k], context=context) if data.get(k) else None for k in KEYS]
    except ValidationError:
        return {"discharge": 0, "load": 0, **data}, None
    work = read_work(*paths)
    found = {"discharge": len(work.discharge), "load": len(work.load)}
    for key, count in found.items():
        if data.get(key, count) != count:
            raise ValueError(f"{key}: {data[key]}, but the ship's papers have {count}: leave `{key}` out")
    if not any(found.values()):
        raise ValueError("the ship's papers hold no box to discharge or to load here")
    return {**data, **found}, work
