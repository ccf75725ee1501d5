"""A YAML file as a tree of nodes, each of which knows its file, line and column.

Scalars follow YAML 1.2's core schema (section 10.3.2 of its specification): `10:30:00`, `NO` and `2026-07-01` are
texts. The tree is built from the parser's events, so nesting, aliases and size are limited before anything is built.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.scenario.problems import ScenarioError

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 50_000
"""Limits of a scenario file; the largest drill that we know has 400 nodes."""

REPLACE = "!replace"
_SURROGATE = re.compile("[\ud800-\udfff]")
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+")
_OCT_HEX = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"([-+])?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Place:
    """Where something stands. `file` is as people write it; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass
class Node:
    """A value of the file: a scalar, a list of nodes, or a mapping from key to node.

    place  of the value; `key` of its key in a mapping (of the value itself in a list)
    folder to which file names in it are relative
    """

    value: Any
    place: Place
    folder: Path
    key: Place | None = None
    replace: bool = False

    @property
    def head(self) -> Place:
        return self.key or self.place


@dataclass
class _Open:
    """A list or mapping that is still being read."""

    node: Node
    anchor: str | None = None
    keys: dict[str, Place] = field(default_factory=dict)
    pending: tuple[str, Place] | None = None


def read(path: Path, shown: str) -> Node:
    """The tree of a file; `shown` is its name in messages. ScenarioError with file:line:column when it is no YAML."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ScenarioError([f"{shown}  cannot be read: {error.strerror}"]) from None
    if len(raw) > MAX_BYTES:
        raise ScenarioError([f"{shown}  is larger than {MAX_BYTES // 1000} kB: a scenario names its data by file"])
    if b"\0" in raw[:4000] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ScenarioError([f"{shown}  is no text but binary data: name the YAML file"])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - (before.rfind(b"\n") + 1) + 1
        raise ScenarioError(
            [f"{shown}:{line}:{column}  is not UTF-8 (byte 0x{raw[error.start]:02x}): save the file as UTF-8"]
        ) from None
    return parse(text, shown, path.parent)


def parse(text: str, shown: str, folder: Path) -> Node:
    """The tree of a YAML text. An empty text is an empty mapping."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    builder = _Builder(shown, folder)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except YAMLError as error:
        raise ScenarioError([_yaml_sentence(error, shown)]) from None
    except (ValueError, RecursionError) as error:
        raise ScenarioError([f"{shown}  is not YAML: {str(error).splitlines()[0]}"]) from None
    return builder.root or Node({}, Place(shown, 1, 1), folder)


