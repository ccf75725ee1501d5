"""YAML 1.2 with places, and what is refused before anything is built."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.scenario.merge import plain, walk
from twin.scenario.problems import ScenarioError
from twin.scenario.source import MAX_BYTES, parse, read


def tree(text: str):
    return parse(text, "f.yaml", Path())


def refusal(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        tree(text)
    assert len(caught.value.lines) == 1
    return caught.value.lines[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10:30:00", "10:30:00"),
        ("NO", "NO"),
        ("on", "on"),
        ("2026-07-01", "2026-07-01"),
        ("1_000", "1_000"),
        ("0o17", 15),
        ("0x1F", 31),
        ("-12", -12),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-.inf", -math.inf),
        ("true", True),
        ("'true'", "true"),
        ("~", None),
        ("20 a", "20 a"),
        ('"\\ud83c\\udf0a"', "\U0001f30a"),
        ("+2 h", "+2 h"),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text, value):
    """YAML 1.2.2, section 10.3.2; YAML 1.1 reads 10:30:00 as 37800 and NO as false."""
    found = tree(f"a: {text}").value["a"].value
    assert found == value
    assert type(found) is type(value)


def test_every_value_knows_its_line_and_column():
    places = {path: (node.place.line, node.place.column) for path, node in walk(tree("a: 1\nb:\n  - {c: 2}\n  - x\n"))}
    assert places["a",] == (1, 4)
    assert places["b", 0, "c"] == (3, 9)
    assert places["b", 1] == (4, 5)


def test_an_empty_file_is_an_empty_mapping():
    assert plain(tree("# nothing\n")) == {}


def test_aliases_are_written_out():
    assert plain(tree("a: &x {b: 1}\nc: *x\n")) == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: 1\na: 2", "f.yaml:2:1  'a' stands here twice; the first is in line 1"),
        ("a:\n\t- b", "f.yaml:2:1  is not YAML: a tab cannot indent: use spaces"),
        ("a: [1,", "f.yaml:1:7  is not YAML: expected the node content"),
        ("a: b: c", "f.yaml:1:5  is not YAML: mapping values are not allowed here"),
        ("a: *b", "f.yaml:1:4  there is no anchor '&b' above"),
        ("a: &a [*a]", "f.yaml:1:8  there is no anchor '&a' above"),
        ("a: !!python/object:os.system x", "f.yaml:1:4  the tag"),
        ("a: !replace 5", "f.yaml:1:4  the tag '!replace' is not known here: only a list or a mapping"),
        ("<<: {a: 1}", "f.yaml:1:1  merge keys (<<) are not read"),
        ("? [a]\n: b", "f.yaml:1:3  a key must be a word"),
        ('a: "\\ud83c"', "f.yaml:1:4  half of a surrogate pair is no letter"),
        ("a: 1\n---\nb: 2", "f.yaml:2:1  a second document begins here"),
        ("a: \x01", "f.yaml  is not YAML: unacceptable character"),
    ],
)
def test_what_is_refused_is_one_line_with_its_place(text, sentence):
    assert refusal(text).startswith(sentence)


def test_a_bomb_of_aliases_is_refused_by_its_size_written_out():
    """Nine lines that stand for 9^9 values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 9)]
    assert "holds more than 50000 values once its aliases are written out" in refusal("\n".join(lines))


def test_deep_nesting_is_refused_before_it_costs_anything():
    assert "is nested deeper than 40 levels" in refusal("[" * 100_000)


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ScenarioError, match="larger than 1000 kB"):
        read(path, "big.yaml")


def test_latin_1_is_refused_with_the_place_of_the_byte(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("twin: 1\ntitle: Köln\n".encode("latin-1"))
    with pytest.raises(ScenarioError, match=r"^latin\.yaml:2:9  is not UTF-8 \(byte 0xf6\): save the file as UTF-8$"):
        read(path, "latin.yaml")


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path):
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbftwin: 1\n")
    assert plain(read(path, "bom.yaml")) == {"twin": 1}


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_gives_a_tree_or_one_line(text):
    try:
        tree(text)
    except ScenarioError as error:
        lines = error.lines
    else:
        return
    assert len(lines) == 1
    assert lines[0].startswith("f.yaml")
