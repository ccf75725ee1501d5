"""Numbers in words, curves in units, and the lines on the terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tests.twin.results.small_city import DOMAINS, START
from twin.report.curves import charts, scale
from twin.report.plots import local_ms
from twin.report.terminal import comparison_table, headline
from twin.report.words import duration, figure, headline_names, label, ledger_verdict, number
from twin.results.compare import Row, compare
from twin.results.view import RunView


@pytest.mark.parametrize(
    ("value", "digits", "sign", "expected"),
    [
        (3180, 0, False, "3,180"),
        (-2.61, 1, True, "−2.6"),
        (0.04, 1, True, "±0"),
        (0.04, 1, False, "0.0"),
        (None, 1, False, "–"),
        ("17:50", 1, False, "17:50"),
        (16.0, 1, True, "+16.0"),
    ],
)
def test_numbers_read_well(value: object, digits: int, sign: bool, expected: str) -> None:
    assert number(value, digits, sign) == expected


def test_durations_read_well() -> None:
    """Seconds up to two minutes, then hours and minutes."""
    assert [duration(s) for s in (0.84, 58.2, 300, 6000, 21600)] == ["0.8 s", "58 s", "5 min", "1 h 40 min", "6 h"]


def test_long_meanings_are_cut_before_an_aside() -> None:
    assert label("Water not delivered.") == "Water not delivered"
    assert (
        label("Most people without water at one time (person equivalents)") == "Most people without water at one time"
    )
    assert label("Vehicle-hours lost against free driving, those held left out").endswith("free driving")


def test_units_have_their_signs() -> None:
    assert figure(312, "m3", 0) == "312 m³"
    assert figure(14, "1", 0) == "14"


def test_an_amount_becomes_a_rate() -> None:
    """25 m3 in each 5 minutes are 300 m3/h; a state only changes its unit; metres are no cubic metres."""
    t_s = 300.0 * np.arange(4)
    amount = np.full((4, 1), 25.0)
    assert scale(amount, t_s, "m3", "m3/h", True) == pytest.approx(np.full((4, 1), 300.0))
    assert scale(amount, t_s, "m2", "ha", False) == pytest.approx(amount / 1e4)
    with pytest.raises(ValueError, match="cannot turn"):
        scale(amount, t_s, "m", "m3", False)


def test_few_places_are_told_apart_and_many_are_summed_up(runs: Path) -> None:
    """Two cranes are two lines; 142 junctions are their highest and lowest."""
    from types import SimpleNamespace

    from twin.model import Curve

    view = RunView(runs / "storm-0001")
    crane = next(c for c in charts([view], DOMAINS) if c.section == "port")
    assert [t.label for t in crane.runs[0]] == ["QC1", "QC2"]
    heads = {"water": SimpleNamespace(curves=(Curve(("pressure",), "Pressure", "m"),))}
    chart = next(c for c in charts([view], heads) if c.section == "water")
    assert [t.label for t in chart.runs[0]] == ["highest", "lowest"]
    assert chart.runs[0][1].values.min() == view.field("water", "pressure")[1].min()


def test_a_section_without_a_domain_still_shows_its_series(runs: Path) -> None:
    found = charts([RunView(runs / "storm-0001")], {})
    assert [c.title for c in found if c.section == "weather"] == ["Rain on the city"]


def test_charts_show_the_time_of_day() -> None:
    """16:00 in the scenario's own zone, whatever the zone of the reader: 57,600 s after midnight."""
    assert local_ms(START, np.array([0.0]))[0] / 1000 % 86_400 == 16 * 3600


def test_the_headline_holds_the_run_against_its_baseline(runs: Path) -> None:
    summaries = [json.loads((runs / f"{n}-0001" / "summary.json").read_text()) for n in ("storm", "dry")]
    console = Console(width=110, record=True, file=None, quiet=False)
    with console.capture() as captured:
        console.print(headline(*summaries, timing={"wall_s": 58.2}, domains=DOMAINS))
    told = captured.get()
    assert "4 h 55 min simulated in 58 s (304×)" in told
    assert "31.2 → 24.8 /h (worse)" in told
    assert "1 of 2 hold" in told
    assert "closed (worst link 2e-13)" in told
    assert len(told.splitlines()) <= 15


@pytest.mark.parametrize("width", [80, 120])
def test_every_headline_figure_is_one_line_under_its_section(runs: Path, width: int) -> None:
    """The longest label and a long comparison fit 80 columns; a wide terminal shows the same."""
    summaries = [json.loads((runs / f"{n}-0001" / "summary.json").read_text()) for n in ("storm", "dry")]
    name = headline_names(summaries[0], DOMAINS)["water"][0]
    for summary, value in zip(summaries, (40_655, 0), strict=True):
        summary["metrics"][name] |= {
            "value": value,
            "unit": "person*h",
            "doc": "A label that is forty-eight characters in length.",
        }
    console = Console(width=width)
    with console.capture() as captured:
        console.print(headline(*summaries, domains=DOMAINS))
    lines = [line.rstrip() for line in captured.get().splitlines()]
    at = lines.index(DOMAINS["water"].title)
    assert lines[at + 1] == "  A label that is forty-eight characters in length  0 → 40,655 people·h (worse)"


def test_a_comparison_keeps_names_whole_and_puts_words_below(runs: Path) -> None:
    """80 columns: no figure's name is cut, since it is what an expectation needs; places stand under the table."""
    found = compare(RunView(runs / "dry-0001"), RunView(runs / "storm-0001"))
    words = Row("drainage.longest_27cm_at", "", "", None, "Rudower Chaussee, at the very end of it", None, "")
    console = Console(width=80)
    with console.capture() as captured:
        console.print(comparison_table(replace(found, rows=[*found.rows, words])))
    told = captured.get()
    assert all(row.metric in told for row in found.rows)
    assert "B  Rudower Chaussee, at the very end of it" in told
    assert max(map(len, told.splitlines())) <= 80


def test_headlines_are_the_domains_choice_or_the_first_four(runs: Path) -> None:
    summary = RunView(runs / "storm-0001").summary
    assert headline_names(summary, DOMAINS)["drainage"] == ["drainage.flooded_peak"]
    assert headline_names(summary, {})["drainage"] == ["drainage.flooded_peak", "drainage.overflow"]
    assert headline_names(summary, {}, most=1)["drainage"] == ["drainage.flooded_peak"]


def test_an_open_ledger_says_where() -> None:
    open_one = {
        "closed": False,
        "worst": {"link": "a -> b", "relative": 0.1},
        "balances": [{"section": "drainage", "substance": "water", "closed": False}],
    }
    assert ledger_verdict(open_one) == "DOES NOT CLOSE: drainage (water)"
    assert ledger_verdict({**open_one, "balances": []}) == "DOES NOT CLOSE: a -> b"
