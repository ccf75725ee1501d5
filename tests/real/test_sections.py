"""Any section of a city may be missing: all fifteen choices of its four models run and keep their accounts."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.real import cases

RECIPE = """\
twin_build: 1
name: small
seed: 3
streets: {grid: {columns: 5, rows: 5, block: 130 m}}
terrain: {cell: 10 m, relief: {underpasses: 1}}
sewer: {trial: false}
traffic: {vehicles: 300, hours: 2, peak_hour: 0.2}
terminal: {berths: 2, depth: 220 m, gate: {trucks_per_hour: 60}}
"""
MODELS = ("water", "drainage", "traffic", "port")
CHOICES = [c for n in range(1, 5) for c in itertools.combinations(MODELS, n)]
LINKS = {
    "water.leaked -> drainage.leaked": {"water", "drainage"},
    "traffic.gate_arrivals -> port.gate_arrivals": {"traffic", "port"},
    "port.admissions -> traffic.admissions": {"traffic", "port"},
    "port.departures -> traffic.departures": {"traffic", "port"},
}
"""What passes between models as an amount or as arrivals, and who must be there for it."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[tuple[str, ...], cases.Told]:
    """Ten minutes of every choice, in rain, two runs at a time."""
    folder = tmp_path_factory.mktemp("sections")
    (folder / "small.build.yaml").write_text(RECIPE)
    built = cases.twin(folder, "build", "small.build.yaml", "--quiet")
    assert built.code == 0, built.err

    def ten_minutes(choice: tuple[str, ...]) -> cases.Told:
        here = folder / "-".join(choice)
        shutil.copytree(folder / "city", here / "city")
        # A key without a value takes the base's section away.
        missing = dict.fromkeys(model for model in MODELS if model not in choice)
        burst = [{"at": "+2 min", "do": "water.burst", "pipe": "P1", "area": "20 cm2"}] if "water" in choice else []
        keys = {"extends": "city/city.yaml", "weather": {"rain": "60 mm/h"}, "timeline": burst, **missing}
        return cases.run(here, "part", hours=1 / 6, start="2026-07-01T16:00+00:00", **keys)

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(CHOICES, pool.map(ten_minutes, CHOICES), strict=True))


@pytest.mark.parametrize("choice", CHOICES, ids="-".join)
def test_a_city_with_some_of_its_models_runs_and_closes(
    choice: tuple[str, ...], told: Mapping[tuple[str, ...], cases.Told]
) -> None:
    """The sections are those asked for, every balance and link closes, and a link is there when both its ends are."""
    summary = told[choice].summary
    assert set(summary["sections"]) - {"weather", "assets"} == set(choice)
    assert summary["status"] == "good"
    assert summary["ledger"]["closed"]
    assert {row["section"] for row in summary["ledger"]["balances"]} == set(choice)
    names = {row["link"] for row in summary["ledger"]["links"]}
    assert names == {link for link, ends in LINKS.items() if ends <= set(choice)}


def test_trucks_come_by_road_only_where_there_is_one(told: Mapping[tuple[str, ...], cases.Told]) -> None:
    """With roads, whoever arrives at the terminal has left the road; without, its own profile brings them."""
    (both,) = (row for row in told["traffic", "port"].summary["ledger"]["links"] if "gate_arrivals" in row["link"])
    arrived = cases.balance(told["traffic", "port"], "port", "trucks")["inflow"]
    assert both["sent"] == both["received"] == sum(arrived.values()) > 0
    assert sum(cases.balance(told["port",], "port", "trucks")["inflow"].values()) > 0


def test_a_burst_wets_the_streets_only_where_there_are_sewers_and_ground(
    told: Mapping[tuple[str, ...], cases.Told],
) -> None:
    """What the main loses is what the surface gets, to the last digit."""
    both = told["water", "drainage"]
    lost = cases.balance(both, "water", "water")["outflow"]["link:leaked"]
    assert lost > 1.0
    assert cases.balance(both, "drainage", "surface water")["inflow"]["link:leaked"] == pytest.approx(lost, rel=1e-12)
    assert told["water",].metric("water.burst_volume") > 1.0
