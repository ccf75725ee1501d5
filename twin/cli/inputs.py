"""The commands that only look at a scenario: `twin validate`, `twin explain`, `twin schema`.

Each returns its exit code; bad input raises `ScenarioError`, which the command line prints.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twin.clock import hhmm
from twin.scenario import Scenario, check_inputs, load

LONG_LIST, SHOWN = 8, 4
"""A list of more plain values than this is one row of `twin explain`, with its first few."""


def validate_command(path: Path, sets: Sequence[str] = (), root: Path | None = None) -> int:
    """Loads the scenario and has every model check its input files. 0 when a run can begin, else 2."""
    scenario = load(path, sets, root)
    if scenario.baseline is not None:
        from twin.cli.run import load_baseline

        load_baseline(scenario, root)
    problems = check_inputs(scenario)
    for problem in problems:
        print(("warning  " if problem.warn else "") + scenario.locate(problem), file=sys.stderr)
    wrong = sum(not problem.warn for problem in problems)
    if wrong:
        print(f"{scenario.shown}  {_count(wrong, 'problem')}", file=sys.stderr)
        return 2
    print(f"{scenario.shown}  is good: {_about(scenario)}")
    return 0


def explain_command(path: Path, sets: Sequence[str] = (), root: Path | None = None) -> int:
    """Prints every value of the resolved scenario with its origin, and what is coupled with what."""
    scenario = load(path, sets, root)
    print(f"{scenario.name}: {_about(scenario)}\n")
    for line in values(scenario):
        print(line)
    print()
    for line in couplings(scenario):
        print(line)
    return 0


def schema_command(write: bool = False) -> int:
    """Prints the JSON Schema of scenario files, or writes it to where it ships."""
    from twin.scenario import schema

    if write:
        schema.shipped().write_text(schema.text(), encoding="utf-8")
        print(f"wrote {schema.shipped()}")
    else:
        sys.stdout.write(schema.text())
    return 0


def values(scenario: Scenario) -> list[str]:
    """`key  value  origin`, one line a value, in columns."""
    from twin.scenario.merge import path_text
    from twin.scenario.resolved import leaves

    rows = [(path_text(path), text, path) for path, text in _folded(list(leaves(scenario.resolved())))]
    wide = max(len(name) for name, _, _ in rows)
    long = min(48, max(len(value) for _, value, _ in rows))
    return [f"{name:<{wide}}  {value:<{long}}  {scenario.origin(path).text}" for name, value, path in rows]


def _folded(found: list[tuple[Any, Any]]) -> list[tuple[Any, str]]:
    """Each value as text; the members of a long list as one row that names the first few and counts them."""
    rows: list[tuple[Any, str]] = []
    for above, group in itertools.groupby(found, key=lambda row: row[0][:-1] if _in_list(row[0]) else row[0]):
        members = list(group)
        if len(members) > LONG_LIST:
            first = ", ".join(_show(value) for _, value in members[:SHOWN])
            rows.append((above, f"[{first} and {len(members) - SHOWN} more]"))
        else:
            rows += [(path, _show(value)) for path, value in members]
    return rows


def _in_list(path: Any) -> bool:
    return bool(path) and isinstance(path[-1], int)


def couplings(scenario: Scenario) -> list[str]:
    """What passes between the models of this scenario, and which inputs stay at their default."""
    from twin.couple import pairs
    from twin.ports import Direction

    ports = scenario.ports()
    linked = pairs(ports)
    rows = [
        (pair.out.quantity, f"{pair.source}.{pair.out.name}", f"{pair.target}.{pair.into.name}", f"{pair.out.kind}")
        for pair in linked
    ]
    lines = [f"coupled ({_count(len(rows), 'link')})"]
    widths = [max((len(row[i]) for row in rows), default=0) for i in range(3)]
    for quantity, source, target, kind in rows:
        lines.append(f"  {quantity:<{widths[0]}}  {source:<{widths[1]}} -> {target:<{widths[2]}}  {kind}")
    fed = {(pair.target, pair.into.name) for pair in linked}
    alone = [
        f"  {section}.{port.name}  stays at {port.default:g} {port.unit}: {port.doc}"
        for section, table in ports.items()
        for port in table
        if port.direction is Direction.IN and (section, port.name) not in fed
    ]
    return lines + (["inputs that nothing feeds", *alone] if alone else [])


def _about(scenario: Scenario) -> str:
    clock = scenario.clock
    span = f"{hhmm(clock.start, 0)} to {hhmm(clock.start, clock.duration_us)}"
    parts = [
        f"{', '.join(scenario.sections)}",
        f"{span} ({clock.duration_us / 3.6e9:g} h)",
        f"{len(scenario.schedule)} on the timeline",
        f"{_count(len(scenario.expect), 'expectation')}",
    ]
    return "; ".join(parts)


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value if value else "''"
    return str(value)
