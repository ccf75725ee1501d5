"""Closures in batch on the small town: what they cost, and what is wrong with a file of cases."""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from traffic.cli import traffic_app
from traffic.closing.batch import run_base, run_effects
from traffic.closing.cases import read_cases
from traffic.closing.links import critical, link_rows
from traffic.closing.opening import open_source
from traffic.fast.cases import Case

CARS = "".join(f'<trip id="c{k}" type="car" depart="{k * 5}" from="AB" to="CD"/>' for k in range(100))


@pytest.fixture
def source(detour_net, demand):
    """A hundred cars on Main Street."""
    return open_source(detour_net, [demand(CARS)])


def test_the_only_way_in_and_out_is_more_critical_than_a_street_with_a_way_round(source):
    """Without AB or CD nobody gets anywhere: 100 stranded; without BC all drive round by E."""
    base, effects = critical(source)
    rows = {row["edge"]: row for row in link_rows(source, effects, 1.0)}
    assert base.effect.stranded == 0
    assert rows["AB"]["stranded"] == rows["CD"]["stranded"] == 100
    assert rows["BC"]["stranded"] == 0
    assert rows["BC"]["rerouted"] == 100
    assert rows["BC"]["added_h"] > 0
    assert [row["rank"] for row in rows.values()] == sorted(row["rank"] for row in rows.values())
    assert rows["BC"]["rank"] == 3
    assert "BE" not in rows, "nobody drives there, so it is no candidate"


def test_added_hours_are_those_of_the_way_round(source):
    """Cars that depart alone: the way by E is longer by what the free speeds say, within a tenth."""
    base = run_base(source.bound)
    (effect,) = run_effects(source.bound, base, [Case("BC", ("BC",))])
    assert effect.added_h == pytest.approx((effect.mean_s - base.effect.mean_s) * 100 / 3600, rel=1e-6)
    network = source.network
    length = {edge.id: edge.length_m / edge.speed_mps for edge in network.edges}
    assert effect.mean_s - base.effect.mean_s > 0.9 * (length["BE"] + length["EC"] - length["BC"])


def test_the_number_of_threads_changes_nothing(source):
    """Each case has a state of its own."""
    base = run_base(source.bound)
    cases = [Case(edge, (edge,), 50.0, 300.0) for edge in ("AB", "BC", "CD")] * 3
    one, three = (run_effects(source.bound, base, cases, threads=n) for n in (1, 3))
    assert one == three


def test_a_closure_that_ends_costs_less(source):
    """Half the time closed strands fewer than closed for good."""
    base = run_base(source.bound)
    short, long = run_effects(source.bound, base, [Case("a", ("CD",), 100.0, 200.0), Case("b", ("CD",), 100.0)])
    assert short.stranded < long.stranded
    assert np.isfinite(short.mean_s)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cases: []", "lists no cases"),
        ("cases: [{name: a, edges: [AX]}]", "case 1: no edge 'AX'"),
        ("cases: [{name: a, streets: [Main Stret]}]", "Did you mean 'Main Street'"),
        ("cases: [{name: a, edges: [AB], begin: 5 min, end: 1 min}]", "`end` must come after `begin`"),
        ("cases: [{name: a}]", "name the `edges` or `streets`"),
        ("cases: [{name: a, edges: [AB]}, {name: a, edges: [BC]}]", "case 2: the name 'a' is taken"),
        ("cases: [{name: a, edges: [AB], classes: [cars]}]", "no vehicle class 'cars'"),
        ("cases: {", "cannot be read"),
    ],
)
def test_a_case_that_is_wrong_is_named(source, tmp_path, text, said):
    """File, number of the case and what to do."""
    (tmp_path / "cases.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"cases\.yaml") as error:
        read_cases(tmp_path / "cases.yaml", source.network)
    assert said in str(error.value)


def test_the_commands_write_table_and_map(detour_net, demand, tmp_path):
    """JSON with stable keys, and every kind of file."""
    outs = [tmp_path / name for name in ("links.csv", "links.geojson", "links.png")]
    words = ["critical", str(detour_net), "--demand", str(demand(CARS)), "--json"]
    done = CliRunner().invoke(traffic_app, [*words, *(w for out in outs for w in ("--out", str(out)))])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["trips"] == 100
    assert told["links"][0]["stranded"] == 100
    assert all(out.stat().st_size > 100 for out in outs)
    (tmp_path / "cases.yaml").write_text("cases: [{name: bridge, streets: [Main Street], begin: 1 min, end: 3 min}]")
    words = ["closures", str(detour_net), "--demand", str(demand(CARS)), "--cases", str(tmp_path / "cases.yaml")]
    done = CliRunner().invoke(traffic_app, [*words, "--json"])
    assert done.exit_code == 0, done.output
    assert [row["case"] for row in json.loads(done.stdout)["cases"]] == ["as it is", "bridge"]
