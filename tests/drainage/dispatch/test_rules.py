"""Rule control as pure logic: bands, drawdown, river, plant, plans. No engine runs here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from drainage.dispatch.config import Dispatch
from drainage.dispatch.plans import MODES, Plan, first_round, kinds_of, second_round
from drainage.dispatch.rules import Rules, Seen
from tests.drainage.dispatch.town import SYSTEM

NODES = {
    "P1": ("lake", "head"), "P2": ("lake", "head"), "PB": ("basin", "M2"), "sluice": ("lake", "sea"),
    "inlet": ("M2", "basin"),
}  # fmt: skip


def rules(**more: Any) -> Rules:
    return Rules(Dispatch.model_validate({**SYSTEM, **more}), NODES)


def seen(lake: float = 0.0, street: float = 0.0, basin: float = 0.0, **more: Any) -> Seen:
    depth = {"lake": lake, "M2": street, "basin": basin}
    return Seen(depth, {"lake": 8.0 + lake, "M2": 9.75 + street, "basin": 8.5 + basin}, **more)


def settle(r: Rules, s: Seen, plan: Plan = Plan()) -> dict[str, float]:
    return r.settings(s, plan, lambda what, text: None)


def test_pumps_start_one_after_the_other_and_stop_together() -> None:
    r = rules()
    steps = [(1.7, 0, 0), (1.8, 1, 0), (2.0, 1, 1), (1.5, 1, 1), (1.2, 0, 0), (1.7, 0, 0)]
    for depth, first, second in steps:
        found = settle(r, seen(depth))
        assert (found["P1"], found["P2"]) == (first, second), depth


def test_a_coming_storm_lowers_starts_and_stops_until_it_is_over() -> None:
    """stop 1.2 lowered to 0.4, so starts come 0.8 m lower: 1.0 and 1.2 m. The storm counts until 20 % of it is left."""
    told: list[str] = []
    r = rules(forecast={"storm": "10 mm"})
    s = seen(1.3, coming_mm=12.0, coming_text="storm in 40 min")
    found = r.settings(s, Plan(), lambda what, text: told.append(text))
    assert (found["P1"], found["P2"]) == (1, 1)
    assert any(t.startswith("storm in 40 min: lake drawn down to 0.40 m") for t in told)
    assert settle(r, seen(0.5, coming_mm=3.0))["P1"] == 1
    assert settle(r, seen(0.5, coming_mm=1.0))["P1"] == 0


def test_a_high_river_limits_pumps_and_shuts_gates_with_hysteresis() -> None:
    r = rules(river={"warning": "9.0 m", "pumps": 0.5})
    low, high = seen(2.5, river=8.6), seen(2.5, river=9.0)
    assert (settle(r, low)["P2"], settle(r, low)["sluice"]) == (1, 1)
    found = settle(r, high)
    assert (found["P1"], found["P2"], found["sluice"]) == (1, 0, 0)
    assert settle(r, seen(2.5, river=8.96))["P2"] == 0
    assert settle(r, seen(2.5, river=8.94))["P2"] == 1


def test_a_gate_never_lets_the_river_in_whatever_the_plan() -> None:
    """The lake at 9.5 m, the river at 9.49 or 9.6 m: no fall of 2 cm, so the gate stays shut."""
    shut, opened = Plan((("sluice", "shut"),)), Plan((("sluice", "open"),))
    for river in (9.49, 9.6):
        assert settle(rules(), seen(1.5, river=river), opened)["sluice"] == 0
    assert settle(rules(), seen(1.5, river=9.0), opened)["sluice"] == 1
    assert settle(rules(), seen(1.5, river=9.0), shut)["sluice"] == 0


@given(
    depth=st.floats(0, 4), before=st.floats(0, 4), mode=st.sampled_from(list(MODES["station"])), storm=st.floats(0, 60)
)
def test_no_plan_runs_a_well_dry(depth: float, before: float, mode: str, storm: float) -> None:
    """Below the lowest level (0.4 m) nothing pumps, whatever was on before and whatever is planned."""
    r = rules()
    plan = Plan((("lake", mode),) if mode != "rules" else ())
    settle(r, seen(before, coming_mm=storm), plan)
    found = settle(r, seen(depth, coming_mm=storm), plan)
    if depth <= 0.4:
        assert found["P1"] == found["P2"] == 0


def test_a_basin_fills_above_its_level_is_emptied_afterwards_and_held_by_a_plan() -> None:
    r, held = rules(), Plan((("basin", "hold"),))
    assert settle(r, seen(street=0.7, basin=1.0)) | {"P1": 0} == {"P1": 0, "P2": 0, "sluice": 0, "inlet": 1, "PB": 0}
    assert settle(r, seen(street=0.5, basin=1.0))["inlet"] == 1
    found = settle(r, seen(street=0.4, basin=1.0))
    assert (found["inlet"], found["PB"]) == (0, 1)
    assert settle(r, seen(street=0.4, basin=0.3))["PB"] == 0
    found = settle(r, seen(street=2.0, basin=1.0), held)
    assert (found["inlet"], found["PB"]) == (0, 0)


def test_the_plants_feeds_are_throttled_to_its_limit_and_recover() -> None:
    """0.2 m3/s arrive where 0.1 can be taken: half; then 5 % more a minute while under 95 % of the limit."""
    r = rules(plant={"at": "river", "limit": "0.1 m3/s", "feeds": ["P1", "P2"]})
    assert settle(r, seen(2.5, plant_flow=0.2))["P1"] == pytest.approx(0.5)
    assert settle(r, seen(2.5, plant_flow=0.098))["P1"] == pytest.approx(0.5)
    assert settle(r, seen(2.5, plant_flow=0.05))["P1"] == pytest.approx(0.525)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stations": {"lake": {"pumps": ["P1"], "start": ["1 m"], "stop": "1.5 m"}}}, "`stop` must be below `start`"),
        ({"stations": {"lake": {"pumps": ["P1"], "start": ["1 m", "2 m"], "stop": "0.5 m"}}}, "2 depths for 1 pump"),
        ({"mpc": {"interval": "30 min", "horizon": "20 min"}}, "must not be shorter than `interval`"),
        ({"basins": {"basin": {"node": "basin", "usable": "1 m3", "inlet": "inlet"}}}, "needs `fill_above`"),
        ({"gates": {"lake": {"link": "sluice", "open_above": "1 m"}}}, "'lake' is used twice"),
        ({"gates": {"g": {"link": "P1", "open_above": "1 m"}}}, "'P1' is commanded twice"),
        ({"costs": {"energy": {"7 am": 0.1}}}, "no time of day"),
    ],
)
def test_levels_and_times_that_contradict_each_other_are_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Dispatch.model_validate({**SYSTEM, **change})


def test_the_price_of_energy_goes_by_the_clock() -> None:
    costs = Dispatch.model_validate({**SYSTEM, "costs": {"energy": {"07:00": 0.2, "22:00": 0.1}}}).costs
    assert [costs.price(clock) for clock in ("06:59", "07:00", "21:59", "23:00")] == [0.1, 0.2, 0.2, 0.1]


def test_rounds_hold_the_rules_first_and_repeat_with_their_seed() -> None:
    config = Dispatch.model_validate({**SYSTEM, "mpc": {"candidates": 20, "refine": 5}})
    rounds = [first_round(config, np.random.default_rng(3), Plan()) for _ in range(2)]
    assert rounds[0] == rounds[1]
    assert rounds[0] != first_round(config, np.random.default_rng(4), Plan())
    assert rounds[0][0] == Plan()
    assert len(set(rounds[0])) == 20
    tried = rounds[0][:4]
    near = second_round(config, np.random.default_rng(3), tried[1], tried)
    assert len(near) == 5
    assert not set(near) & set(tried)
    kinds = kinds_of(config)
    for plan in near:
        changed = [n for n in kinds if plan.mode(n) != tried[1].mode(n)]
        assert len(changed) == 1


def test_small_systems_have_no_more_plans_than_there_are() -> None:
    config = Dispatch.model_validate({"gates": SYSTEM["gates"], "mpc": {"candidates": 50}})
    plans = first_round(config, np.random.default_rng(0), Plan())
    assert {p.mode("sluice") for p in plans} == {"rules", "open", "shut"}
    assert len(plans) == 3
