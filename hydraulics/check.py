"""Every problem of the network file and of the timeline's ids, found before a run starts.

EPANET reads the file in a child process, because a malformed file can end the process that reads it.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydraulics.config import Burst, Close, HydrantOpen, Inject, Isolate, Open, PumpOutage, WaterConfig
from hydraulics.inp import Line, lines
from hydraulics.toolkit import EpanetError, Project, decode
from twin.model import Event, Setup
from twin.scenario.problems import Problem, choose, suggest

TIMEOUT_S = 60.0
FAST_TIMEOUT_S = 180.0
"""The fast engine compiles its kernels at the first use on a machine."""
MOST_TRIALS = 40
ERROR = re.compile(r"Error (\d+): (.*)")


@dataclass(frozen=True)
class Contents:
    """What a network file holds, by EPANET's own reading. Plain data: it comes out of a child process."""

    errors: tuple[tuple[str, str], ...] = ()
    nodes: tuple[str, ...] = ()
    junctions: tuple[str, ...] = ()
    pipes: tuple[str, ...] = ()
    valves: tuple[str, ...] = ()
    pumps: tuple[str, ...] = ()
    placed: bool = True
    adrift: int = 0


def read_contents(path: Path) -> Contents:
    """Open an INP with EPANET and list what it holds, or the errors that EPANET reports: (message, echoed line)."""
    from hydraulics.network import read_network

    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "read.rpt"
        try:
            project = Project(path, report, Path(folder) / "read.bin")
        except EpanetError as error:
            text = decode(report.read_bytes()) if report.exists() else ""
            return Contents(errors=tuple(_errors(text)) or ((_sentence(error.code, str(error)), ""),))
        try:
            project.open_solver()
            network = read_network(project)
        except EpanetError as error:
            return Contents(errors=((_sentence(error.code, str(error)), ""),))
        finally:
            project.close()
    return Contents(
        nodes=tuple(network.node_ids.values()),
        junctions=network.junction_ids,
        pipes=tuple(network.link_ids[k] for k in network.pick("PIPE", "CVPIPE")),
        valves=tuple(network.link_ids[k] for k in network.pick("PRV", "PSV", "PBV", "FCV", "TCV", "GPV")),
        pumps=tuple(network.link_ids[k] for k in network.pick("PUMP")),
        placed=network.placed,
        adrift=int((~network.demands_reached()).sum()),
    )


def fast_refusal(config: WaterConfig) -> str:
    """Why the fast engine leaves this section to EPANET, by its first moment; empty where it does not."""
    from hydraulics.fast_engine import FastEngine, Refused

    with tempfile.TemporaryDirectory() as folder:
        try:
            engine = FastEngine(config, Path(folder))
        except Refused as refusal:
            return str(refusal)
        try:
            engine.start(0, 0)
        except (Refused, EpanetError) as refusal:
            return str(refusal)
        finally:
            engine.close()
    return ""


def _sentence(code: int, text: str) -> str:
    text = re.sub(r"^Error \d+:\s*", "", text).strip()
    return f"EPANET error {code}: {text}" if code else text


def _errors(report: str) -> Iterator[tuple[str, str]]:
    """(message, echoed line) of each error in a report; the closing `one or more errors` only if it stands alone."""
    found: list[tuple[str, str]] = []
    rows = report.splitlines()
    for k, row in enumerate(rows):
        match = ERROR.search(row)
        if match is None:
            continue
        code, text = int(match.group(1)), match.group(2).strip()
        echoed = ""
        if text.endswith("section:"):
            text = text.removesuffix(":")
            echoed = next((later.strip() for later in rows[k + 1 : k + 3] if later.strip()), "")
        if code != 200:
            found.append((_sentence(code, " ".join(text.split())), echoed))
    yield from found


def check(setup: Setup) -> Iterable[Problem]:
    """Problems of the section `water` and its events."""
    from twin.scenario.child import ChildError, run_guarded

    config: WaterConfig = setup.config
    at, name = (setup.section, "network"), config.network.name
    wrong = list(_unlike_epanet(at, config.network))
    if wrong:
        yield from wrong
        return
    try:
        what = f"EPANET, reading {name},"
        contents = run_guarded(read_contents, config.network, timeout_s=TIMEOUT_S, what=what)
    except ChildError as error:
        line, where = _culprit(config.network)
        way_out = f"; it does not without line {line}: mend that" if line else ": mend or replace the file"
        yield Problem(at, f"{error}{way_out}", where=where)
        return
    if contents.errors:
        yield from _file_problems(at, config.network, contents.errors)
        return
    if not contents.placed:
        yield Problem(
            at,
            f"{name} gives no coordinates: its water cannot meet streets or sewers. Add [COORDINATES] in metres",
            warn=True,
        )
    if contents.adrift:
        yield Problem(
            at,
            f"{contents.adrift} junctions of {name} have no path to a tank or reservoir and will have no water",
            warn=True,
        )
    if config.engine == "fast":
        yield from _fast_problems(setup.section, config)
    yield from _hydrant_problems(setup.section, config, contents)
    if config.trace_node is not None and config.trace_node not in contents.nodes:
        text = f"no node '{config.trace_node}' in {name}.{suggest(config.trace_node, contents.nodes)}"
        yield Problem((setup.section, "trace_node"), text)
    for event in setup.events:
        if isinstance(event.args, Inject) and config.quality != "chemical":
            text = f"`inject` needs `quality: chemical` in `{setup.section}:`"
            yield Problem(("timeline",), text, where=event.where)
        yield from _event_problems(event, name, contents)


