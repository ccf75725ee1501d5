"""Manholes and street: ponded water presses back on the pipe, and what passes is the same on both sides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from drainage.config import Inflow, SetGate
from drainage.model import DrainageModel
from tests.drainage.cases import LINE, OPTIONS, error_of, run, setup_for, street, write_asc
from twin.model import Event, Setup

Build = Callable[[Setup], DrainageModel]

POND = (
    OPTIONS
    + """[JUNCTIONS]
M 10.0 2
D 9.9 3
[OUTFALLS]
O 9.8 FIXED 9.8 NO
[CONDUITS]
C1 M D 100 0.013 0 0
[ORIFICES]
G D O BOTTOM 0 0.65 NO 0
[XSECTIONS]
C1 CIRCULAR 0.5 0 0 0
G CIRCULAR 0.2 0 0 0
[COORDINATES]
M 10 10
D 500 500
O 510 500
"""
)


def test_a_pipe_closed_downstream_takes_the_level_of_the_pond(build: Build, tmp_path: Path) -> None:
    """20 m × 20 m under 0.5 m of water over one manhole, gate shut: after an hour the pipe's head equals the surface.

    Hydrostatics; 1 mm allows for what SWMM still moves within its head tolerance of 0.5 mm."""
    (tmp_path / "pond.inp").write_text(POND)
    terrain = write_asc(tmp_path / "flat.asc", np.full((1, 1), 12.0), 20.0)
    shut = Event("g", "set_gate", SetGate(gate="G", opening=0.0))
    model = build(setup_for(tmp_path, 3600, events=[shut], sewer=tmp_path / "pond.inp", terrain=terrain))
    assert model.surface is not None
    model.surface.fill(np.full((1, 1), 0.5))
    model.apply(shut)
    run(model, 3600)
    head = 12.0 + model.take("surcharge")[0]
    level = 12.0 + model.take("depth")[0]
    print(f"head {head:.5f} m, surface {level:.5f} m")
    assert head == pytest.approx(level, abs=1e-3)
    assert model.surface.volume() + model.holes.down.sum() - model.holes.up.sum() == pytest.approx(200.0, rel=1e-12)


def lost_in_the_slot(length: float, diameter: float, depth: float) -> float:
    """What SWMM's slot loses of a pipe that fills, m3: it gives a full pipe the width 0.5423 D exp(−(y/D)^2.4), from
    1.78 D on 0.01 D (Sjöberg), when it solves for the level, but counts only (y − D) × the width at y as water."""
    y = np.linspace(diameter, depth, 100_000)
    width = np.where(y > 1.78 * diameter, 0.01, 0.5423 * np.exp(-((y / diameter) ** 2.4))) * diameter
    filled = float(((width[1:] + width[:-1]) / 2 * np.diff(y)).sum())
    return length * (filled - (depth - diameter) * float(width[-1]))


@pytest.mark.parametrize(("step", "percent"), [("2 s", 1.0), ("0.2 s", None)])
def test_filling_a_closed_pipe_loses_what_the_slot_loses(
    build: Build, tmp_path: Path, step: str, percent: float | None
) -> None:
    """The pipe of 20 m3 above fills in two minutes, all but its last metre in one.

    With steps of 0.2 s SWMM's own error is that of its slot: 1.27 m3 by the formula, measured 1.14 (3.6 %), within 15 %
    since some of SWMM's iterations go the other way. 2.8 m3 (9 %) were lost before manholes without a surface were
    counted as storage. With the default step of 2 s the step's own error has the other sign, and 0.55 % is left
    (4.8 % before)."""
    (tmp_path / "pond.inp").write_text(POND)
    terrain = write_asc(tmp_path / "flat.asc", np.full((1, 1), 12.0), 20.0)
    shut = Event("g", "set_gate", SetGate(gate="G", opening=0.0))
    model = build(
        setup_for(tmp_path, 600, events=[shut], sewer=tmp_path / "pond.inp", terrain=terrain, routing_step=step)
    )
    assert model.surface is not None
    model.surface.fill(np.full((1, 1), 0.5))
    model.apply(shut)
    run(model, 600)
    sewer = model.balances()[1]
    lost = sewer.stored_start + sum(sewer.inflow.values()) - sum(sewer.outflow.values()) - sewer.stored_now
    share = 100 * lost / sewer.inflow["manholes"]
    slot = lost_in_the_slot(100.0, 0.5, 2.48)
    print(
        f"step {step}: {lost:+.2f} m3 ({share:+.2f} %) of {sewer.inflow['manholes']:.1f} lost, by the slot {slot:.2f}"
    )
    if percent is not None:
        assert abs(share) < percent
    else:
        assert lost == pytest.approx(slot, rel=0.15)


@pytest.mark.parametrize("dx", [4.0, 2.0, 1.0])
def test_three_manholes_exchange_to_rounding(build: Build, tmp_path: Path, dx: float) -> None:
    """0.35 m3/s for 40 min into a line of 0.2, its gate shut from 20 to 50 min.

    The street's account closes to 1e-12, and SWMM's totals know the same exchange: their external inflow, restated, is
    the 0.35 m3/s and nothing else. While the gate is shut the water stands: the lowest manhole takes the mean level of
    the pool above it within 2 cm (the level of its own cell still rocks by up to 7 cm, and is not what is tested)."""
    (tmp_path / "line.inp").write_text(LINE)
    terrain = write_asc(tmp_path / "dem.asc", street(dx), dx)
    gate = Event("g", "set_gate", SetGate(gate="G", opening=0.0))
    model = build(setup_for(tmp_path, 5400, events=[gate], sewer=tmp_path / "line.inp", terrain=terrain))
    model.apply(Event("i", "inflow", Inflow.model_construct(node="M1", flow=0.35)))
    run(model, 1200)
    model.apply(gate)
    run(model, 2400)
    model.apply(Event("i", "inflow", Inflow.model_construct(node="M1", flow=0.35), "end"))
    run(model, 2990)
    assert model.surface is not None
    head = model.take("surcharge")[2] + 11.5
    pool = (model.surface.water.h > 0.2) & model.surface.open
    level = float((model.surface.ground.z + model.surface.water.h)[pool].mean())
    model.apply(Event("g", "set_gate", SetGate(gate="G", opening=0.0), "end"))
    run(model, 5400)
    surface, sewer = model.balances()[:2]
    print(f"dx {dx:g} m: up {surface.inflow['manholes']:.1f} m3, down {surface.outflow['manholes']:.1f} m3, "
          f"SWMM {sewer.noted}, surface closes to {error_of(model, 'surface water'):.1e}")  # fmt: skip
    assert surface.inflow["manholes"] > 100
    assert surface.outflow["manholes"] > 30
    assert error_of(model, "surface water") < 1e-12
    assert sewer.inflow["external"] == pytest.approx(0.35 * 2400, abs=0.5)
    assert error_of(model, "sewer water") < 5e-3
    assert head == pytest.approx(level, abs=0.02)
