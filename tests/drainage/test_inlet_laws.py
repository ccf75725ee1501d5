"""The laws of openings: published points, no jumps, more water for more head; and the files that describe inlets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drainage.config_inlets import CoversConfig, InletsConfig
from drainage.covers_law import LIFTED, SHUT, WASHED_OFF, move_cover
from drainage.inlet_files import FileInlet, InletError, read_inlets
from drainage.inlet_laws import Inlets, discharge
from drainage.inlets import built_for, inlets_of, made, plan, usage_of
from drainage.network import SewerFile

CONFIG = InletsConfig()
KINDS = ("manhole", "grate", "curb", "grate_and_curb")


def arrays(kind: str, covers: CoversConfig | None = None, gap: float = 0.0) -> Inlets:
    openings = plan(["M"], SewerFile(Path("none.inp")), InletsConfig(kind=kind), covers, 0.2827, 0.167, {"M": None})  # type: ignore[arg-type]
    found = inlets_of(openings, covers)
    found.gap[:] = gap
    return found


LAWS = {kind: arrays(kind) for kind in KINDS} | {"open cover": arrays("grate", CoversConfig(), 1.0)}


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(LAWS)), st.floats(0.0, 2.0), st.floats(-3.0, 3.0))
def test_more_water_on_the_street_never_drains_less(kind: str, street: float, pipe: float) -> None:
    """Monotone in the street's level, the pipe held: also over the bridges between laws that do not meet."""
    law = LAWS[kind]
    low, high = (discharge(law, 0, s, pipe, 0.0) for s in (street, street + 0.01))
    assert high >= low - 1e-12


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(LAWS)), st.floats(0.0, 2.0), st.floats(-1.0, 3.0))
def test_more_head_in_the_pipe_never_takes_more_in(kind: str, street: float, pipe: float) -> None:
    law = LAWS[kind]
    low, high = (discharge(law, 0, street, p, 0.0) for p in (pipe, pipe + 0.01))
    assert high <= low + 1e-12


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(LAWS)), st.floats(0.0, 2.0), st.floats(-1.0, 3.0))
@example("manhole", 0.0, 0.005)
@example("grate", 0.02, 0.02)
@example("manhole", 0.05, 0.0)
def test_no_regime_begins_with_a_jump(kind: str, street: float, pipe: float) -> None:
    """A micrometre of street or pipe changes the flow by no more than √(2 g 1 µm) of the whole opening allows."""
    law = LAWS[kind]
    here = discharge(law, 0, street, pipe, 0.0)
    for ds, dp in ((1e-6, 0.0), (0.0, 1e-6)):
        assert abs(discharge(law, 0, street + ds, pipe + dp, 0.0) - here) < law.built[0] * np.sqrt(2 * 9.81 * 2e-6)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(LAWS)), st.floats(0.0, 3.0), st.floats(-3.0, 5.0))
def test_swmms_orifice_is_built_for_the_most_that_ever_passes(kind: str, street: float, pipe: float) -> None:
    law = LAWS[kind]
    fall = abs(max(street, 0.0) - max(pipe, 0.0))
    assert abs(discharge(law, 0, street, pipe, 0.0)) <= law.built[0] * np.sqrt(2 * 9.81 * fall) * (1 + 1e-12)


def test_clogging_and_count_scale_an_inlet() -> None:
    row = FileInlet("M", "grate", clogging=0.25, count=2)
    (two,), (one,) = made(row, CONFIG, 0.28, 0.167), made(FileInlet("M", "grate"), CONFIG, 0.28, 0.167)
    assert two.area == pytest.approx(1.5 * one.area)
    assert two.perimeter == pytest.approx(1.5 * one.perimeter)
    assert one.perimeter == 1.5
    assert built_for([two]) == pytest.approx(1.5 * built_for([one]))


