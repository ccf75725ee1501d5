"""Parameters of the queue engine in a file: what `twin traffic fit` writes and `traffic.queue.parameters` reads."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from traffic.fast.rules import Rules
from twin.whole import whole


@dataclass(frozen=True)
class Parameters:
    """Rules of driving, and paces of turns (from edge, to edge) that were fitted to a run of SUMO."""

    rules: Rules = field(default_factory=Rules)
    pace: dict[tuple[str, str], float] = field(default_factory=dict)


def read_parameters(path: Path | None) -> Parameters:
    """The file's parameters, or those that belong to no file. Raises `ValueError` with a sentence."""
    if path is None:
        return Parameters()
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from error
    if not isinstance(found, dict) or not found.keys() <= {"rules", "pace", "fitted"}:
        raise ValueError(f"{path.name} holds no parameters of the queue engine (`rules`, `pace`)")
    known = {f.name for f in fields(Rules)}
    rules = found.get("rules") or {}
    for key, value in rules.items():
        if key not in known:
            raise ValueError(f"{path.name}: no rule '{key}'; there are {', '.join(sorted(known))}")
        if not isinstance(value, int | float):
            raise ValueError(f"{path.name}: rule '{key}' must be a number, not {value!r}")
    pace = {}
    for row in found.get("pace") or ():
        if not (isinstance(row, list) and len(row) == 3 and isinstance(row[2], int | float) and row[2] > 0):
            raise ValueError(f"{path.name}: a pace is [from edge, to edge, factor above 0], not {row!r}")
        pace[str(row[0]), str(row[1])] = float(row[2])
    return Parameters(Rules(**rules), pace)


def write_parameters(path: Path, parameters: Parameters, fitted: dict[str, Any]) -> None:
    """Write what `read_parameters` reads; `fitted` says to what, and how well."""
    from ruamel.yaml import YAML

    standard = Rules()
    rules = {
        f.name: getattr(parameters.rules, f.name)
        for f in fields(Rules)
        if getattr(parameters.rules, f.name) != getattr(standard, f.name)
    }
    pace = [[a, b, round(x, 4)] for (a, b), x in sorted(parameters.pace.items())]
    yaml = YAML(typ="safe", pure=True)
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    with whole(path) as part, part.open("w", encoding="utf-8") as stream:
        yaml.dump({"fitted": fitted, "rules": rules, "pace": pace}, stream)
