"""Values as JSON knows them, always the same text for the same value."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """`value` in Python's own types; what is not a finite number becomes None, because JSON has no NaN."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (date, Path)):
        return str(value)
    raise TypeError(f"{value!r} ({type(value).__name__}) cannot be written as JSON")


def line(entry: Mapping[str, Any]) -> str:
    """One line of JSON with sorted keys."""
    return json.dumps(plain(entry), sort_keys=True, ensure_ascii=False, separators=(", ", ": "))