NUMBERS = {
    "JUNC": (1, 3), "RESE": (1, 2), "TANK": (1, 7), "PIPE": (3, 6), "COOR": (1, 3), "DEMA": (1, 2), "EMIT": (1, 2),
    "PATT": (1, None), "CURV": (1, 3),
}  # fmt: skip
"""Words of a line that are numbers, by the first letters of its section, by which EPANET knows a section."""


def _unlike_epanet(at: tuple[str | int, ...], path: Path) -> Iterator[Problem]:
    """Files of another kind, which EPANET answers with riddles, and NaN or inf, with which it would compute."""
    listed = list(lines(path))
    sections = {line.section[:4] for line in listed}
    if not sections & {"PIPE", "RESE", "TANK"}:
        if sections & {"COND", "OUTF", "SUBC"}:
            yield Problem(at, f"{path.name} is a SWMM file: name it as `sewer` in the section `drainage`")
        elif "JUNC" not in sections:
            yield Problem(at, f"{path.name} is no EPANET file: it has no [JUNCTIONS]. Export the network as INP")
        return
    for line in listed:
        first, last = NUMBERS.get(line.section[:4], (0, 0))
        for word in line.words[first:last]:
            if word.lower().lstrip("+-") in ("nan", "inf", "infinity"):
                text = f"'{word}' is no number to compute with: give a finite one"
                yield Problem(at, text, where=f"{path.name}:{line.number}")
                break


def _culprit(path: Path) -> tuple[str, str]:
    """(line as text, file:line) without which EPANET reads a file that otherwise ends its process.

    First the sections are left out one by one, then the lines of the one that matters. ("", file name) if no single
    line is to blame.
    """
    rows = path.read_bytes().splitlines(keepends=True)
    sections: dict[str, list[int]] = {}
    for line in lines(path):
        sections.setdefault(line.section, []).append(line.number)
    for numbers in sections.values():
        if len(sections) > MOST_TRIALS or not _reads(rows, set(numbers), path.suffix):
            continue
        for number in numbers[:MOST_TRIALS]:
            if _reads(rows, {number}, path.suffix):
                return f"{number} ({' '.join(decode(rows[number - 1]).split())[:60]})", f"{path.name}:{number}"
        break
    return "", path.name


def _reads(rows: list[bytes], without: set[int], suffix: str) -> bool:
    """Whether EPANET reads the file without these lines (from 1) and finds no error."""
    from twin.scenario.child import ChildError, run_guarded

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"part{suffix}"
        path.write_bytes(b"".join(row for number, row in enumerate(rows, start=1) if number not in without))
        try:
            return not run_guarded(read_contents, path, timeout_s=10.0).errors
        except ChildError:
            return False


def _file_problems(at: tuple[str | int, ...], path: Path, errors: Iterable[tuple[str, str]]) -> Iterator[Problem]:
    """EPANET's errors with the line of the file where that can be told."""
    numbers: dict[str, int] = {}
    for number, text in enumerate(decode(path.read_bytes()).splitlines(), start=1):
        numbers.setdefault(" ".join(text.split()), number)
    listed = list(lines(path))
    for text, echoed in errors:
        number = numbers.get(" ".join(echoed.split()), 0) if echoed else _line_of(text, listed)
        where = f"{path.name}:{number}" if number else path.name
        yield Problem(at, f"{text}{f' (line: {echoed})' if echoed and not number else ''}", where=where)


def _line_of(text: str, listed: Iterable[Line]) -> int:
    """The line that first defines the last word of an error such as `network has an unconnected node with ID J7`."""
    words = text.replace(":", " ").split()
    last = words[-1] if words else ""
    return next((line.number for line in listed if line.words[0] == last), 0)


def _fast_problems(section: str, config: WaterConfig) -> Iterator[Problem]:
    """A warning where EPANET will have to stand in for the fast engine."""
    from twin.scenario.child import ChildError, run_guarded

    name = config.network.name
    try:
        reason = run_guarded(fast_refusal, config, timeout_s=FAST_TIMEOUT_S, what=f"the fast engine, trying {name},")
    except ChildError as error:
        yield Problem((section, "engine"), f"{error}: use `engine: epanet`")
        return
    if reason:
        text = f"EPANET will compute {name} in place of the fast engine: {reason}. Use `engine: epanet`"
        yield Problem((section, "engine"), text, warn=True)


def _hydrant_problems(section: str, config: WaterConfig, contents: Contents) -> Iterator[Problem]:
    known = set(contents.junctions)
    for index, name in enumerate(config.hydrants):
        if name not in known:
            text = f"no junction '{name}' in {config.network.name}.{suggest(name, contents.junctions)}"
            yield Problem((section, "hydrants", index), text)


def _event_problems(event: Event, file: str, contents: Contents) -> Iterator[Problem]:
    """Unknown ids of one event; check valves and the like that EPANET cannot switch are told at run time."""
    every = (*contents.pipes, *contents.valves, *contents.pumps)
    wanted: list[tuple[str, tuple[str, ...], str]]
    args: Any = event.args
    match args:
        case Burst():
            wanted = [(args.pipe, contents.pipes, "pipe")]
        case Close() | Open():
            wanted = [(args.link, every, "pipe, valve or pump")]
        case Isolate():
            wanted = [(name, (*contents.pipes, *contents.valves), "pipe or valve") for name in args.pipes]
        case PumpOutage():
            wanted = [(args.pump, contents.pumps, "pump")]
        case Inject():
            wanted = [(args.node, contents.nodes, "node")]
        case HydrantOpen():
            wanted = [(args.node, contents.junctions, "junction")]
        case _:
            wanted = []
    for name, known, kind in wanted:
        if name not in known:
            text = f"no {kind} '{name}' in {file}.{choose(name, known)}"
            yield Problem(("timeline",), text, where=event.where)
