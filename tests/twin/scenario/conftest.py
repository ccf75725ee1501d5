"""A small domain of its own for the loader's tests, and a folder to write scenarios into."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from textwrap import dedent
from typing import Literal

import pytest
from pydantic import Field

from twin.assets import DOMAIN as ASSETS
from twin.environment import DOMAIN as WEATHER
from twin.model import Domain, Setup
from twin.ports import Direction, Kind, Port
from twin.scenario import Scenario, load
from twin.scenario.base import InputFile, Section, Verb
from twin.scenario.problems import Problem, ScenarioError, suggest
from twin.scenario.quantities import Area, Distance, Duration

HEAD = """\
twin: 1
clock: {start: "2026-07-01T16:00+08:00", duration: 5 h}
"""


class Pipe(Section):
    id: str
    width: Distance = 0.2


class Canal(Section):
    """A canal with sluices."""

    network: InputFile
    """The canal's network."""
    engine: Literal["slow", "fast"] = "slow"
    step: Duration | None = None
    level: InputFile | Distance | None = None
    pipes: tuple[Pipe, ...] = ()
    widths: dict[str, Distance] = Field(default_factory=dict)


class Breach(Verb):
    """The bank opens."""

    bank: str
    """Which bank."""
    area: Area = 1.0


PORTS = (
    Port("level", "m", Direction.OUT, Kind.STATE, "sluice", "Water level at each sluice."),
    Port("flow", "m3/s", Direction.OUT, Kind.STATE, "city", "Flow at the mouth."),
    Port("spilt", "m3", Direction.OUT, Kind.AMOUNT, "sluice", "Water over the banks."),
    Port("wind", "m/s", Direction.IN, Kind.STATE, "city", "Wind over the canal.", "atmosphere__wind_speed"),
)


def check(setup: Setup) -> Iterable[Problem]:
    known = setup.config.network.read_text().split()
    for event in setup.events:
        if event.args.bank not in known:
            text = f"no bank '{event.args.bank}' in {setup.config.network.name}.{suggest(event.args.bank, known)}"
            yield Problem(("timeline",), text, where=event.where)


def build(setup: Setup) -> None:
    raise AssertionError("these tests build no model")


CANAL = Domain("canal", "Canal", Canal, {"breach": Breach}, PORTS, build, check)  # type: ignore[arg-type]
DOMAINS = {"weather": WEATHER, "assets": ASSETS, "canal": CANAL}


class Desk:
    """Writes scenario files into a folder and loads them with the three domains of these tests."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def load(self, text: str, *sets: str, head: str = HEAD, root: Path | None = None) -> Scenario:
        path = self.folder / "drill.yaml"
        path.write_text(head + dedent(text), encoding="utf-8")
        return load(path, sets, root, DOMAINS)

    def wrong(self, text: str, *sets: str, head: str = HEAD) -> list[str]:
        """The lines of the error, with file names as seen from the folder."""
        with pytest.raises(ScenarioError) as caught:
            self.load(text, *sets, head=head)
        return [line.replace(f"{self.folder}/", "") for line in caught.value.lines]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.write("net.txt", "north south")
    return desk


@pytest.fixture
def says(desk: Desk) -> Callable[..., str]:
    """The only problem of a scenario."""

    def one(text: str, *sets: str, head: str = HEAD) -> str:
        lines = desk.wrong(text, *sets, head=head)
        assert len(lines) == 1, lines
        return lines[0]

    return one
