"""Files in and out: TNTP, districts, matrices, and routes that SUMO drives without a word."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from traffic.assignment.counts import geh
from traffic.assignment.routes import whole_trips
from traffic.assignment.tntp import read_tntp
from traffic.assignment.zones import Zones, read_matrix, read_zones, spread
from twin.cli.main import app

NET = """<NUMBER OF ZONES> 2
<NUMBER OF NODES> 3
<FIRST THRU NODE> 1
<END OF METADATA>
~ init term capacity length time b power speed toll type ;
1 3 100 1 2 0.15 4 0 0 1 ;
3 2 100 1 3 0.15 4 0 0 1 ;
"""
TRIPS = "<NUMBER OF ZONES> 2\n<END OF METADATA>\nOrigin 1\n 1 : 0.0; 2 : 50.0;\n"
TAZ = """<additional><taz id="west" edges="AB"/>
<taz id="east"><tazSource id="CD"/><tazSink id="CD"/></taz></additional>"""


def write(folder: Path, **files: str) -> list[Path]:
    paths = []
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def test_a_tntp_network_and_its_trips_are_read(tmp_path: Path) -> None:
    net, trips = write(tmp_path, x_net__tntp=NET, x_trips__tntp=TRIPS)
    problem = read_tntp(net, trips)
    assert problem.graph.free.tolist() == [2.0, 3.0]
    assert problem.demand.tolist() == [[0.0, 50.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("1 3 100", "1 3 many", "x_net.tntp:6"),
        ("1 3 100", "1 9 100", "outside 1 to 3"),
        ("1 3 100", "1 3 0", "no positive capacity"),
        ("<NUMBER OF NODES> 3\n", "", "NUMBER OF NODES"),
    ],
)
def test_a_broken_tntp_network_is_named_with_its_line(tmp_path: Path, old: str, new: str, word: str) -> None:
    net, trips = write(tmp_path, x_net__tntp=NET.replace(old, new), x_trips__tntp=TRIPS)
    with pytest.raises(ValueError, match=word):
        read_tntp(net, trips)


def test_districts_and_a_matrix_are_read(tmp_path: Path) -> None:
    taz, od = write(tmp_path, z__xml=TAZ, od__csv="from,to,trips\nwest,east,30\nwest,east,20\n")
    zones = read_zones(taz, taz)
    assert zones == Zones(("west", "east"), (("AB",), ("CD",)), (("AB",), ("CD",)))
    assert read_matrix(od, zones).tolist() == [[0.0, 50.0], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("from,to,trips\nwest,eest,3\n", "od.csv:2: there is no zone 'eest'. Did you mean"),
        ("from,to,trips\nwest,east,-3\n", "-3 trips"),
        ("from,to,trips\nwest,east,nan\n", "nan trips"),
        ("from,to\nwest,east\n", "no column trips"),
        ("from,to,trips\nwest,east,0\n", "has no trips"),
    ],
)
def test_a_broken_matrix_is_refused_with_its_place(tmp_path: Path, text: str, word: str) -> None:
    taz, od = write(tmp_path, z__xml=TAZ, od__csv=text)
    with pytest.raises(ValueError, match=word):
        read_matrix(od, read_zones(taz, taz))


def test_a_zone_is_cut_into_points_far_apart_and_keeps_its_trips() -> None:
    zones = Zones(("a", "b"), (("p", "q", "r"), ("s",)), (("p", "q", "r"), ("s",)))
    middles = {"p": (0.0, 0.0), "q": (1.0, 0.0), "r": (100.0, 0.0), "s": (500.0, 0.0)}
    fine, demand = spread(zones, np.array([[6.0, 10.0], [4.0, 0.0]]), middles, 2)
    assert fine.names == ("a", "a", "b")
    assert {e for (e,) in fine.sources} == {"q", "r", "s"}
    assert demand.sum() == pytest.approx(20.0)
    assert np.diag(demand).sum() == 0.0


def test_whole_trips_keep_the_total() -> None:
    demand = np.random.default_rng(2).uniform(0, 3, (6, 6))
    counts = whole_trips(demand, np.random.default_rng(0))
    assert counts.sum() == round(demand.sum())
    assert (np.abs(counts - demand) < 1.0).all()


def test_geh_of_known_pairs() -> None:
    """M 1100, C 1000 an hour: √(2·100²/2100) = 3.086."""
    np.testing.assert_allclose(geh(np.array([1100.0, 0.0]), np.array([1000.0, 0.0]), 1.0), [3.0861, 0.0], atol=1e-4)


def test_sumo_drives_the_assigned_routes_and_the_counts_agree(tmp_path: Path, detour_net: Path) -> None:
    """All 90 trips arrive; both ways between B and C are used as the equilibrium says, within sampling."""
    import sumo

    taz, od = write(tmp_path, z__xml=TAZ, od__csv="from,to,trips\nwest,east,90\n")
    routes, table = tmp_path / "r.rou.xml", tmp_path / "links.csv"
    asked = [
        "traffic", "assign", str(detour_net), "--od", str(od), "--zones", str(taz), "--end", "600",
        "--out", str(table), "--json", "--out", str(routes),
    ]  # fmt: skip
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    first = routes.read_bytes()
    assert CliRunner().invoke(app, asked).exit_code == 0
    assert routes.read_bytes() == first
    driven = subprocess.run(
        [f"{sumo.SUMO_HOME}/bin/sumo", "-n", str(detour_net), "-r", str(routes), "--no-step-log",
         "--tripinfo-output", str(tmp_path / "trips.xml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert driven.returncode == 0, driven.stderr
    assert (tmp_path / "trips.xml").read_text(encoding="utf-8").count("<tripinfo ") == 90
    assert "edge,street,volume" in table.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--od", "missing.csv"], "no such file"),
        (["--od", "{od}"], "--zones is missing"),
        (["--od", "{od}", "--zones", "{bad}"], "names edge 'AX', which detour"),
        (["--od", "{od}", "--zones", "{taz}", "--end", "0"], "must come after"),
        (["--od", "{od}", "--zones", "{taz}", "--class", "lorry"], "no edge"),
        (["--od", "{od}", "--zones", "{taz}", "--out", "map.bmp"], "write .csv"),
    ],
)
def test_wrong_input_of_assign_is_one_message(tmp_path: Path, detour_net: Path, options: list[str], word: str) -> None:
    import re

    taz, bad, od = write(
        tmp_path, z__xml=TAZ, bad__xml=TAZ.replace("AB", "AX"), od__csv="from,to,trips\nwest,east,90\n"
    )  # fmt: skip
    filled = [o.format(taz=taz, bad=bad, od=od) for o in options]
    done = CliRunner().invoke(app, ["traffic", "assign", str(detour_net), *filled])
    assert done.exit_code == 2
    assert re.search(word, done.stderr.replace("\n", " "))
    assert "Traceback" not in done.output
