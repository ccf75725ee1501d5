"""SUMO configurations are read as they are, except for what they would write."""

from __future__ import annotations

import pytest

from traffic.demand import own_copies, read_sumocfg, seconds, trips


@pytest.fixture
def sumocfg(tmp_path):
    for name in ("a.net.xml", "b.rou.xml", "c.rou.xml", "d.add.xml"):
        (tmp_path / name).write_text("<x/>", encoding="utf-8")
    file = tmp_path / "run.sumocfg"
    file.write_text(
        """<configuration><input><net-file value="a.net.xml"/><route-files value="b.rou.xml, c.rou.xml"/>
        <additional-files value="d.add.xml"/></input>
        <time><begin value="0:30:00"/><end value="7200"/><step-length value="0.5"/></time>
        <output><tripinfo-output value="t.xml"/><summary value="s.xml"/><save-state.prefix value="q"/></output>
        <processing><ignore-route-errors value="true"/><time-to-teleport value="120"/>
        <lateral-resolution value="0.8"/></processing><gui_only><gui-settings-file value="v.xml"/></gui_only>
        <report><log value="l.txt"/><duration-log.statistics value="true"/></report></configuration>""",
        encoding="utf-8",
    )
    return file


def test_files_times_and_processing_options_are_kept_and_outputs_are_not(sumocfg):
    given = read_sumocfg(sumocfg)
    assert [file.name for file in (given.network, *given.routes, *given.additional)] == [
        *("a.net.xml", "b.rou.xml", "c.rou.xml", "d.add.xml")
    ]
    assert (given.begin_s, given.step_s, given.teleport_s, given.skip_invalid) == (1800, 0.5, 120, True)
    assert given.options == (("lateral-resolution", "0.8"),)


def test_detectors_write_into_the_runs_own_folder(tmp_path):
    """Their output lands beside the file that declares them; other files stay where they are."""
    inputs, folder = tmp_path / "inputs", tmp_path / "run"
    inputs.mkdir()
    folder.mkdir()
    (inputs / "det.add.xml").write_text('<additional><e1Detector id="1" file="o.xml"/></additional>', encoding="utf-8")
    (inputs / "types.add.xml").write_text('<additional><vType id="x"/></additional>', encoding="utf-8")
    detectors, types = own_copies((inputs / "det.add.xml", inputs / "types.add.xml"), folder)
    assert detectors.parent == folder
    assert types.parent == inputs


@pytest.mark.parametrize(("text", "value"), [("90", 90), ("90.5", 90.5), ("1:30:00", 5400), ("1:00:00:10", 86410)])
def test_sumos_times_in_seconds(text, value):
    assert seconds(text) == value


def test_trips_of_a_route_file_come_in_order_with_their_edges(demand):
    """Routes may be inside, by name, or only their ends; a stop names its edge."""
    file = demand(
        '<route id="r" edges="AB BC"/><vehicle id="1" depart="0" route="r"/><trip id="2" depart="7" from="AB" to="CD"/>'
        '<flow id="3" begin="9" end="20" number="3" from="AB" to="BC" via="BE"/>'
        '<vehicle id="4" depart="triggered"><route edges="CD"/><stop lane="EC_0" duration="3"/></vehicle>'
    )
    found = [(trip.id, trip.depart_s, trip.edges) for trip in trips(file)]
    assert found == [
        ("1", 0, ("AB", "BC")),
        ("2", 7, ("AB", "CD")),
        ("3", 9, ("AB", "BC", "BE")),
        ("4", None, ("CD", "EC")),
    ]