class _Builder:
    """Makes the tree from the parser's events."""

    def __init__(self, shown: str, folder: Path) -> None:
        self.shown, self.folder = shown, folder
        self.root: Node | None = None
        self.stack: list[_Open] = []
        self.anchors: dict[str, Node] = {}
        self.sizes: dict[int, int] = {}
        self.nodes = 0
        self.documents = 0

    def take(self, event: Any) -> None:
        handle = getattr(self, f"on_{type(event).__name__}", None)
        if handle is not None:
            place = Place(self.shown, event.start_mark.line + 1, event.start_mark.column + 1)
            handle(event, place)

    def on_DocumentStartEvent(self, event: Any, place: Place) -> None:
        self.documents += 1
        if self.documents > 1:
            self.refuse(place, "a second document begins here: one file holds one scenario")

    def on_ScalarEvent(self, event: Any, place: Place) -> None:
        opened = self.stack[-1] if self.stack else None
        if opened is not None and isinstance(opened.node.value, dict) and opened.pending is None:
            self.key(opened, event, place)
            return
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            self.tag(event, place, allow_replace=False)
        plain = event.tag is None and event.style is None
        text = self.text(event.value, place)
        self.add(Node(scalar(text) if plain else text, place, self.folder), event.anchor, 1)

    def text(self, raw: str, place: Place) -> str:
        """The text with pairs of escaped surrogates joined, as JSON writes letters beyond U+FFFF."""
        if not _SURROGATE.search(raw):
            return raw
        try:
            return raw.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.refuse(place, "half of a surrogate pair is no letter")
            return ""

    def key(self, opened: _Open, event: Any, place: Place) -> None:
        name = self.text(event.value, place)
        if name == "<<" and event.style is None:
            self.refuse(place, "merge keys (<<) are not read: use `extends`, or write the keys out")
        if name in opened.keys:
            self.refuse(place, f"'{name}' stands here twice; the first is in line {opened.keys[name].line}")
        opened.keys[name] = place
        opened.pending = (name, place)

    def on_MappingStartEvent(self, event: Any, place: Place) -> None:
        self.start({}, event, place)

    def on_SequenceStartEvent(self, event: Any, place: Place) -> None:
        self.start([], event, place)

    def start(self, empty: Any, event: Any, place: Place) -> None:
        if len(self.stack) >= MAX_DEPTH:
            self.refuse(place, f"is nested deeper than {MAX_DEPTH} levels")
        if self.stack and isinstance(self.stack[-1].node.value, dict) and self.stack[-1].pending is None:
            self.refuse(place, "a key must be a word, not a list or a mapping")
        node = Node(empty, place, self.folder, replace=self.tag(event, place, allow_replace=True))
        self.stack.append(_Open(node, event.anchor))

    def on_MappingEndEvent(self, event: Any, place: Place) -> None:
        opened = self.stack.pop()
        node = opened.node
        children = node.value.values() if isinstance(node.value, dict) else node.value
        size = 1 + sum(self.sizes.get(id(child), 1) for child in children)
        self.add(node, opened.anchor, size)

    on_SequenceEndEvent = on_MappingEndEvent

    def on_AliasEvent(self, event: Any, place: Place) -> None:
        known = self.anchors.get(event.anchor)
        if known is None:
            self.refuse(place, f"there is no anchor '&{event.anchor}' above")
        if self.stack and isinstance(self.stack[-1].node.value, dict) and self.stack[-1].pending is None:
            self.refuse(place, "an alias cannot be a key")
        assert known is not None
        size = self.sizes.get(id(known), 1)
        self.nodes += size - 1
        copy = Node(known.value, place, self.folder, replace=known.replace)
        self.add(copy, event.anchor, size)

    def add(self, node: Node, anchor: str | None, size: int) -> None:
        """Puts a whole value into what is open. `size` is its count of nodes with all aliases written out."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            self.refuse(node.place, f"holds more than {MAX_NODES} values once its aliases are written out")
        if size > 1:
            self.sizes[id(node)] = size
        if anchor:
            self.anchors[anchor] = node
        if not self.stack:
            self.root = node
            return
        opened = self.stack[-1]
        if isinstance(opened.node.value, dict):
            assert opened.pending is not None
            name, node.key = opened.pending
            opened.node.value[name] = node
            opened.pending = None
        else:
            opened.node.value.append(node)

    def tag(self, event: Any, place: Place, allow_replace: bool) -> bool:
        if event.tag is None:
            return False
        if event.tag == REPLACE and allow_replace:
            return True
        what = "a list or a mapping" if event.tag == REPLACE else "`!replace` before a list or a mapping"
        self.refuse(place, f"the tag '{event.tag}' is not known here: only {what} may carry one")
        return False

    def refuse(self, place: Place, text: str) -> None:
        raise ScenarioError([f"{place}  {text}"])


def scalar(text: str) -> Any:
    """A plain scalar by the core schema of YAML 1.2: null, bool, int, float or text."""
    if _NULL.fullmatch(text):
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text) and len(text) < 400:
        return int(text)
    if _OCT_HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if match := _SPECIAL.fullmatch(text):
        return math.nan if match.group(3) else -math.inf if match.group(1) == "-" else math.inf
    return text


def _yaml_sentence(error: Any, shown: str) -> str:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown, 0, 0)
    problem = (getattr(error, "problem", None) or str(error)).splitlines()[0]
    if "'\\t'" in problem:
        problem = "a tab cannot indent: use spaces"
    context = getattr(error, "context", None)
    return f"{place}  is not YAML: {problem}" + (f" ({context.splitlines()[0]})" if context else "")
