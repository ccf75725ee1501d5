"""Expectations: units are converted, verdicts are sentences."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twin.model import Metric
from twin.scenario.expect import Expectation


def of(**limits) -> Expectation:
    return Expectation(metric="water.unserved", **limits)


M3 = Metric(37.25, "m3", "Water not served")


@pytest.mark.parametrize(
    ("limits", "good"),
    [
        ({"below": "50 m3"}, True),
        ({"below": "37250 L"}, False),
        ({"below": 37.25}, False),
        ({"below": "37251 L"}, True),
        ({"above": 37}, True),
        ({"above": "40 m3"}, False),
        ({"equals": "37250 L"}, True),
        ({"equals": 37.2501}, False),
        ({"between": ("37.25 m3", 50)}, True),
        ({"between": (38, 50)}, False),
    ],
)
def test_a_limit_holds_in_its_own_unit(limits, good):
    """37.25 m3 = 37,250 L. Below and above are strict, between holds its ends."""
    assert of(**limits).verdict(M3)[0] is good


def test_the_verdict_is_a_sentence_with_the_figure_and_the_limit():
    assert of(below="50 m3").verdict(M3) == (True, "water.unserved is 37.2 m3, below 50 m3")
    assert of(below="30 m3").verdict(M3) == (False, "water.unserved is 37.2 m3, not below 30 m3")


def test_a_missed_limit_is_seen_although_the_figure_is_rounded():
    """50.04 m3 shown as 50.0 would not look like a miss of 'below 50.01 m3'."""
    assert of(below="50.01 m3").verdict(Metric(50.04, "m3", ""))[1] == "water.unserved is 50.04 m3, not below 50.01 m3"


def test_a_figure_that_the_run_does_not_have_fails_with_a_suggestion():
    good, text = of(below=1).verdict(None, ("water.unserved_volume", "drainage.depth"))
    assert not good
    assert text.endswith("Did you mean 'water.unserved_volume'?")


def test_a_figure_without_a_value_fails():
    assert not of(below=1).verdict(Metric(None, "m3", ""))[0]


def test_another_kind_of_unit_fails_and_says_so():
    good, text = of(below="3 s").verdict(M3)
    assert not good
    assert "'3 s' is not in a unit of volume" in text


def test_counts_and_texts():
    assert of(equals=3).verdict(Metric(3, "1", ""))[0]
    assert of(equals="closed").verdict(Metric("closed", "", "")) == (True, "water.unserved is 'closed', as expected")
    assert not of(below=3).verdict(Metric("closed", "", ""))[0]


def test_a_unit_of_the_metric_that_no_system_knows_is_taken_literally():
    assert of(below="40 moves/h").verdict(Metric(31.2, "moves/h", ""))[0]


@pytest.mark.parametrize(
    "limits", [{}, {"below": 1, "above": 2}, {"below": True}, {"below": float("nan")}, {"between": (1,)}]
)
def test_exactly_one_limit_is_given(limits):
    with pytest.raises(ValidationError):
        of(**limits)
