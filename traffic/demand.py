"""The files behind a run: from the section or from a user's SUMO configuration, and whether routes are in order."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from traffic.config import TrafficConfig
from traffic.network import elements, open_xml

_NET = ("net-file", "net", "n")
_ROUTES = ("route-files", "routes", "route", "r")
_MORE = ("additional-files", "additional", "a")
_OURS = (
    *("begin", "b", "end", "e", "seed", "random", "step-length", "verbose", "v", "no-step-log", "no-warnings", "W"),
    *("log", "l", "message-log", "error-log", "summary", "tripinfo", "vehroutes", "emissions", "netstate-dump"),
    *(
        "gui-settings-file",
        "start",
        "quit-on-end",
        "remote-port",
        "num-clients",
        "write-license",
        "human-readable-time",
    ),
    *("load-state", "load-state.offset", "configuration-file", "print-options", "time-to-teleport", "mesosim"),
    *("ignore-route-errors", "quit-on-end", "game", "demo", "delay", "tracker-interval", "breakpoints"),
)
"""Options of a configuration that the twin decides itself, or that only concern a window."""
_WRITERS = {
    *("e1Detector", "inductionLoop", "instantInductionLoop", "e2Detector", "laneAreaDetector", "e3Detector"),
    *("entryExitDetector", "edgeData", "laneData", "meandata-edge", "meandata-lane", "routeProbe", "timedEvent"),
    "vTypeProbe",
}
"""Elements of additional files that write a file beside themselves."""


@dataclass(frozen=True)
class Inputs:
    """What SUMO is started with. `options` are the user's own from a configuration, as (name, value)."""

    network: Path
    routes: tuple[Path, ...]
    additional: tuple[Path, ...]
    begin_s: float = 0.0
    step_s: float | None = None
    teleport_s: float | None = None
    skip_invalid: bool = False
    meso: bool = False
    options: tuple[tuple[str, str], ...] = ()


def inputs_of(config: TrafficConfig) -> Inputs:
    """The files and options of a section. Raises `ValueError` when its configuration file cannot be read."""
    if config.sumocfg is not None:
        given = read_sumocfg(config.sumocfg)
        return Inputs(
            given.network,
            given.routes,
            given.additional,
            given.begin_s,
            config.step or given.step_s,
            given.teleport_s if config.time_to_teleport is None else config.time_to_teleport,
            config.skip_invalid or given.skip_invalid,
            config.mode == "meso" or given.meso,
            given.options,
        )
    assert config.network is not None
    teleport = -1.0 if config.time_to_teleport is None else config.time_to_teleport
    return Inputs(
        config.network,
        config.demand,
        config.additional,
        step_s=config.step,
        teleport_s=teleport,
        skip_invalid=config.skip_invalid,
        meso=config.mode == "meso",
    )


def read_sumocfg(path: Path) -> Inputs:
    """A SUMO configuration: files relative to it, processing options kept, output and window options left out."""
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise ValueError(f"{path.name} is not whole: {error}") from error
    values: dict[str, str] = {}
    for element in root.iter():
        value = element.get("value", element.get("v"))
        if value is not None:
            values[element.tag] = value

    def files(names: tuple[str, ...]) -> tuple[Path, ...]:
        text = next((values[name] for name in names if name in values), "")
        return tuple((path.parent / part.strip()).resolve() for part in text.split(",") if part.strip())

    networks = files(_NET)
    if not networks:
        raise ValueError(f"{path.name} names no network (net-file)")
    for file in (*networks, *files(_ROUTES), *files(_MORE)):
        if not file.is_file():
            raise ValueError(f"{path.name} names '{file.name}', and there is no such file")
    kept = tuple(
        (name, str((path.parent / value).resolve()) if name.endswith(("-file", "-files")) else value)
        for name, value in values.items()
        if name not in (*_OURS, *_NET, *_ROUTES, *_MORE)
        and "output" not in name
        and not name.startswith(("save-state", "save-configuration", "save-template", "duration-log"))
    )
    truth = ("true", "1", "yes", "on", "t", "x")
    return Inputs(
        networks[0],
        files(_ROUTES),
        files(_MORE),
        begin_s=seconds(values.get("begin", values.get("b", "0"))),
        step_s=float(values["step-length"]) if "step-length" in values else None,
        teleport_s=float(values["time-to-teleport"]) if "time-to-teleport" in values else None,
        skip_invalid=values.get("ignore-route-errors", "false").lower() in truth,
        meso=values.get("mesosim", "false").lower() in truth,
        options=kept,
    )


def seconds(text: str) -> float:
    """SUMO's time as seconds: `90`, `90.5`, `1:30:00`, `2:01:30:00`."""
    total = 0.0
    parts = text.strip().split(":")
    for part, unit in zip(reversed(parts), (1, 60, 3600, 86_400), strict=False):
        total += float(part) * unit
    return total


def own_copies(additional: tuple[Path, ...], folder: Path) -> tuple[Path, ...]:
    """The additional files, with those that write files copied into the run's own folder.

    SUMO writes a detector's output beside the file that declares it: the user's inputs would be written to.
    """
    result = []
    for number, file in enumerate(additional):
        if any(element.tag in _WRITERS for depth, element in elements(file) if depth == 1):
            file = Path(shutil.copyfile(file, folder / f"{number}-{file.name}"))
        result.append(file)
    return tuple(result)


@dataclass(frozen=True)
class Trip:
    """One element of a route file: its departure in s (None when another vehicle or person triggers it).

    empty  a flow that makes no vehicle
    """

    file: Path
    tag: str
    id: str
    depart_s: float | None
    edges: tuple[str, ...]
    empty: bool = False


def trips(file: Path) -> Iterator[Trip]:
    """All vehicles, trips, flows and persons of a route file in its order."""
    named: dict[str, tuple[str, ...]] = {}
    for depth, element in elements(file):
        if depth != 1:
            continue
        if element.tag == "route":
            named[element.get("id", "")] = tuple(element.get("edges", "").split())
        elif element.tag in ("vehicle", "trip", "flow", "person", "personFlow", "container", "containerFlow"):
            edges, empty = tuple(_edges(element, named)), element.get("number", "").strip() == "0"
            yield Trip(file, element.tag, element.get("id", ""), _depart(element), edges, empty)


def _depart(element: Any) -> float | None:
    text = element.get("depart", element.get("begin", "0"))
    try:
        return seconds(text)
    except ValueError:
        return None


def _edges(element: Any, named: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Every edge that an element names (a stop's lane counts as its edge)."""
    yield from named.get(element.get("route", ""), ())
    for key in ("from", "to", "via"):
        yield from element.get(key, "").split()
    for part in element.iter():
        if part.tag == "route":
            yield from part.get("edges", "").split()
        elif part.tag == "stop" and part.get("lane"):
            yield part.get("lane").rpartition("_")[0]


def line_of(file: Path, needle: str) -> int:
    """Line number of the first line that contains `needle` (0 when none does), for messages."""
    with open_xml(file) as stream:
        return next((number for number, line in enumerate(stream, 1) if needle.encode() in line), 0)
