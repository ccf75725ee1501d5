"""Small terminals for tests, and ways to run them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from port.config import VERBS, PortSection
from port.control import Engine
from port.layout import complete
from port.simulate import make_engine
from port.terminal import Terminal
from twin.clock import US
from twin.model import Event, Journal, Setup

START = datetime(2026, 7, 1, 16, tzinfo=UTC)
HOUR = 3600 * US

DRAWN = {
    "berths": [
        {"id": "B1", "line": [[0, 300], [160, 300]], "cranes": 2},
        {"id": "B2", "line": [[160, 300], [320, 300]], "cranes": 2},
    ],
    "lanes": [
        {"id": "gate", "line": [[160, 0], [160, 60]], "limit": "5 km/h"},
        {"id": "main-1", "line": [[80, 60], [160, 60]], "limit": "35 km/h"},
        {"id": "main-2", "line": [[160, 60], [240, 60]], "limit": "35 km/h"},
        {"id": "Y01", "line": [[80, 60], [80, 270]]},
        {"id": "Y02", "line": [[240, 60], [240, 270]]},
        {"id": "quay-1", "line": [[20, 270], [80, 270]]},
        {"id": "quay-2", "line": [[80, 270], [240, 270]]},
        {"id": "quay-3", "line": [[240, 270], [300, 270]]},
    ],
    "blocks": [
        {"id": "Y01", "lane": "Y01", "bays": 15, "gantries": 2},
        {"id": "Y02", "lane": "Y02", "bays": 15, "gantries": 2},
    ],
    "gate": {"at": [160, 0], "lanes_in": 2, "lanes_out": 2},
    "fleet": {"trucks": 12},
    "road_trucks": {"per_day": 600},
    "calls": [
        {"vessel": "Aurora", "berth": "B1", "at": "0 s", "discharge": 60, "load": 60},
        {"vessel": "Meridian", "berth": "B2", "at": "20 min", "discharge": 40, "load": 40},
    ],
}
"""Two berths, two blocks, four cranes; the layout that docs/port.md prints."""


def terminal(**changes: Any) -> Terminal:
    """The drawn terminal with other values for whole keys."""
    return complete(Terminal.model_validate({**DRAWN, **changes}))


KIND = ["simpy"]
"""The engine that tests of this process use; the fixture `both` sets it to each in turn."""


def engine(place: Terminal | None = None, seed: int = 7, hours: float = 4.0, **options: Any) -> Engine:
    """An engine at time 0."""
    kind = options.pop("kind", KIND[0])
    return make_engine(kind, place or terminal(), seed, START, round(hours * HOUR), **options)


def run(place: Terminal | None = None, seed: int = 7, hours: float = 4.0, **options: Any) -> Engine:
    """An engine after so many hours."""
    made = engine(place, seed, hours, **options)
    made.advance(round(hours * HOUR))
    return made


def assert_balanced(made: Engine) -> None:
    """Trucks and containers are all accounted for, to the last one."""
    from port.metrics import balances

    for b in balances(made):
        left = b.stored_start + sum(b.inflow.values()) - sum(b.outflow.values()) - b.stored_now
        assert left == 0, f"{b.substance}: {left:+} unaccounted for"


def setup(
    folder: Path, text: str, events: tuple[Event, ...] = (), linked: frozenset[str] = frozenset(), **section: Any
):
    """A domain's Setup for a terminal file with this text."""
    path = folder / "terminal.yaml"
    path.write_text(text, encoding="utf-8")
    config = PortSection.model_validate({"terminal": "terminal.yaml", **section}, context={"folder": folder})
    return Setup("port", config, START, 4 * HOUR, 60 * US, 7, folder, Journal(), None, events, linked)


def event(verb: str, phase: str = "start", name: str = "x", **args: Any) -> Event:
    """A timeline event of the port."""
    return Event(name, verb, VERBS[verb].model_validate(args), phase, "drill.yaml:9:5")
