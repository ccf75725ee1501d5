"""The grammar of `when:`, its evaluation, and when it fires."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.places import City, Points
from twin.scenario.conditions import Compare
from twin.scenario.trigger import Trigger

MINUTE = 60_000_000
VALUES = {
    ("drainage", "depth"): ([0.1, 0.3, 0.2], ["a", "underpass_3", "-12#1"], "m"),
    ("weather", "wind"): ([12.0], ["city"], "m/s"),
    ("water", "served"): ([0.5], ["city"], "1"),
    ("water", "dry"): ([float("nan")], ["city"], "m"),
    ("water", "none"): ([], [], "m"),
}


def lookup(section, port):
    return VALUES[section, port]


def true(text: str, now_us: int = 0) -> bool:
    return Trigger.parse(text).value(now_us, lookup)


@pytest.mark.parametrize(
    "text",
    [
        "drainage.depth[underpass_3] > 0.27 m",
        "drainage.depth[underpass_3] == 30 cm",
        "30cm<=drainage.depth[underpass_3]",
        "drainage.depth['-12#1'] >= 200 mm",
        "drainage.depth[-12#1] != 0 m",
        "max(drainage.depth) > min(drainage.depth)",
        "mean(drainage.depth) > 199 mm",
        "sum(drainage.depth) > 0.59 m",
        "weather.wind > 43 km/h",
        "weather.wind < 43.3 km/h",
        "water.served == 50 %",
        "water.served == 0.5",
        "time < 1 s",
        "not time > 1 s",
        "not (time > 1 s or weather.wind > 20 m/s)",
        "time > 1 s or weather.wind > 10 m/s and water.served < 1",
        "(time > 1 s or weather.wind > 10 m/s) and not water.served > 0.9",
        "max ( drainage.depth )\n  > 1e-1 m",
    ],
)
def test_what_is_true(text):
    """Depths are 0.1, 0.3 and 0.2 m; the wind is 12 m/s = 43.2 km/h; half is served."""
    assert true(text)
    assert not true(f"not ({text})")


def test_and_binds_closer_than_or():
    """True or (True and False) is true; (True or True) and False is not."""
    yes, no = "time < 1 s", "time > 1 s"
    assert true(f"{yes} or {yes} and {no}")
    assert not true(f"({yes} or {yes}) and {no}")


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
def test_no_comparison_holds_for_a_value_that_is_not_known(sign):
    assert not true(f"water.dry {sign} 1 m")
    assert not true(f"max(water.none) {sign} 1 m")


def test_time_counts_from_the_start():
    assert true("time >= 2 h", 120 * MINUTE)
    assert not true("time >= 2 h", 120 * MINUTE - 1)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "time",
        "time >",
        "time > 1 s and",
        "time > 1 s time < 2 s",
        "(time > 1 s",
        "time > 1 s)",
        "max(time) > 1 s",
        "depth > 1 m",
        "a.b.c > 1 m",
        "a.b[] > 1 m",
        "a.b() > 1 m",
        "time = 1 s",
        "time > 1 s for 10 min and time > 2 s",
        "time > 1 s for 10 m",
        "time > 1 s for 0 s",
        "1 if True else 2",
        "().__class__ > 1",
    ],
)
def test_what_is_no_condition_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match=r"\w"):
        Trigger.parse(text)


@pytest.mark.parametrize(
    "text", ["(" * 400 + "time > 1 s" + ")" * 80, "not " * 100 + "time > 1 s", "time > 1 s or " * 50]
)
def test_depth_and_length_are_limited(text):
    with pytest.raises(ValueError, match=r"nested deeper|longer than"):
        Trigger.parse(text)


@settings(deadline=None)
@given(st.text(alphabet="abm.()[]<>= 0123andortimefx", max_size=60))
def test_any_text_is_a_trigger_or_a_sentence(text):
    try:
        trigger = Trigger.parse(text)
    except ValueError as error:
        message = str(error)
    else:
        message = trigger.text
    assert message


@settings(deadline=None)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_comparisons_of_numbers_agree_with_arithmetic(a, b):
    for sign, expected in (("<", a < b), ("<=", a <= b), ("==", a == b), ("!=", a != b)):
        assert true(f"{a!r} m {sign} {b!r} m") is expected


def ramp(values):
    """The answers of a trigger to one value after the other, a minute apart."""

    def answer(trigger, minute):
        return trigger.fires(minute * MINUTE, lambda section, port: ([values[minute]], ["city"], "m"))

    return lambda trigger: [answer(trigger, minute) for minute in range(len(values))]


def test_it_fires_when_it_becomes_true_and_again_after_it_was_false():
    assert ramp([0, 2, 2, 0, 2])(Trigger.parse("a.b > 1 m")) == [False, True, False, False, True]


def test_what_is_true_at_the_first_look_fires_then():
    assert ramp([2, 2])(Trigger.parse("a.b > 1 m")) == [True, False]


def test_with_for_it_must_have_held_without_a_break():
    """Held from minute 1 to 2 (too short), and from minute 4: fires at minute 6."""
    answers = ramp([0, 2, 2, 0, 2, 2, 2, 2])(Trigger.parse("a.b > 1 m for 2 min"))
    assert answers == [False] * 6 + [True, False]


def test_reset_forgets_what_was_seen():
    trigger = Trigger.parse("a.b > 1 m")
    ramp([2])(trigger)
    trigger.reset()
    assert ramp([2])(trigger) == [True]


def test_a_place_that_does_not_exist_is_told():
    with pytest.raises(ValueError, match=r"there is no place 'underpass_4'\. Did you mean 'underpass_3'\?"):
        true("drainage.depth[underpass_4] > 1 m")


def test_one_of_many_places_must_be_named():
    with pytest.raises(ValueError, match=r"drainage\.depth has 3 places: write max\(drainage\.depth\)"):
        true("drainage.depth > 1 m")


def test_places_are_checked_before_a_run():
    places = {"depth": Points(("a", "b"), None), "wind": City()}
    trigger = Trigger.parse("drainage.depth[c] > 1 m and weather.wind > 1 m/s and max(drainage.depth) > 1 m")
    assert trigger.check_places(lambda section, port: places[port]) == ["drainage.depth[c]: there is no place 'c'."]


def test_a_place_may_be_written_without_quotes():
    condition = Trigger.parse("drainage.depth[ -12#1 ] > 1 m").condition
    assert isinstance(condition, Compare)
    assert condition.left.place == "-12#1"
