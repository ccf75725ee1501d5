"""Equipment that water drowns: hysteresis, recovery, loads fed by several, and orders of the timeline."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from twin.assets import DOMAIN, AssetsModel
from twin.assets_config import VERBS, Assets
from twin.model import Event, Journal, Setup

MINUTE = 60_000_000
ONE = [{"id": "S1", "name": "Substation 1", "at": [10, 20], "feeds": ["water.PU1"]}]


def setup_of(config: list[dict[str, Any]], events: Any = (), sections: Any = ("assets", "water")) -> Setup:
    start = datetime(2026, 7, 1, 16, tzinfo=UTC)
    section = Assets.model_validate(config)
    return Setup(
        "assets",
        section,
        start,
        300 * MINUTE,
        MINUTE,
        1,
        Path(),
        Journal(),
        events=events,
        sections=frozenset(sections),
    )


def event(verb: str, asset: str = "S1", phase: str = "start", ident: str = "e") -> Event:
    return Event(ident, verb, VERBS[verb].model_validate({"asset": asset}), phase, "drill.yaml:9:5")


class Water:
    """Lets one asset stand in water, minute by minute, and notes whether its load has power."""

    def __init__(self, config: list[dict[str, Any]] = ONE) -> None:
        self.setup = setup_of(config)
        self.model = AssetsModel(self.setup)
        self.minute = 0

    def stand(self, depth: float, minutes: int = 1) -> list[float]:
        power = []
        for _ in range(minutes):
            self.model.put("depth", np.array([depth]))
            self.minute += 1
            self.model.advance(self.minute * MINUTE)
            power.append(float(self.model.take("power")[0]))
        return power

    @property
    def told(self) -> list[tuple[int, str]]:
        return [(entry["time_us"] // MINUTE, entry["what"]) for entry in self.setup.journal.entries]


def test_it_fails_at_its_depth_and_not_before():
    water = Water()
    assert water.stand(0.29) == [1.0]
    assert water.stand(0.30) == [0.0]
    assert water.setup.journal.entries[0]["text"] == "Substation 1, which feeds water.PU1, failed in 30 cm of water"


def test_it_comes_back_when_the_water_has_been_low_for_the_recovery_time():
    """Fails at 0.3 m, low (< 0.1 m) from minute 20 on, back 30 min later."""
    water = Water()
    water.stand(0.4, 10)
    assert set(water.stand(0.2, 10)) == {0.0}
    assert water.stand(0.05, 30) == [0.0] * 29 + [1.0]
    assert water.told == [(0, "asset_down"), (50, "asset_up")]
    assert water.model.summary()["down_hours"].value == pytest.approx(50 / 60)


def test_water_that_rises_again_starts_the_recovery_anew():
    water = Water()
    water.stand(0.4)
    water.stand(0.0, 20)
    water.stand(0.15)
    assert water.stand(0.0, 30) == [0.0] * 29 + [1.0]


def test_it_asks_to_be_called_at_the_moment_it_comes_back():
    water = Water()
    water.stand(0.4)
    water.model.put("depth", np.array([0.0]))
    assert water.model.next_event_us() == 31 * MINUTE
    water.model.advance(31 * MINUTE)
    assert water.model.take("power")[0] == 1.0


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=200))
def test_whatever_the_water_does_power_follows_the_rule(depths):
    """The rule written anew: down from 0.3 m until 30 minutes in a row below 0.1 m."""
    water, down, dry = Water(), False, 0
    for depth in depths:
        if depth >= 0.3:
            down, dry = True, 0
        elif down:
            dry = dry + 1 if depth < 0.1 else 0
            if dry > 30:
                down, dry = False, 0
        (power,) = water.stand(depth)
        working_after_this_minute = not down or dry == 30
        if down and dry == 30:
            down, dry = False, 0
        assert power == (1.0 if working_after_this_minute else 0.0)


def test_a_load_fed_by_two_has_power_while_one_works():
    two = [*ONE, {"id": "S2", "at": [30, 20], "feeds": ["water.PU1", "drainage.P3"]}]
    model = AssetsModel(setup_of(two))
    assert model.places["load"].ids == ("water.PU1", "drainage.P3")
    model.put("depth", np.array([1.0, 0.0]))
    assert model.take("power").tolist() == [1.0, 1.0]
    model.put("depth", np.array([1.0, 1.0]))
    assert model.take("power").tolist() == [0.0, 0.0]
    assert model.take("down").tolist() == [2.0]
    model.put("depth", np.array([1.0, 0.0]))
    assert model.take("power").tolist() == [0.0, 0.0]
    assert model.summary()["most_down"].value == 2


def test_an_order_lasts_until_its_end_or_restore():
    model = AssetsModel(setup_of(ONE))
    model.apply(event("fail", ident="a"))
    model.apply(event("fail", ident="b"))
    model.apply(event("fail", ident="a", phase="end"))
    assert model.take("power")[0] == 0.0
    model.apply(event("restore"))
    assert model.take("power")[0] == 1.0
    model.apply(event("fail", ident="b", phase="end"))
    assert model.take("power")[0] == 1.0
    assert model.summary()["assets_down"].value == 1


def test_restore_saves_the_recovery_time_but_not_from_water():
    water = Water()
    water.stand(0.4)
    water.model.apply(event("restore"))
    assert water.model.take("power")[0] == 0.0
    water.stand(0.0)
    water.model.apply(event("restore"))
    assert water.model.take("power")[0] == 1.0
    assert water.stand(0.0, 3) == [1.0, 1.0, 1.0]


def test_the_table_tells_each_asset():
    water = Water()
    water.stand(0.4, 6)
    table = water.model.tables()["assets"]
    assert dict(zip(table.columns, table.rows[0], strict=True)) == {
        "id": "S1",
        "name": "Substation 1",
        "failures": 1,
        "down_min": 6.0,
        "feeds": "water.PU1",
    }


def test_no_asset_at_all_is_a_model_that_does_nothing():
    model = AssetsModel(setup_of([]))
    model.put("depth", np.zeros(0))
    model.advance(MINUTE)
    assert model.take("power").size == 0
    assert model.summary()["down_hours"].value == 0.0


def test_an_unknown_asset_in_the_timeline_is_a_problem_at_its_entry():
    (problem,) = DOMAIN.check(setup_of(ONE, events=[event("fail", "S11")]))
    assert (problem.path, problem.where) == (("timeline",), "drill.yaml:9:5")
    assert problem.text == "there is no asset 'S11'. Did you mean 'S1'?"


def test_a_load_of_a_section_that_is_not_there_is_a_warning():
    (problem,) = DOMAIN.check(setup_of(ONE, sections=("assets",)))
    assert problem.warn
    assert problem.path == ("assets", 0, "feeds", 0)


@pytest.mark.parametrize(
    "config",
    [
        [{"id": "S1"}],
        [{"id": 1, "at": [1, 2]}],
        [{"id": "S1", "at": [1, 2]}, {"id": "S1", "at": [1, 2]}],
        [{"id": "S1", "at": [1, 2], "returns_below": "0.5 m"}],
        [{"id": "S1", "at": [1, 2], "feeds": ["PU1"]}],
        [{"id": "S1", "at": [1, 2], "fails_at": 0.3}],
    ],
)
def test_a_list_that_makes_no_sense_is_refused(config):
    with pytest.raises(ValidationError):
        Assets.model_validate(config)
