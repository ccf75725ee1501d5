"""The container terminal alone: no roads, no weather, no water; its trucks come by the hourly profile."""

from __future__ import annotations

from pathlib import Path

from tests.real import cases

TERMINAL = "terminal: 1\nname: River terminal\norigin: [0, 0]\nheading: 0 deg\nberths: 4\n"
"""The short form: everything else is a default with its source in `port/terminal.py`."""


def test_a_shift_alone_keeps_its_accounts(tmp_path: Path) -> None:
    """Eight hours: trucks and containers balance to the piece, and a crane does no more than a cycle allows.

    25 s of handover and a cycle of 75 s, of which 10 % are repeated for 20 s: at most 3600 / 102 = 35.3 moves an hour.
    """
    (tmp_path / "terminal.yaml").write_text(TERMINAL)
    told = cases.run(tmp_path, "shift", hours=8, port={"terminal": "terminal.yaml"})
    assert told.summary["sections"] == ["port"]
    assert told.worst() == 0.0
    assert 10.0 < told.metric("port.crane_rate") < 3600 / (25 + 75 + 0.1 * 20) * 1.02
    assert (
        told.metric("port.moves")
        == cases.balance(told, "port", "containers")["inflow"]["discharged"]
        + (cases.balance(told, "port", "containers")["outflow"]["loaded"])
    )
    assert told.metric("port.trucks_served") > 0


def test_more_wind_than_cranes_may_bear_stops_the_quay(tmp_path: Path) -> None:
    """Terminal and weather, nothing else: an hour of 25 m/s in three stops every crane (limit 20 m/s)."""
    (tmp_path / "terminal.yaml").write_text(TERMINAL)
    gust = [{"at": "+1 h", "do": "weather.set_wind", "speed": "25 m/s", "until": "+2 h"}]
    sections = {"port": {"terminal": "terminal.yaml"}, "weather": {"wind": "6 m/s"}}
    calm = cases.run(tmp_path, "calm", hours=3, **sections)
    windy = cases.run(tmp_path, "windy", hours=3, timeline=gust, **sections)
    assert windy.metric("port.moves") < 0.75 * calm.metric("port.moves")
    assert windy.metric("port.stopped_wind") > 0 == calm.metric("port.stopped_wind")