def test_a_cover_lifts_at_its_pressure_and_falls_back_after_a_calm() -> None:
    law = arrays("manhole", CoversConfig())
    for _ in range(60):
        move_cover(law, 0, 0.19, 1.0, 60.0)
    assert (law.lid[0], law.gap[0], law.lifts[0]) == (SHUT, 0.0, 0)
    move_cover(law, 0, 0.2, 1.0, 60.0)
    assert (law.lid[0], law.lifts[0]) == (LIFTED, 1)
    for _ in range(300):
        move_cover(law, 0, 0.11, 1.0, 60.0)
    assert law.lid[0] == LIFTED
    assert law.gap[0] == pytest.approx(1.0, abs=1e-9)
    for _ in range(60):
        move_cover(law, 0, 0.05, 1.0, 60.0)
    assert law.lid[0] == LIFTED
    move_cover(law, 0, 0.05, 1.0, 60.0)
    assert law.lid[0] == SHUT
    move_cover(law, 0, 0.5, 1.0, -1.0)
    for _ in range(1000):
        move_cover(law, 0, -1.0, 1.0, -1.0)
    assert (law.lid[0], law.lifts[0], law.pressure[0]) == (WASHED_OFF, 2, 0.5)


def test_files_of_inlets_name_nodes_or_lie_beside_them(tmp_path: Path) -> None:
    xy = {"A": (0.0, 0.0), "B": (100.0, 0.0)}
    (tmp_path / "i.csv").write_text(
        "node, kind, length, width, count, cover\nA, grate, 0.6, 0.4, 2, none\nA, curb,,,,\n"
    )
    first, second = read_inlets(tmp_path / "i.csv", xy)["A"]
    assert (first.kind, first.length, first.width, first.count, first.cover) == ("grate", 0.6, 0.4, 2, "none")
    assert (second.kind, second.length) == ("curb", None)
    (tmp_path / "i.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"kind":"curb","length":1.2},'
        '"geometry":{"type":"Point","coordinates":[90,5]}}]}'
    )
    (only,) = read_inlets(tmp_path / "i.geojson", xy)["B"]
    assert (only.node, only.kind, only.length) == ("B", "curb", 1.2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id,kind\nA,grate\n", "line 1: needs a heading with the column `node`"),
        ("node,kind\nX,grate\n", "line 2: no manhole 'X'"),
        ("node,kind\nA,gate\n", "line 2: kind 'gate' is none of manhole, grate"),
        ("node,lenght\nA,2\n", "unknown column 'lenght'.*length"),
        ("node,area\nA,-1\n", "area '-1' of A is not a positive number"),
        ("node,clogging\nA,50\n", "clogging '50' of A is not a share"),
        ("node,area\nA,nan\n", "area 'nan' of A is not a positive number"),
        ("node,kind\nA,grate,7\n", "line 2: more values than the heading has columns"),
    ],
)
def test_a_bad_row_is_named_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(InletError, match=says):
        read_inlets(tmp_path / "bad.csv", {"A": (0.0, 0.0)})


def test_swmms_own_inlets_become_the_geometry_of_the_nodes_they_lead_to(shared: Path) -> None:
    """EPA's example: J1 has a combination inlet of a 2 ft grate (P_BAR-50, 90 % clear) and a curb opening of 2 ft by
    0.5 ft, half clogged; J11 two of them."""
    sewer = SewerFile.read(shared / "drainage" / "swmm" / "inlets" / "test_inlet_drains.inp")
    usage = usage_of(sewer)
    assert set(usage) == {"J1", "J2a", "J2", "J11"}
    grate, curb = usage["J1"]
    foot = 0.3048
    assert (grate.kind, curb.kind, grate.clogging, usage["J11"][0].count) == ("grate", "curb", 0.5, 2)
    assert grate.area == pytest.approx(0.9 * (2 * foot) ** 2)
    assert (curb.length, curb.height) == pytest.approx((2 * foot, 0.5 * foot))
