"""Loading: merging, origins, and every problem as one line with its place and a way out."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from twin.scenario import ScenarioError, check_inputs, load

from .conftest import DOMAINS, HEAD

CANAL = "canal: {network: net.txt}\n"


def test_a_scenario_has_sections_clock_and_defaults(desk):
    scenario = desk.load(CANAL + "seed: 7\ntitle: A drill\n")
    assert scenario.name == "drill"
    assert scenario.clock.start == datetime(2026, 7, 1, 16, tzinfo=timezone(timedelta(hours=8)))
    assert (scenario.clock.duration_us, scenario.clock.exchange_us) == (5 * 3_600_000_000, 60_000_000)
    assert scenario.results.interval_us == 300_000_000
    assert list(scenario.sections) == ["canal"]
    assert scenario.sections["canal"].network == desk.folder / "net.txt"


def test_sections_come_in_the_order_of_the_domains_not_of_the_file(desk):
    assert list(desk.load(CANAL + "weather: {tide: 1 m}\n").sections) == ["weather", "canal"]


def test_a_base_is_merged_deeply_and_lists_are_appended(desk):
    desk.write(
        "base.yaml",
        """\
        clock: {duration: 2 h, exchange: 30 s}
        canal: {network: net.txt, widths: {a: 1 m}, pipes: [{id: P1}]}
        timeline: [{at: 1 h, do: canal.breach, bank: north}]
        """,
    )
    scenario = desk.load(
        """\
        extends: base.yaml
        canal: {widths: {b: 2 m}, pipes: [{id: P2}]}
        timeline: [{at: 30 min, do: canal.breach, bank: south}]
        """
    )
    canal = scenario.sections["canal"]
    assert canal.widths == {"a": 1.0, "b": 2.0}
    assert [pipe.id for pipe in canal.pipes] == ["P1", "P2"]
    assert [entry.event.args.bank for entry in scenario.schedule] == ["north", "south"]
    assert scenario.clock.duration_us == 5 * 3_600_000_000
    assert scenario.clock.exchange_us == 30_000_000


def test_replace_takes_the_place_of_a_list_and_of_a_mapping(desk):
    desk.write("base.yaml", "canal: {network: net.txt, widths: {a: 1 m}, pipes: [{id: P1}]}\n")
    canal = desk.load("extends: base.yaml\ncanal: {widths: !replace {b: 2 m}, pipes: !replace [{id: P2}]}\n")
    assert canal.sections["canal"].widths == {"b": 2.0}
    assert [pipe.id for pipe in canal.sections["canal"].pipes] == ["P2"]


def test_a_null_takes_away_a_section_or_a_value_of_the_base(desk):
    desk.write("base.yaml", "weather: {tide: 1 m, wind: 3 m/s}\n" + CANAL)
    assert list(desk.load("extends: base.yaml\nweather:\n").sections) == ["canal"]
    assert desk.load("extends: base.yaml\nweather: {tide: ~}\n").sections["weather"].given == ("wind",)


def test_name_title_and_baseline_are_a_files_own(desk):
    desk.write("dry.yaml", HEAD + CANAL)
    desk.write("base.yaml", "name: base\ntitle: Base\nbaseline: dry.yaml\n" + CANAL)
    scenario = desk.load("extends: base.yaml\n")
    assert (scenario.name, scenario.title, scenario.baseline) == ("drill", "", None)


def test_files_of_a_base_are_relative_to_the_base(desk):
    desk.write("city/base.yaml", "canal: {network: banks.txt, level: rise.csv}\nweather: {tide: tide.csv}\n")
    desk.write("city/banks.txt", "west")
    desk.write("city/rise.csv", "")
    desk.write("city/tide.csv", "")
    scenario = desk.load("extends: city/base.yaml\n")
    assert scenario.sections["canal"].network == desk.folder / "city" / "banks.txt"
    assert scenario.sections["canal"].level == desk.folder / "city" / "rise.csv"
    assert scenario.sections["weather"].tide.series == desk.folder / "city" / "tide.csv"
    assert scenario.resolved()["canal"]["network"] == "city/banks.txt"


def test_a_quantity_of_a_base_in_another_folder_stays_a_quantity(desk):
    desk.write("city/base.yaml", "canal: {network: banks.txt, level: 2 m}\nweather: {tide: 1 m}\n")
    desk.write("city/banks.txt", "west")
    scenario = desk.load("extends: city/base.yaml\n")
    assert scenario.sections["canal"].level == 2.0
    assert scenario.sections["weather"].tide.level == 1.0


def test_a_base_above_needs_a_root_that_holds_both(desk):
    desk.write("base.yaml", CANAL)
    inner = desk.write("drills/one.yaml", HEAD + "extends: ../base.yaml\n")
    with pytest.raises(ScenarioError, match=r"extends: '\.\./base\.yaml' leaves the folder drills/.*--root"):
        load(inner, domains=DOMAINS)
    assert load(inner, root=desk.folder, domains=DOMAINS).sections["canal"].network.name == "net.txt"


def test_a_root_that_does_not_hold_the_scenario_is_refused(desk):
    desk.write("other/x", "")
    with pytest.raises(ScenarioError, match="does not hold the scenario"):
        desk.load(CANAL, root=desk.folder / "other")


def test_circles_of_extends_are_told_with_their_files(desk, says):
    desk.write("a.yaml", "extends: drill.yaml\n")
    line = says("extends: a.yaml\n")
    assert line == "a.yaml:1:10  extends: the files extend each other in a circle: drill.yaml -> a.yaml -> drill.yaml"


@pytest.mark.parametrize("name", ["3", '"a\\0b"', '"a\\nb"', "[]", '" "'])
def test_extends_must_name_a_file(says, name):
    assert says(f"extends: {name}\n") == "drill.yaml:3:10  extends: give the name of a scenario file"


def test_overrides_change_and_add_values_and_are_their_origin(desk):
    scenario = desk.load(
        CANAL + "timeline: [{at: 1 h, do: canal.breach, bank: north}]\n",
        "canal.engine=fast",
        "timeline.0.bank=south",
        "clock.exchange=30 s",
        "weather.tide=2 m",
        "canal.widths.a=3 m",
    )
    assert scenario.sections["canal"].engine == "fast"
    assert scenario.schedule[0].event.args.bank == "south"
    assert scenario.clock.exchange_us == 30_000_000
    assert scenario.sections["weather"].tide.level == 2.0
    assert scenario.sections["canal"].widths == {"a": 3.0}
    assert scenario.origin(("canal", "engine")).text == "--set canal.engine=fast"
    assert scenario.origin(("canal", "engine")).how == "--set"


def test_the_last_override_wins(desk):
    assert desk.load(CANAL, "seed=1", "seed=2").seed == 2


def test_an_empty_override_takes_a_value_away(desk):
    assert list(desk.load(CANAL + "weather: {tide: 1 m}\n", "weather=").sections) == ["canal"]


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("canal.engin=fast", "unknown key 'engin' in canal. Did you mean 'engine'?"),
        ("cannal.engine=fast", "unknown key 'cannal'. Did you mean 'canal'?"),
        ("canal", "write it as --set section.key=value"),
        ("=3", "write it as --set section.key=value"),
        ("canal.pipes.0.id=x", "there is no list 'canal.pipes' in the file"),
        ("timeline.3.bank=x", "'timeline' is a list of 1: give a number from 0, not '3'"),
        ("timeline.0.banc=x", "unknown key 'banc' in timeline[0]. Did you mean 'bank'?"),
        ("canal.engine=[", "the value is not YAML"),
        ("clock.start.x=3", "unknown key 'x' in clock.start."),
        ("extends=x", "unknown key 'extends'."),
    ],
)
def test_an_override_that_leads_nowhere_is_refused(says, setting, sentence):
    line = says(CANAL + "timeline: [{at: 1 h, do: canal.breach, bank: north}]\n", setting)
    assert line.startswith(f"--set {setting}  {sentence}")


def test_a_wrong_value_from_an_override_is_told_with_it(says):
    line = says(CANAL, "canal.step=5")
    assert line == "--set canal.step=5  canal.step: 5 has no unit: write it with a unit, like '5 min'"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("cannal: {}\n" + CANAL, "drill.yaml:3:1  cannal: unknown key 'cannal'. Did you mean 'canal'?"),
        (
            "canal: {network: net.txt, engin: slow}\n",
            "drill.yaml:3:27  canal.engin: unknown key 'engin'. Did you mean 'engine'?",
        ),
        (
            "canal: {network: net.tx}\n",
            "drill.yaml:3:18  canal.network: there is no file 'net.tx' in {folder}/. Did you mean 'net.txt'?",
        ),
        ("canal: {}\n", "drill.yaml:3:1  canal.network: 'network' is missing (the canal's network)"),
        (
            "canal: {network: net.txt, engine: fats}\n",
            "drill.yaml:3:35  canal.engine: 'fats' is not one of 'slow', 'fast'. Did you mean 'fast'?",
        ),
        ("canal: {network: net.txt, pipes: 3}\n", "drill.yaml:3:34  canal.pipes: must be a list, not 3"),
        (
            "canal: {network: net.txt, pipes: [{id: 3}]}\n",
            "drill.yaml:3:40  canal.pipes[0].id: must be a text, not 3",
        ),
        ("canal: 5\n", "drill.yaml:3:8  canal: must be a mapping of keys and values, not 5"),
        (
            "canal: {network: net.txt, step: 3 m}\n",
            "drill.yaml:3:33  canal.step: '3 m' is not in a unit of time: write it with a unit, like '5 min'",
        ),
        (CANAL + "seed: -1\n", "drill.yaml:4:7  seed: must be at least 0, not -1"),
        (CANAL + "seed: 1.5\n", "drill.yaml:4:7  seed: must be a whole number, not 1.5"),
        (
            CANAL + "crs: EPSG:4326\n",
            "drill.yaml:4:6  crs: 'EPSG:4326' (WGS 84) is in degrees: name a projected system in metres, "
            "such as the UTM zone of the city: `EPSG:32633`",
        ),
        (
            CANAL + "results: {interval: 0 s}\n",
            "drill.yaml:4:21  results.interval: must be longer than nothing: at least 1 us",
        ),
        (CANAL + "baseline: drill.yaml\n", "drill.yaml:4:11  baseline: the scenario cannot be its own baseline"),
        (
            "",
            "drill.yaml:1:1  there is no model in this scenario: add a section such as `weather:`, `assets:`, `canal:`",
        ),
    ],
)
def test_bad_input_is_one_line_with_place_and_way_out(desk, says, text, line):
    assert says(text) == line.replace("{folder}", desk.folder.name)


def test_all_problems_are_told_at_once_in_the_order_of_the_file(desk):
    lines = desk.wrong(
        """\
        canal: {engine: fats}
        weather: {rain: 3 kg}
        timeline: [{at: 9 h, do: canal.breach, bank: 5}]
        expect: [{metric: canal.x}]
        crs: nowhere
        """,
        head='twin: 2\nclock: {start: "2026-07-01T16:00", duration: 5 h}\n',
    )
    places = [line.partition("  ")[0] for line in lines]
    assert places == [f"drill.yaml:{p}" for p in ("1:7", "2:16", "3:1", "3:17", "4:17", "5:46", "6:10", "7:6")]


def test_no_sentence_speaks_of_the_validator(desk):
    """Words of the library that checks the types mean nothing to a planner."""
    lines = desk.wrong(
        "canal: {network: [1], engine: {}, step: [], level: {a: 1}, pipes: [3, {}], widths: 3}\n"
        "weather: {rain: [], tide: {harmonic: 3}, wind: {}}\nassets: [{at: x}]\nclock: 3\n",
        head="twin: 1\n",
    )
    text = "\n".join(lines).lower()
    for jargon in ("input should", "pydantic", "validation", "value error", "http", "type=", "instance of", "tuple"):
        assert jargon not in text


def test_a_file_outside_the_folder_is_refused_also_through_a_link(desk, says, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "net.txt"
    outside.write_text("x")
    (desk.folder / "link.txt").symlink_to(outside)
    for name in (f"../{outside.parent.name}/net.txt", str(outside), "link.txt"):
        assert "leaves the scenario's folder" in says(f"canal: {{network: {name}}}\n")


@pytest.mark.parametrize("name", ["drill.yml", "nowhere/drill.yaml"])
def test_a_scenario_that_is_not_there(desk, name):
    desk.load(CANAL)
    with pytest.raises(ScenarioError, match="there is no such file"):
        load(desk.folder / name, domains=DOMAINS)


def test_a_folder_is_not_a_scenario_but_its_files_are_named(desk):
    desk.load(CANAL)
    with pytest.raises(ScenarioError, match=r"is a folder: name a scenario file in it: drill\.yaml"):
        load(desk.folder, domains=DOMAINS)


def test_origins_tell_file_line_override_and_default(desk):
    desk.write("base.yaml", "\ncanal:\n  network: net.txt\nweather: {tide: 1 m}\n")
    scenario = desk.load("extends: base.yaml\ncanal: {engine: fast}\n", "seed=9")
    assert scenario.origin(("canal", "network")).text.endswith("base.yaml:3")
    assert scenario.origin(("canal", "engine")).text.endswith("drill.yaml:4")
    assert scenario.origin(("seed",)).text == "--set seed=9"
    assert scenario.origin(("clock", "exchange")).text == "default"
    assert scenario.origin(("weather", "tide", "level")).text.endswith("base.yaml:4")
    assert scenario.origin(("weather", "tide", "mean")).text == "default"


FULL = """\
extends: city/base.yaml
canal: {step: 90 s, pipes: [{id: P1, width: 20 cm}]}
weather: {tide: 1.5 m, rain: {design_storm: suzhou, return_period: 20 a, duration: 2 h}}
timeline:
  - {at: "17:30", do: canal.breach, bank: north, area: 40 cm2, until: +3 h}
  - {when: "weather.tide > 1 m for 5 min", do: canal.breach, bank: south, until: 10 min, repeat: true, note: why}
