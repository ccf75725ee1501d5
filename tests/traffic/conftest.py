"""Small road networks made by SUMO's own tools, and models that run on them. libsumo holds one simulation per
process, so the `run_on` fixture closes each model before the next."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from traffic.config import TrafficConfig
from traffic.domain import DOMAIN
from twin.clock import to_us
from twin.model import Event, Journal, Setup

NODES = """<nodes>
<node id="A" x="1000" y="2000"/><node id="B" x="1300" y="2000"/><node id="C" x="1600" y="2000"/>
<node id="D" x="1900" y="2000"/><node id="E" x="1450" y="1800"/></nodes>"""
EDGES = """<edges>
<edge id="AB" from="A" to="B" numLanes="2" speed="13.9" name="Main Street"/>
<edge id="BC" from="B" to="C" numLanes="2" speed="13.9" name="Main Street"><lane index="0" allow="bus taxi emergency"/>
<lane index="1" speed="11.1" disallow="truck bicycle pedestrian"/></edge>
<edge id="CD" from="C" to="D" numLanes="2" speed="13.9" name="Main Street"/>
<edge id="BE" from="B" to="E" numLanes="1" speed="8.3" name="Side Lane"/>
<edge id="EC" from="E" to="C" numLanes="1" speed="8.3" name="Side Lane"/>
<edge id="walk" from="A" to="E" numLanes="1" speed="2" allow="pedestrian bicycle"/></edges>"""
TYPES = """<vType id="car" vClass="passenger"/><vType id="ambulance" vClass="emergency"/>
<vType id="truck" vClass="truck" length="13" accel="1.0"><param key="box" value="40ft"/></vType>"""


def sumo_tool(name: str, *options: str) -> None:
    """Run one of SUMO's programs; a failure fails the test."""
    import sumo

    done = subprocess.run([f"{sumo.SUMO_HOME}/bin/{name}", *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def detour_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Main Street A-B-C-D with a way round by E between B and C. Drawn 1000 m east and 1800 m north of zero."""
    folder = tmp_path_factory.mktemp("detour")
    (folder / "n.nod.xml").write_text(NODES, encoding="utf-8")
    (folder / "e.edg.xml").write_text(EDGES, encoding="utf-8")
    target = folder / "detour.net.xml"
    files = ("-n", str(folder / "n.nod.xml"), "-e", str(folder / "e.edg.xml"), "-o", str(target))
    sumo_tool("netconvert", *files, "--no-turnarounds", "--output.street-names", "--no-warnings")
    return target


@pytest.fixture(scope="session")
def grid_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 5 by 5 grid of two-lane streets of 150 m with traffic lights."""
    target = tmp_path_factory.mktemp("grid") / "grid.net.xml"
    shape = ("--grid", "--grid.number", "5", "--grid.length", "150", "--default.lanenumber", "2")
    sumo_tool("netgenerate", *shape, "-j", "traffic_light", "--seed", "3", "-o", str(target), "--no-warnings")
    return target


@pytest.fixture(scope="session")
def long_road_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long Road A-B-C-D, two lanes each way."""
    folder = tmp_path_factory.mktemp("long")
    spots = "".join(f'<node id="{name}" x="{x}" y="0"/>' for name, x in (("A", 0), ("B", 300), ("C", 700), ("D", 1000)))
    (folder / "n.nod.xml").write_text(f"<nodes>{spots}</nodes>", encoding="utf-8")
    edges = "".join(
        f'<edge id="{pair}" from="{pair[0]}" to="{pair[1]}" numLanes="2" speed="13.9" name="Long Road"/>'
        for pair in ("AB", "BA", "BC", "CB", "CD", "DC")
    )
    (folder / "e.edg.xml").write_text(f"<edges>{edges}</edges>", encoding="utf-8")
    target = folder / "long.net.xml"
    files = ("-n", str(folder / "n.nod.xml"), "-e", str(folder / "e.edg.xml"), "-o", str(target))
    sumo_tool("netconvert", *files, "--no-turnarounds", "--output.street-names", "--no-warnings")
    return target


@pytest.fixture
def demand(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a route file with the usual vehicle types around the given vehicles."""

    def write(vehicles: str, name: str = "demand.rou.xml") -> Path:
        file = tmp_path / name
        file.write_text(f"<routes>{TYPES}\n{vehicles}</routes>", encoding="utf-8")
        return file

    return write


def setup_of(folder: Path, config: dict[str, Any], **more: Any) -> Setup:
    """A Setup as the core makes it, for a section given as in a scenario."""
    context = {"folder": folder, "root": "/"}
    section = TrafficConfig.model_validate({k: _text(v) for k, v in config.items()}, context=context)
    start = datetime(2026, 7, 1, 16, tzinfo=UTC)
    given = {"seed": 7, "exchange_us": to_us(60), "duration_us": to_us(3600), **more}
    return Setup(section="traffic", config=section, start=start, folder=folder, journal=Journal(), **given)


def _text(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return [_text(v) for v in value] if isinstance(value, (list, tuple)) else value


class Run:
    """A model with what a test needs to drive it."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.model: Any = DOMAIN.build(setup)
        self.lib = self.model.sim.lib
        self.now_us = 0
        self.depth = np.zeros(self.model.places["edge"].size)

    def flood(self, **depths: float) -> None:
        """Depths in m on edges by id; the others keep theirs."""
        for edge, depth in depths.items():
            self.depth[self.model.network.index[edge]] = depth
        self.model.put("depth", self.depth.copy())

    def to(self, second: float, each: Callable[[], None] | None = None, stride_s: float = 10.0) -> None:
        """Advance in exchanges; `each` is called after every one."""
        while self.now_us < to_us(second):
            self.now_us = self.model.advance(min(self.now_us + to_us(stride_s), to_us(second)))
            if each is not None:
                each()

    def event(self, verb: str, phase: str = "start", id: str = "e1", **args: Any) -> None:
        """Apply a verb with its arguments as in a scenario."""
        self.model.apply(Event(id, verb, DOMAIN.verbs[verb].model_validate(args), phase))

    def edge_of(self, vehicle: str) -> str:
        return str(self.lib.vehicle.getRoadID(vehicle))

    def value(self, metric: str) -> Any:
        return self.model.summary()[metric].value

    def rows(self, table: str) -> list[dict[str, Any]]:
        found = self.model.tables()[table]
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


@pytest.fixture
def run_on(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    """Builds a running model; closes it (and one before it) at the end."""
    runs: list[Run] = []

    def build(config: dict[str, Any], **more: Any) -> Run:
        for run in runs:
            run.model.close()
        runs.append(Run(setup_of(tmp_path, config, **more)))
        return runs[-1]

    yield build
    for run in runs:
        run.model.close()


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., list[str]]:
    """What the domain's check says about a section: each problem as `where text`, warnings left out."""

    def problems(config: dict[str, Any], **more: Any) -> list[str]:
        found = DOMAIN.check(setup_of(tmp_path, config, **more))
        return [f"{problem.where} {problem.text}".strip() for problem in found if not problem.warn]

    return problems
