"""Prices of layers and rules: which there are, that they are paired, and what the command tells of them."""

from __future__ import annotations

import csv
import json
from itertools import chain
from pathlib import Path

import pytest
from typer.testing import CliRunner

from port.layers.price import price, switches, table
from port.layers.whatif import additions
from port.replications import replicate
from port.simulate import Change
from tests.port.sites import HOUR, terminal
from tests.port.test_reading import LONG
from twin.cli.main import app

PLAIN = {"quay_crane": {"retry_probability": 0.0}, "roads": {"occupation": False, "junctions": False}}


def test_a_terminal_without_layers_and_rules_has_nothing_to_price():
    assert list(switches(terminal(**PLAIN))) == []


def test_every_switch_that_is_on_is_taken_away_alone():
    full = {
        "radio": {"units": 2, "cellular": {"breakdown": {"between": "9 h"}}},
        "positioning": {},
        "perception": {"units": [{"id": "P", "at": [80, 270]}]},
        "fleet": {"trucks": 12, "remote": {"per_1000_km": 5.0}, "breakdown": {"between": "9 h"}},
        "quay_crane": {"buffer": 3},
        "roads": {"exclusion": True, "right_of_way": "loaded_first"},
        "road_trucks": {"per_day": 600, "reaction": "1 s", "headway": "2 s"},
        "stations": [{"id": "S", "at": [120, 60]}],
    }
    place = terminal(**full)
    found = {s.name: s for s in switches(place, [Change(0, "rain", 30.0), Change(0, "visibility", 50.0)])}
    assert set(found) == {
        *("communication", "second_path", "multipath", "alignment", "corners", "roadside_sensing", "rain"),
        *("visibility", "takeovers", "breakdowns", "exclusion", "right_of_way", "junctions", "occupation"),
        *("buffers", "batteries", "drivers", "outages"),
    }
    for switch in found.values():
        if switch.other is None:
            assert switch.weather == switch.name
            continue
        left = {s.name for s in switches(switch.other(place))}
        assert switch.name not in left
    only = {s.name for s in switches(found["junctions"].other(place))}
    assert only == set(found) - {"junctions", "rain", "visibility"}


def test_prices_are_paired_differences_of_replications():
    """Alignment alone: base less without, the same numbers as by hand; one hour after one of warm-up."""
    place = terminal(roads={"occupation": False, "junctions": False})
    found = price(place, 4, 1.0)
    assert [p.switch.name for p in found.rows] == ["alignment"]
    off = terminal(roads={"occupation": False, "junctions": False}, quay_crane={"retry_probability": 0.0})
    a, b = (replicate(p, range(1, 5), 2 * HOUR, warm_us=HOUR) for p in (place, off))
    assert found.rows[0].crane_rate == pytest.approx(a.minus(b, "crane_rate"))
    assert found.rows[0].turn_min == pytest.approx(a.minus(b, "truck_turn_time"), nan_ok=True)
    row = table(found)[0]
    assert row["crane_rate_lost"] == -found.rows[0].crane_rate[0]
    assert row["crane_rate_lost_pct"] == pytest.approx(100 * row["crane_rate_lost"] / b.mean("crane_rate")[0])


def test_the_command_gives_table_json_csv_and_figure(tmp_path: Path):
    file = tmp_path / "t.yaml"
    file.write_text(LONG + "positioning: {}\nfleet: {trucks: 8}\n", encoding="utf-8")
    outs = [tmp_path / "p.csv", tmp_path / "p.png"]
    asked = ["port", "layers", str(file), "--replications", "2", "--hours", "0.5", "--warm", "0.5", "--rain", "50"]
    done = CliRunner().invoke(app, [*asked, "--json", *chain(*(("--out", str(o)) for o in outs))])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["weather"] == {"rain": 50.0}
    assert {"multipath", "alignment", "rain", "junctions", "occupation"} == {r["layer"] for r in answer["layers"]}
    with outs[0].open(encoding="utf-8") as stream:
        assert len(list(csv.DictReader(stream))) == 5
    assert outs[1].stat().st_size > 5000
    table_text = CliRunner().invoke(app, [*asked, "--quiet"])
    assert "as it is" in table_text.stdout


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--dispatch", "fifo_neerest"], "fifo_nearest"),
        (["--out", "p.bmp"], "write .csv"),
    ],
)
def test_wrong_input_is_one_message(tmp_path: Path, options: list[str], word: str):
    file = tmp_path / "t.yaml"
    file.write_text(LONG, encoding="utf-8")
    done = CliRunner().invoke(app, ["port", "layers", str(file), *options])
    assert done.exit_code == 2
    assert word in done.stderr
    missing = CliRunner().invoke(app, ["port", "layers", str(tmp_path / "no.yaml")])
    assert missing.exit_code == 2
    assert "there is no such file" in missing.stderr


def test_what_a_file_leaves_off_is_added_alone_and_priced_with_its_own_sign():
    """A terminal without layers: eight additions, none of which is on; failing trucks cost moves, so their price is
    positive, and it is base less with, the same numbers as by hand."""
    place = terminal(road_trucks={"per_day": 300})
    found = {s.name: s for s in additions(place)}
    assert set(found) == {
        *("multipath", "corners", "exclusion", "manned_first", "driverless_first", "loaded_first", "drivers"),
        "truck_breakdowns",
    }
    on = {s.name for s in switches(place)}
    for name, switch in found.items():
        after = {s.name for s in switches(switch.other(place))}
        assert on < after, name
        assert len(after - on) == 1
    more = [found["multipath"]]
    prices = price(place, 4, 1.0, more=more)
    row = next(r for r in table(prices) if not r["on"])
    base, other = (replicate(p, range(1, 5), 2 * HOUR, warm_us=HOUR) for p in (place, more[0].other(place)))
    assert row["crane_rate_lost"] == pytest.approx(base.minus(other, "crane_rate")[0])
    assert row["crane_rate_lost_pct"] == pytest.approx(100 * row["crane_rate_lost"] / base.mean("crane_rate")[0])
    radio = {s.name for s in additions(terminal(radio={"units": 2}))}
    assert {"second_path", "operators"} <= radio