expect: [{metric: canal.x, between: [1 m, 2 m]}, {metric: canal.y, equals: 3}]
"""


def test_the_resolved_text_loads_again_to_the_same_text(desk):
    desk.write("city/base.yaml", "canal: {network: banks.txt}\n")
    desk.write("city/banks.txt", "north south")
    scenario = desk.load(FULL)
    text = scenario.resolved_text()
    path = desk.write("again.yaml", text)
    again = load(path, domains=DOMAINS)
    assert again.resolved_text() == text
    assert [(e.section, e.event.id, e.event.args, e.at_us, e.until_us, e.once) for e in again.schedule] == [
        (e.section, e.event.id, e.event.args, e.at_us, e.until_us, e.once) for e in scenario.schedule
    ]


def test_the_resolved_text_says_nothing_of_this_machine_and_has_units(desk):
    desk.write("city/base.yaml", "canal: {network: banks.txt}\n")
    desk.write("city/banks.txt", "north south")
    text = desk.load(FULL).resolved_text()
    assert str(desk.folder) not in text
    assert "step: 90 s" in text
    assert "area: 0.004 m2" in text
    assert "network: city/banks.txt" in text


def test_the_same_meaning_gives_the_same_resolved_text(desk):
    one = desk.load("canal: {network: net.txt, step: 1 min}\n").resolved_text()
    two = desk.load("canal:\n  step: 60 s  # a comment\n  network: ./net.txt\n").resolved_text()
    assert one == two


def test_a_problem_of_a_check_stands_at_its_entry_and_argument(desk):
    scenario = desk.load(CANAL + "timeline:\n  - {at: 1 h, do: canal.breach, bank: nroth}\n")
    (problem,) = check_inputs(scenario)
    line = scenario.locate(problem).replace(f"{desk.folder}/", "")
    assert line == "drill.yaml:5:39  timeline[0].bank: no bank 'nroth' in net.txt. Did you mean 'north'?"
