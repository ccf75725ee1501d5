"""Small networks and set-ups for the tests of the water supply."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hydraulics.config import VERBS, WaterConfig
from hydraulics.domain import DOMAIN
from hydraulics.model import WaterModel
from twin.clock import US
from twin.model import Event, Journal, Setup

MIDNIGHT = datetime(2026, 7, 1)


def library(name: str) -> Path:
    """A network that comes with WNTR."""
    spec = importlib.util.find_spec("wntr")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "library" / "networks" / f"{name}.inp"


def write(path: Path, **sections: str) -> Path:
    """An INP from its sections' text (`junctions="J1 0 5"`). Litres per second, metres, 24 h."""
    text = {
        "options": "UNITS LPS\nHEADLOSS H-W\nACCURACY 1e-6\nTRIALS 200\nUNBALANCED CONTINUE 10",
        "times": "DURATION 24:00\nHYDRAULIC TIMESTEP 1:00\nPATTERN TIMESTEP 1:00",
    } | sections
    first = ("junctions", "reservoirs", "tanks", "pipes", "pumps", "valves")
    order = sorted(text, key=lambda name: first.index(name) if name in first else len(first))
    body = "".join(f"[{name.upper()}]\n{text[name]}\n\n" for name in order)
    path.write_bytes((body + "[END]\n").encode("latin-1"))
    return path


def line(path: Path, **more: str) -> Path:
    """Reservoir R (40 m) - P1 (1000 m, 200 mm) - J1 (5 m, 10 L/s) - P2 (500 m, 150 mm) - J2 (5 m, 5 L/s)."""
    sections = {
        "junctions": "J1 5 10\nJ2 5 5",
        "reservoirs": "R 40",
        "pipes": "P1 R J1 1000 200 120 2 Open\nP2 J1 J2 500 150 120 0 Open",
        "coordinates": "R 0 0\nJ1 1000 0\nJ2 1000 500",
    }
    return write(path, **(sections | more))


def pumped(path: Path, **more: str) -> Path:
    """Reservoir R (0 m) - pump PU - J1 (10 L/s) - P1 - tank T (bottom 30 m, level 3 m of 0..6 m, 8 m wide).

    The pump starts below 2 m in the tank and stops above 4 m.
    """
    sections = {
        "junctions": "J1 0 10",
        "reservoirs": "R 0",
        "tanks": "T 30 3 0 6 8 0",
        "pipes": "P1 J1 T 500 200 120 0 Open",
        "pumps": "PU R J1 HEAD 1",
        "curves": "1 25 45",
        "controls": "LINK PU OPEN IF NODE T BELOW 2\nLINK PU CLOSED IF NODE T ABOVE 4",
        "coordinates": "R 0 0\nJ1 100 0\nT 600 0",
    }
    return write(path, **(sections | more))


def hazen_williams(flow: float, length_m: float, diameter_m: float, roughness: float) -> float:
    """Head loss in m of `flow` m3/s: 10.667 L C^-1.852 d^-4.871 q^1.852 (EPANET 2.2 user manual, table 3.1, in SI)."""
    return 10.667 * length_m * roughness**-1.852 * diameter_m**-4.871 * flow**1.852


def event(verb: str, id: str = "", phase: str = "start", **args: Any) -> Event:
    """A validated timeline event."""
    return Event(id or verb, verb, VERBS[verb].model_validate(args), phase, where="drill.yaml:7:5")


def ended(of: Event) -> Event:
    """The end of an event."""
    return Event(of.id, of.verb, of.args, "end", of.where)


def setup(
    network: Path,
    folder: Path,
    events: Sequence[Event] = (),
    hours: float = 6.0,
    start: datetime = MIDNIGHT,
    **config: Any,
) -> Setup:
    """What the core would give: the run's folder is made, times are plain."""
    folder.mkdir(parents=True, exist_ok=True)
    return Setup(
        section="water",
        config=WaterConfig.model_validate({"network": network, **config}),
        start=start,
        duration_us=round(timedelta(hours=hours).total_seconds() * US),
        exchange_us=60 * US,
        seed=7,
        folder=folder,
        journal=Journal(),
        events=tuple(events),
    )


def build(*args: Any, **kwargs: Any) -> WaterModel:
    """A model from the arguments of `setup`."""
    model = DOMAIN.build(setup(*args, **kwargs))
    assert isinstance(model, WaterModel)
    return model


def advance(model: WaterModel, until_s: float, exchange_s: float = 60.0, from_s: float = 0.0) -> None:
    """Advance in exchanges, as the scheduler does."""
    now = from_s
    while now < until_s:
        now = min(now + exchange_s, until_s)
        model.advance(round(now * US))
