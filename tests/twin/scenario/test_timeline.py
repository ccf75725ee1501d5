"""Entries of the timeline and the messages on wrong ones."""

from __future__ import annotations

import pytest

CANAL = "canal: {network: net.txt}\nweather: {tide: 1 m}\n"


def entry(text: str) -> str:
    return f"{CANAL}timeline:\n  - {text}\n"


def test_an_entry_has_section_validated_arguments_times_and_place(desk):
    (item,) = desk.load(entry("{at: +1 h, do: canal.breach, bank: north, area: 40 cm2, until: '18:00'}")).schedule
    assert (item.section, item.event.verb, item.event.phase) == ("canal", "breach", "start")
    assert (item.event.args.bank, item.event.args.area) == ("north", 0.004)
    assert (item.at_us, item.until_us, item.when, item.once) == (3_600_000_000, 7_200_000_000, None, True)
    assert item.event.where.endswith("drill.yaml:6:5")


def test_with_a_condition_until_counts_from_its_firing(desk):
    text = entry('{when: "max(canal.level) > 1 m", do: canal.breach, bank: north, until: 10 min, repeat: true}')
    (item,) = desk.load(text).schedule
    assert (item.at_us, item.until_us, item.once) == (None, 600_000_000, False)
    assert item.when.text == "max(canal.level) > 1 m"


def test_ids_count_each_verb_apart_and_may_be_given(desk):
    items = desk.load(
        CANAL
        + """\
timeline:
  - {at: 1 h, do: canal.breach, bank: a}
  - {at: 1 h, do: weather.set_wind, speed: 1 m/s}
  - {at: 2 h, do: canal.breach, bank: b, id: mine}
  - {at: 1 h, do: canal.breach, bank: c}
"""
    ).schedule
    assert [i.event.id for i in items] == ["canal.breach#0", "weather.set_wind#0", "mine", "canal.breach#2"]


@pytest.mark.parametrize(
    ("text", "column", "key", "sentence"),
    [
        (
            "{at: 1 h, do: canal.breech, bank: a}",
            19,
            ".do",
            "unknown verb 'breech' of 'canal'. Did you mean 'breach'?",
        ),
        (
            "{at: 1 h, do: assets.fail, asset: a}",
            19,
            ".do",
            "'assets.fail' needs a section 'assets', which this scenario does not have",
        ),
        (
            "{at: 1 h, do: cnal.breach, bank: a}",
            19,
            ".do",
            "there is no section 'cnal' that could do 'cnal.breach'. Did you mean 'canal.breach'?",
        ),
        (
            "{at: 1 h, do: breach, bank: a}",
            19,
            ".do",
            "'breach' is not of the form section.verb, like 'water.burst'",
        ),
        (
            "{at: 1 h, bank: a}",
            5,
            "",
            "'do' is missing: what happens, like `do: water.burst`",
        ),
        (
            "{at: 1 h, do: canal.breach}",
            5,
            ".bank",
            "'bank' is missing (which bank)",
        ),
        (
            "{at: 1 h, do: canal.breach, bank: a, aera: 1 m2}",
            42,
            ".aera",
            "unknown key 'aera'. Did you mean 'area'?",
        ),
        (
            "{at: 1 h, do: canal.breach, bank: a, utnil: 2 h}",
            42,
            ".utnil",
            "unknown key 'utnil'. Did you mean 'until'?",
        ),
        (
            "{at: 1 h, do: canal.breach, bank: a, area: 3}",
            48,
            ".area",
            "3 has no unit: write it with a unit, like '40 cm2'",
        ),
        (
            "{do: canal.breach, bank: a}",
            5,
            "",
            "needs `at` (a time) or `when` (a condition)",
        ),
        (
            "{at: 1 h, when: 'weather.tide > 1 m', do: canal.breach, bank: a}",
            5,
            "",
            "has both `at` and `when`: keep one",
        ),
        (
            "{at: 2 h, until: 1 h, do: canal.breach, bank: a}",
            22,
            ".until",
            "'1 h' is not after `at` ('2 h')",
        ),
        (
            "{at: 5 h, do: canal.breach, bank: a}",
            10,
            ".at",
            "'5 h' is the end of the scenario: nothing would happen any more",
        ),
        (
            "{at: 1 h, do: canal.breach, bank: a, repeat: true}",
            50,
            ".repeat",
            "`repeat` belongs to `when`: an entry with `at` happens once",
        ),
        (
            "{when: 'weather.tide > 1 m', until: '18:00', do: canal.breach, bank: a}",
            41,
            ".until",
            "'18:00' is not in a unit of time: write it with a unit, like '5 min'",
        ),
        (
            "5",
            5,
            "",
            "must be an entry like `{at: +2 h, do: water.burst, pipe: P1}`",
        ),
    ],
)
def test_a_wrong_entry_is_one_line_at_the_wrong_key(says, text, column, key, sentence):
    assert says(entry(text)) == f"drill.yaml:6:{column}  timeline[0]{key}: {sentence}"


def test_an_end_after_the_scenario_names_the_way_out(says):
    line = says(entry("{at: 1 h, until: 9 h, do: canal.breach, bank: a}"))
    assert line.endswith("(+5:00:00). Leave `until` out for what lasts to the end")


def test_two_entries_cannot_have_one_id(says):
    text = (
        CANAL + "timeline: [{at: 1 h, do: canal.breach, bank: a, id: x}, {at: 2 h, do: canal.breach, bank: b, id: x}]\n"
    )
    assert says(text).endswith("timeline[1].id: 'x' is also the id of timeline[0]")


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("canal.levl > 1 m", "canal.levl: 'canal' has no output 'levl'. Did you mean 'level'?"),
        ("cnal.level > 1 m", "cnal.level: the scenario has no section 'cnal'. Did you mean 'canal'?"),
        ("canal.wind > 1 m/s", "canal.wind is an input: a condition reads outputs. It gives: level, flow"),
        ("canal.spilt > 1 m3", "canal.spilt passes things on and has no value at a moment. Readable: level, flow"),
        ("max(canal.level) > 1 s", "max(canal.level) (m) and 1 (s) cannot be compared: different units"),
        ("max(canal.level) > 1", "1 has no unit: max(canal.level) is in m"),
        ("weather.rain > 1 mm/h", "weather.rain: 'weather' has no output 'rain'. It gives: tide"),
        ("max(canal.level) >", "cannot read the condition 'max(canal.level) >' at its end"),
        ("__import__('os')", "cannot read the condition"),
    ],
)
def test_a_condition_is_held_against_the_ports_at_load(says, condition, sentence):
    line = says(entry(f'{{when: "{condition}", do: canal.breach, bank: a}}'))
    assert line.startswith(f"drill.yaml:6:12  timeline[0].when: {sentence}")
