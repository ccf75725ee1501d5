"""A wrong recipe is answered with file, line and column, and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.build.reading import read_recipe
from twin.scenario.problems import ScenarioError


def complaint(tmp_path: Path, text: str, **options: object) -> str:
    path = tmp_path / "city.build.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_recipe(path, **options)  # type: ignore[arg-type]
    return "\n".join(line.replace(f"{tmp_path}/", "") for line in caught.value.lines)


HEAD = "twin_build: 1\nname: x\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            HEAD + "streets: {pakage: sumo/x}\n",
            "city.build.yaml:3:19  streets.pakage: unknown key 'pakage'. Did you mean",
        ),
        (HEAD + "streets: {grid: {columns: 5}, package: sumo/x}\n", "give exactly one of 'net'"),
        (HEAD + "streets: {net: gone.net.xml}\n", "city.build.yaml:3:16  streets.net: there is no file 'gone.net.xml'"),
        (HEAD + "streets: {net: ../gone.net.xml}\n", "leaves the scenario's folder"),
        (HEAD + "streets: {package: nosuchpackage/x}\n", "no Python package 'nosuchpackage' is installed"),
        (HEAD + "streets: {package: sumo/../../x}\n", "holds no file"),
        (HEAD + "streets: {grid: {}}\nriver: {level: 3}\n", "city.build.yaml:4:16  river.level: 3 has no unit"),
        (HEAD + "streets: {grid: {}}\nsewer: {rain: {formula: suzou}}\n", "Did you mean 'suzhou'?"),
        (HEAD + "streets: {grid: {}}\nterminal: {gate: {trucks_per_hour: 100}}\n", "at most 72 an hour"),
        ("- 1\n", "a recipe is a mapping"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_a_way_out(tmp_path: Path, text: str, said: str) -> None:
    assert said in complaint(tmp_path, text)


def test_a_missing_recipe_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="there is no such file"):
        read_recipe(tmp_path / "none.yaml")


def test_an_override_with_a_wrong_key_is_told(tmp_path: Path) -> None:
    assert "unknown key 'sed'. Did you mean 'seed'" in complaint(
        tmp_path, HEAD + "streets: {grid: {}}\n", sets=["sed=7"]
    )


def test_gate_utilisation_is_arrivals_times_service_over_lanes(tmp_path: Path) -> None:
    """60 an hour at 60 s on two lanes: 60 · 60 / 3600 / 2 = 0.5."""
    path = tmp_path / "x.yaml"
    path.write_text(HEAD + "streets: {grid: {}}\n")
    assert read_recipe(path).terminal.gate.utilisation == pytest.approx(0.5)


def test_a_file_that_is_no_network_is_told(tmp_path: Path) -> None:
    from twin.build.sumo_net import read_net

    path = tmp_path / "x.net.xml"
    path.write_text("<osm></osm>")
    with pytest.raises(ScenarioError, match="root is <osm>, not <net>"):
        read_net(path)
    path.write_text("<net><edge")
    with pytest.raises(ScenarioError, match="not a SUMO network"):
        read_net(path)
