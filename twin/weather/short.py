"""Parts of the weather that may be written as one text, and the rule that exactly one of several keys is given."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pydantic import GetJsonSchemaHandler, model_validator

from twin.scenario.base import Section
from twin.scenario.quantities import parse

_NUMBER_LIKE = re.compile(r"\s*[-+]?\.?(\d|(inf|nan)\b)", re.IGNORECASE)


class Short(Section):
    """A section that may also be written as one text: a quantity, or the name of a file."""

    QUANTITY: ClassVar[tuple[str, str]] = ("", "")
    """The key that a quantity stands for, and its unit."""
    SHORT_FILE: ClassVar[bool] = True
    """The text may be the name of a file (the key `series`)."""

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        key, unit = cls.QUANTITY
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return {key: value}
        if not isinstance(value, str):
            return value
        try:
            parse(value, unit)
        except ValueError:
            if _NUMBER_LIKE.match(value) and not value.lower().endswith(".csv"):
                return {key: value}
            return {"series": value}
        return {key: value}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        whole = handler.resolve_ref_schema(handler(core))
        about = {key: whole.pop(key) for key in ("title", "description") if key in whole}
        text = {"type": "string", "description": f"a value in {cls.QUANTITY[1]}, or the name of a CSV file"}
        whole_copy = dict(whole)
        whole.clear()
        whole.update(about | {"anyOf": [text, whole_copy]})
        return whole


def one_of(section: Section, keys: tuple[str, ...]) -> str:
    """The one of `keys` that is given; ValueError when it is not exactly one."""
    given = [key for key in keys if getattr(section, key) is not None]
    if len(given) != 1:
        raise ValueError(f"give exactly one of {', '.join(keys)}" + (f", not {' and '.join(given)}" if given else ""))
    return given[0]
