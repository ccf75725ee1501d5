"""The story says what the tables say, in sentences."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from traffic.story import story
from twin.clock import to_us


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
