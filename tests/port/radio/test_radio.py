"""Radio: formulas at known points, rays against boxes by hand, ages and stops by counting, places by exhaustion."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from port.radio.control import Messages, age_quantile, speed_for_age, stop_rate
from port.radio.coverage import Scene, heard, together
from port.radio.link import LOS, NLOS, NLOSV, Radio, clear_probability, path_loss, reception, vehicle_loss
from port.radio.placement import candidates, place
from port.radio.rays import sight
from twin.cli.main import app


def test_path_loss_at_100_m_and_5_9_ghz() -> None:
    """By hand: 38.77 + 33.4 + 14.03 = 86.20 dB; 36.85 + 60 + 14.57 = 111.42 dB."""
    d = np.array([100.0])
    assert path_loss(d, 5.9, LOS)[0] == pytest.approx(86.20, abs=0.01)
    assert path_loss(d, 5.9, NLOS)[0] == pytest.approx(111.42, abs=0.01)


def test_the_noise_of_ten_megahertz_and_figure_nine() -> None:
    assert Radio().noise_dbm == pytest.approx(-95.0)


def test_a_vehicle_between_takes_nothing_from_two_high_antennas() -> None:
    d = np.array([50.0, 500.0])
    assert vehicle_loss(d, (5.0, 4.0), 3.0)[0].tolist() == [0.0, 0.0]
    one, both = vehicle_loss(d, (5.0, 3.0), 3.0)[0], vehicle_loss(d, (2.0, 3.0), 3.0)[0]
    assert (both > one).all()
    assert both[0] == pytest.approx(9.0, abs=0.05)  # max(0, A) of N(9, 4.5²) is a little above 9


@given(st.floats(1, 2000), st.floats(1, 2000), st.sampled_from([LOS, NLOSV, NLOS]))
def test_farther_is_never_better(a: float, b: float, kind: int) -> None:
    near, far = sorted((a, b))
    shares = reception(Radio(), np.array([near, far]), kind)
    assert 0.0 <= shares[1] <= shares[0] + 1e-12 <= 1.0 + 1e-12


def test_sight_probability_at_its_joint() -> None:
    """Both branches at 475 m: 2.1013e-6·475² − 0.95 + 1.0193 = 0.5434 and 0.54."""
    np.testing.assert_allclose(
        clear_probability(np.array([0.0, 475.0, 475.001, 2000.0])), [1, 0.5434, 0.54, 0], atol=1e-4
    )


BOX = np.array([[50.0, 0.0, 1.0, 0.0, 10.0, 5.0, 8.0]])
"""A stack from x 40 to 60 and y −5 to 5, 8 m high."""


@pytest.mark.parametrize(
    ("sender", "receiver", "sender_m", "free"),
    [
        ((0.0, 0.0), (100.0, 0.0), 5.0, False),
        ((0.0, 20.0), (100.0, 20.0), 5.0, True),
        ((0.0, 5.0), (100.0, 5.0), 5.0, True),  # along its face
        ((0.0, 0.0), (30.0, 0.0), 5.0, True),  # not as far as the stack
        ((0.0, 0.0), (100.0, 0.0), 40.0, True),  # at its far side the ray is still 40 − 0.6·37 = 17.8 m high
        ((0.0, 0.0), (100.0, 0.0), 12.0, False),  # 12 − 0.6·9 = 6.6 m
    ],
)  # fmt: skip
def test_a_ray_and_a_stack_by_hand(
    sender: tuple[float, float], receiver: tuple[float, float], sender_m: float, free: bool
) -> None:
    assert sight(np.array([sender]), np.array([receiver]), sender_m, 3.0, BOX)[0, 0] == free


@given(st.integers(0, 10_000))
def test_a_ray_is_free_exactly_where_sampling_finds_no_steel(seed: int) -> None:
    """Against 2,000 samples along the ray, stacks turned at random; rays within 5 cm of an edge are left out."""
    rng = np.random.default_rng(seed)
    turn = rng.uniform(0, np.pi)
    stack = np.array([rng.uniform(-20, 20), rng.uniform(-20, 20), np.cos(turn), np.sin(turn), 12.0, 4.0, 6.0])
    a, b = rng.uniform(-60, 60, 2), rng.uniform(-60, 60, 2)
    t = np.linspace(0, 1, 2000)[:, None]
    xy, z = a + t * (b - a), 9.0 + t[:, 0] * (3.0 - 9.0)
    u = (xy[:, 0] - stack[0]) * stack[2] + (xy[:, 1] - stack[1]) * stack[3]
    v = (xy[:, 1] - stack[1]) * stack[2] - (xy[:, 0] - stack[0]) * stack[3]
    inside = [
        ((np.abs(u) < 12.0 + e) & (np.abs(v) < 4.0 + e) & (z < 6.0 + e)).any() for e in (-0.05, 0.05)
    ]  # fmt: skip
    if inside[0] == inside[1]:
        assert sight(a[None], b[None], 9.0, 3.0, stack[None])[0, 0] != inside[0]


def test_ages_by_counting_losses() -> None:
    """Half of all messages lost: (1/2)^7 is the first below 1 %, so seven periods. All heard: one period."""
    m = Messages(period_s=0.1, latency_s=0.02)
    np.testing.assert_allclose(age_quantile(np.array([0.5, 1.0]), m), [0.72, 0.12], atol=1e-9)


def test_speed_for_a_fresh_and_for_an_old_message() -> None:
    """a 3, D 40: √240 = 15.49 m/s at once; with one second −3 + √(9 + 240) = 12.78."""
    np.testing.assert_allclose(speed_for_age(np.array([0.0, 1.0]), 3.0, 40.0), [15.492, 12.780], atol=1e-3)


def test_the_rate_of_safe_stops_is_what_a_count_of_random_losses_gives() -> None:
    """A million periods: runs of losses of at least the length that makes the age pass the limit; 5 % by chance."""
    m = Messages(period_s=0.1, latency_s=0.0, stop_s=0.5)
    lost = np.random.default_rng(1).random(1_000_000) > 0.6
    runs = sum(len(list(g)) >= 5 for k, g in itertools.groupby(lost) if k)
    hours = lost.size * m.period_s / 3600
    assert stop_rate(np.array([0.6]), m)[0] == pytest.approx(runs / hours, rel=0.05)


def small_scene() -> Scene:
    """A cross of two lanes with a stack in each corner."""
    line = np.arange(-100.0, 101.0, 20.0)
    points = np.concatenate([np.c_[line, np.zeros_like(line)], np.c_[np.zeros_like(line), line]])
    stacks = [[x, y, 1.0, 0.0, 40.0, 40.0, 12.0] for x, y in itertools.product((-50.0, 50.0), repeat=2)]
    lane = np.repeat([0, 1], line.size)
    return Scene(np.array(stacks), points, lane, ("across", "along"), radio=Radio(power_dbm=-5.0))


def test_two_units_are_placed_as_well_as_by_trying_all_pairs() -> None:
    scene = small_scene()
    spots = candidates(scene, 40.0)
    best = max(
        np.mean(together(heard(scene, spots[list(pair)])) >= 0.99)
        for pair in itertools.combinations(range(len(spots)), 2)
    )
    found = place(scene, 2, 0.99, 40.0)
    assert found.covered == pytest.approx(best)
    assert together(heard(scene, found.units)).shape == (len(scene.points),)


def test_too_many_units_are_refused() -> None:
    with pytest.raises(ValueError, match="lower the spacing"):
        place(small_scene(), 50, 0.99, 40.0)


TERMINAL = "terminal: 1\nname: small\norigin: [0, 0]\nheading: 0 deg\nberths: 1\nlayout: {blocks: 3, gantries: 3}\n"


def test_the_command_gives_table_map_and_places(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(TERMINAL, encoding="utf-8")
    outs = [tmp_path / name for name in ("lanes.csv", "map.png", "units.geojson")]
    asked = ["port", "radio", str(file), "--place", "2", "--json", *itertools.chain(*(("--out", str(o)) for o in outs))]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    assert all(o.stat().st_size > 100 for o in outs)
    again = CliRunner().invoke(app, ["port", "radio", str(file), "--units", str(outs[2])])
    assert again.exit_code == 0, again.output


def test_the_command_takes_the_units_of_the_file(tmp_path: Path) -> None:
    """Two at the best places, 5 m high, by the file: the answer of `--place 2`."""
    plain, own = tmp_path / "t.yaml", tmp_path / "own.yaml"
    plain.write_text(TERMINAL, encoding="utf-8")
    own.write_text(TERMINAL + "radio: {units: 2, wanted: 0.99}\n", encoding="utf-8")
    given = CliRunner().invoke(app, ["port", "radio", str(own), "--json"])
    placed = CliRunner().invoke(app, ["port", "radio", str(plain), "--place", "2", "--json"])
    assert given.exit_code == placed.exit_code == 0
    assert json.loads(given.stdout)["lanes"] == json.loads(placed.stdout)["lanes"]


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ([], "either --units FILE or --place N"),
        (["--place", "2", "--units", "missing.geojson"], "either --units FILE or --place N"),
        (["--units", "missing.geojson"], "no such file"),
        (["--place", "500"], "lower the spacing"),
        (["--place", "2", "--out", "map.bmp"], "write .csv"),
    ],
)
def test_wrong_input_is_one_message(tmp_path: Path, options: list[str], word: str) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(TERMINAL, encoding="utf-8")
    done = CliRunner().invoke(app, ["port", "radio", str(file), *options])
    assert done.exit_code == 2
    assert word in done.stderr
