"""The commands, as a user types them."""

from __future__ import annotations

import csv
import json

import pytest
from typer.testing import CliRunner

from hydraulics.cli import water_app

run = CliRunner().invoke


def test_criticality_writes_what_it_prints(street, tmp_path):
    """JSON, CSV, GeoJSON and figure from one run, with the same numbers."""
    outs = [tmp_path / name for name in ("t.csv", "t.geojson", "t.png")]
    args = ["criticality", str(street.path), "--json", *(a for o in outs for a in ("--out", str(o)))]
    result = run(water_app, args)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    with outs[0].open() as stream:
        table = list(csv.DictReader(stream))
    features = json.loads(outs[1].read_text())["features"]
    assert [float(r["unserved_m3h"]) for r in table] == [r["unserved_m3h"] for r in answer["failures"]]
    assert features[0]["properties"]["pipe"] == answer["failures"][0]["pipe"]
    assert features[0]["geometry"]["type"] == "MultiLineString"
    assert outs[2].stat().st_size > 10_000


def test_isolate_and_fireflow_print_tables(street):
    """The words that a reader looks for."""
    result = run(water_app, ["isolate", str(street.path), "--pipe", "3"])
    assert result.exit_code == 0, result.output
    assert "first" in result.output
    result = run(water_app, ["fireflow", str(street.path), "--needed", "500"])
    assert result.exit_code == 0, result.output
    assert "below 500 L/s" in result.output


def test_verify_gives_stable_keys(net1):
    """Net1 agrees; the report has the keys that scripts read."""
    result = run(water_app, ["verify", str(net1.path), "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["verdict"] == "agrees"
    assert {"file", "elements", "base", "closures", "fine", "unsupported", "reason"} <= set(report)
    assert report["fine"]["share_within_1cm"] >= 0.99


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["criticality", "nowhere.inp"], "no such file"),
        (["isolate", "NET", "--pipe", "33"], "no link '33'"),
        (["isolate", "NET", "--pipe", "3", "--stuck", "x"], "link@node"),
        (["fireflow", "NET", "--hydrant", "Q"], "no node 'Q'"),
        (["criticality", "NET", "--out", "a.xls"], "write .csv"),
    ],
)
def test_bad_input_is_one_sentence(street, args, words):
    """Exit code 2, the message on stderr, no traceback."""
    result = run(water_app, [str(street.path) if a == "NET" else a for a in args])
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.output
