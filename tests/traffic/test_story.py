"""The story says what the tables say, in sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from tests.traffic.test_reach import points
from traffic.domain import DOMAIN
from traffic.story import story
from twin.clock import to_us
from twin.report.words import headline_names


def view_of(run):
    """A finished run's figures and tables, as the results give them."""
    metrics = {f"traffic.{name}": metric.value for name, metric in run.model.summary().items()}
    tables = {name: run.rows(name) for name in run.model.tables()}
    return SimpleNamespace(
        start=datetime(2026, 7, 1, 16, tzinfo=UTC),
        duration_us=to_us(3600),
        metric=metrics.get,
        table=lambda section, name: tables.get(name, []),
    )


def drill(run_on, detour_net, demand, wet):
    calls = '<vehicle id="c" type="car" depart="0"><route edges="AB BC CD"/></vehicle>'
    calls += '<vehicle id="ambulance_7" type="ambulance" depart="1"><route edges="AB BC CD"/></vehicle>'
    run = run_on({"network": detour_net, "demand": [demand(calls)]})
    run.to(6)
    run.flood(CD=0.8 if wet else 0.0)
    run.to(400)
    run.flood(CD=0.0)
    run.to(1500)
    return view_of(run)


def test_a_flooded_street_and_a_late_ambulance_are_told_against_the_dry_day(run_on, detour_net, demand):
    """Main Street closes at 16:00 and opens ten minutes after the water has gone; the ambulance needs 17 to 18 min."""
    dry = drill(run_on, detour_net, demand, wet=False)
    told = [beat.text for beat in story(drill(run_on, detour_net, demand, wet=True), dry)]
    assert "Main Street closed 16:00–16:17, under up to 0.8 m of water." in told
    assert any(text.startswith("ambulance_7 needed 18 min instead of 1 min, held on Main Street") for text in told), (
        told
    )
    assert "Help in time: 100 % in the comparison run, 0 % in this one." in told
    assert "2 trips found their way cut: 0 went round, 2 were held." in told


def test_a_quiet_day_has_no_story(run_on, detour_net, demand):
    dry = drill(run_on, detour_net, demand, wet=False)
    assert story(dry, None) == []
    assert story(dry, dry) == []


def test_reach_and_counts_are_told_and_stand_among_the_headline_figures(run_on, detour_net, demand, tmp_path):
    """300 of 400 people live beyond a street that floods from minute 10 on: 100 % in time, then 25 %. 3 of 3 cars were
    counted, a journey of 70 s took about as long."""
    car = '<vehicle id="{0}" type="car" depart="{0}"><route edges="AB BC CD"/></vehicle>'
    count = '<interval begin="0" end="300"><edge id="AB" entered="3"/></interval>'
    (tmp_path / "counts.xml").write_text(f"<meandata>{count}</meandata>", encoding="utf-8")
    (tmp_path / "journeys.csv").write_text("from_edge,to_edge,seconds\nAB,CD,60\n", encoding="utf-8")
    stations = points(tmp_path / "s.geojson", (1001, 2000, {"kind": "ambulance", "name": "West"}))
    people = points(tmp_path / "p.geojson", (1150, 2000, {"people": 100}), (1800, 2000, {"people": 300}))
    run = run_on({
        "network": detour_net, "demand": [demand("".join(car.format(k) for k in (1, 2, 3)))],
        "counts": tmp_path / "counts.xml", "journeys": tmp_path / "journeys.csv",
        "reach": {"stations": str(stations), "people": str(people), "turnout": "0 s", "ambulance": "2 min"},
    })  # fmt: skip
    run.to(600, lambda: run.model.take("reach_ambulance"))
    run.flood(CD=0.9)
    run.to(700, lambda: run.model.take("reach_ambulance"))
    told = [beat.text for beat in story(view_of(run), None)]
    assert "An ambulance could reach 25 % of the people in time, instead of 100 % at the start." in told
    measured = "Against what was measured: 100 % of the counts are met (GEH below 5; 85 % is asked for)"
    assert f"{measured}, 100 % of the journey times (within 15 % or 1 min)." in told
    summary = {"sections": ["traffic"], "metrics": {f"traffic.{name}": 0 for name in run.model.summary()}}
    shown = headline_names(summary, {"traffic": DOMAIN})["traffic"]
    assert shown == [
        f"traffic.{name}" for name in ("roads_cut", "reach_ambulance_least", "counts_good", "journeys_good")
    ]
