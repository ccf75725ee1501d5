"""`twin validate`, `twin explain` and `twin schema` as a user meets them."""

from __future__ import annotations

import json

import pytest

from twin.cli.inputs import explain_command, schema_command, validate_command
from twin.scenario import schema

from .conftest import HEAD

GOOD = HEAD + "weather: {rain: 12 mm/h}\nassets: [{id: S1, at: [1, 2]}]\n"


def test_a_good_scenario_is_one_line_and_exit_code_0(desk, capsys):
    assert validate_command(desk.write("drill.yaml", GOOD)) == 0
    out = capsys.readouterr()
    assert out.out.count("\n") == 1
    assert out.out.endswith("is good: weather, assets; 16:00 to 21:00 (5 h); 0 on the timeline; 0 expectations\n")
    assert out.err == ""


def test_problems_of_the_input_files_are_lines_and_exit_code_2(desk, capsys):
    desk.write("rain.csv", "time,rain mm/h\n+0:00,1\n+0:05,nan\n")
    path = desk.write("drill.yaml", HEAD + "weather: {rain: rain.csv}\n")
    assert validate_command(path) == 2
    lines = capsys.readouterr().err.replace(f"{desk.folder}/", "").splitlines()
    assert lines == [
        "drill.yaml:3:17  weather.rain: rain.csv:3: a gap ('nan'): gaps are not filled here; fill it or cut the file",
        "drill.yaml  1 problem",
    ]


def test_a_warning_is_shown_and_does_not_stop(desk, capsys):
    path = desk.write("drill.yaml", HEAD + "weather: {tide: 1 m}\nassets: [{id: S1, at: [1, 2], feeds: [water.P1]}]\n")
    assert validate_command(path) == 0
    err = capsys.readouterr().err
    assert err.startswith("warning  ")
    assert "'water.P1' belongs to a section 'water' that the scenario does not have" in err


def test_explain_shows_each_value_with_its_origin(desk, capsys):
    path = desk.write("drill.yaml", GOOD)
    assert explain_command(path, ["seed=3"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line}
    assert rows["weather.rain.rate"].split() == ["weather.rain.rate", "12", "mm/h", f"{path}:3"]
    assert rows["seed"].endswith("--set seed=3")
    assert rows["results.interval"].endswith("default")
    assert rows["assets.depth"].split()[:4] == ["assets.depth", "stays", "at", "0"]


def test_explain_folds_a_long_list_into_one_row(desk, capsys):
    feeds = ", ".join(f"water.P{k}" for k in range(12))
    path = desk.write("drill.yaml", HEAD + f"assets: [{{id: S1, at: [1, 2], feeds: [{feeds}]}}]\n")
    assert explain_command(path) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if ".feeds" in line]
    assert row.split("  ")[0] == "assets[0].feeds"
    assert "[water.P0, water.P1, water.P2, water.P3 and 8 more]" in row
    assert row.endswith(f"{path}:3")


def test_a_figure_that_no_run_will_have_is_told_before_it_begins(desk, capsys):
    """The weather declares all of its figures; of the assets only the headlines are known, so that is a warning."""
    lines = "expect:\n  - {metric: weather.rain_dept, above: 1 mm}\n  - {metric: assets.asset_down, equals: 0}\n"
    path = desk.write("drill.yaml", HEAD + "weather: {rain: 1 mm/h}\nassets: [{id: S1, at: [1, 2]}]\n" + lines)
    assert validate_command(path) == 2
    err = capsys.readouterr().err
    assert f"{path}:6:14  expect[0].metric: 'weather' has no figure 'rain_dept'. Did you mean 'rain_depth'?" in err
    assert "warning  " in err
    assert "looks like one. Did you mean 'assets_down'?" in err


def test_the_shipped_schema_is_the_generated_one():
    """`twin schema --write` writes it anew."""
    assert schema.shipped().read_text(encoding="utf-8") == schema.text()


def test_the_schema_prints_as_json(capsys):
    assert schema_command() == 0
    assert json.loads(capsys.readouterr().out)["$schema"] == schema.DIALECT


def test_every_reference_of_the_schema_leads_somewhere():
    built = schema.build()
    text = json.dumps(built)
    names = {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}
    assert names
    assert names <= set(built["$defs"])


def test_the_timeline_is_a_union_over_the_verbs(desk):
    from .conftest import DOMAINS

    items = schema.build(DOMAINS)["properties"]["timeline"]["items"]["anyOf"]
    verbs = {item["properties"]["do"]["const"]: item for item in items}
    assert set(verbs) >= {"canal.breach", "weather.set_wind", "assets.fail"}
    breach = verbs["canal.breach"]
    assert breach["required"] == ["do", "bank"]
    assert breach["additionalProperties"] is False
    assert breach["properties"]["bank"]["description"] == "Which bank."


def test_a_verb_may_not_take_the_name_of_a_key_of_every_entry():
    from dataclasses import replace

    from twin.scenario.base import Verb

    from .conftest import CANAL

    class Bad(Verb):
        until: str

    with pytest.raises(ValueError, match="until"):
        schema.build({"canal": replace(CANAL, verbs={"bad": Bad})})


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        (GOOD, True),
        (HEAD + "weather: {tide: {level: 1 m}}\ntimeline: [{at: 1 h, do: weather.set_wind, speed: 1 m/s}]\n", True),
        ("extends: base.yaml\nweather: {rain: {scale: 2}}\n", True),
        (HEAD + "wether: {tide: 1 m}\n", False),
        (HEAD + "weather: {tied: 1 m}\n", False),
        (HEAD + "timeline: [{at: 1 h, do: weather.set_wnd, speed: 1 m/s}]\n", False),
        (HEAD + "timeline: [{do: weather.set_wind, speed: 1 m/s}]\n", False),
        ("weather: {tide: 1 m}\n", False),
    ],
)
def test_an_editor_judges_with_the_schema_as_the_loader_does(text, valid):
    jsonschema = pytest.importorskip("jsonschema", reason="needs the package jsonschema, which only editors use")
    from pathlib import Path

    from twin.scenario.merge import plain
    from twin.scenario.source import parse

    from .conftest import DOMAINS

    data = plain(parse(text, "x.yaml", Path()))
    assert jsonschema.Draft202012Validator(schema.build(DOMAINS)).is_valid(data) is valid
