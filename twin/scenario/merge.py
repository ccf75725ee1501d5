"""One tree from a scenario file, the files that it extends, and `--set` on the command line.

Mappings are merged key by key and lists are appended; `!replace` before a list or mapping takes the place of what
the base says. A null takes a key away. `name`, `title` and `baseline` belong to one file and are not inherited.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from twin.scenario.problems import ScenarioError, suggest
from twin.scenario.source import Node, Place, parse, read

OWN_KEYS = ("name", "title", "baseline")
MAX_FILES = 10
KeyPath = tuple[str | int, ...]


def read_chain(path: Path, shown: str, root: Path) -> Node:
    """The merged tree of a file and all that it extends."""
    return _read(path.resolve(), shown, root.resolve(), [])


def _read(path: Path, shown: str, root: Path, above: list[tuple[Path, str]]) -> Node:
    tree = read(path, shown)
    if not isinstance(tree.value, dict):
        raise ScenarioError([f"{tree.place}  a scenario is a mapping of keys such as `twin: 1` and `clock: {{...}}`"])
    extends = tree.value.get("extends")
    if extends is None or extends.value is None:
        return tree
    base, base_shown = _base(extends, path, shown, root)
    chain = [*above, (path, shown)]
    if base in [file for file, _ in chain]:
        names = " -> ".join([name for _, name in chain] + [base_shown])
        raise ScenarioError([f"{extends.place}  extends: the files extend each other in a circle: {names}"])
    if len(chain) >= MAX_FILES:
        raise ScenarioError([f"{extends.place}  extends: more than {MAX_FILES} files extend each other"])
    below = _read(base, base_shown, root, chain)
    inherited = {key: node for key, node in below.value.items() if key not in OWN_KEYS and key != "extends"}
    own = {key: node for key, node in tree.value.items() if key != "extends"}
    return merge(Node(inherited, below.place, below.folder), Node(own, tree.place, tree.folder))


def _base(extends: Node, path: Path, shown: str, root: Path) -> tuple[Path, str]:
    name = extends.value
    if not isinstance(name, str) or not name.strip() or not name.isprintable():
        raise ScenarioError([f"{extends.place}  extends: give the name of a scenario file"])
    base = (path.parent / name).resolve()
    if not base.is_relative_to(root):
        raise ScenarioError(
            [
                f"{extends.place}  extends: '{name}' leaves the folder {root.name}/: "
                "move the file there, or name a folder above both with --root"
            ]
        )
    if not base.is_file():
        known = [p.name for p in base.parent.glob("*.y*ml") if p != path] if base.parent.is_dir() else []
        raise ScenarioError([f"{extends.place}  extends: there is no file '{name}'.{suggest(base.name, known)}"])
    return base, os.path.normpath(os.path.join(os.path.dirname(shown), name))


def merge(base: Node, top: Node) -> Node:
    """`top` over `base`: mappings merged, lists appended, all else (and `!replace`) replaced. Changes neither."""
    if top.replace:
        return top
    if isinstance(base.value, dict) and isinstance(top.value, dict):
        both: dict[str, Node] = dict(base.value)
        for key, node in top.value.items():
            both[key] = merge(both[key], node) if key in both else node
        return Node(both, top.place, top.folder, top.key)
    if isinstance(base.value, list) and isinstance(top.value, list):
        return Node([*base.value, *top.value], top.place, top.folder, top.key)
    return top


def override(tree: Node, text: str, keys_at: Callable[[KeyPath, Node], Sequence[str] | None]) -> Node:
    """The tree with one `--set a.b=value`; ScenarioError when the path leads nowhere.

    `keys_at(path, tree)` tells which keys may stand in the mapping at a path, or None where nobody knows.
    """
    label = f"--set {text}"
    name, equals, value = text.partition("=")
    keys = [key.strip() for key in name.split(".")]
    if not equals or not all(keys):
        raise ScenarioError([f"{label}  write it as --set section.key=value"])
    try:
        new = parse(value, label, tree.folder)
    except ScenarioError as error:
        words = error.lines[0].partition("  ")[2].removeprefix("is not YAML: ")
        raise ScenarioError([f"{label}  the value is not YAML: {words}"]) from None
    if not value.strip():
        new = Node(None, new.place, tree.folder)
    place = Place(label, 0, 0)
    return _put(tree, (), keys, _move(new, place), label, keys_at)


def _put(node: Node, path: KeyPath, keys: list[str], new: Node, label: str, keys_at: Any) -> Node:
    if not keys:
        return Node(new.value, new.place, new.folder, new.key)
    key, rest = keys[0], keys[1:]
    if isinstance(node.value, list):
        if not key.isdigit() or int(key) >= len(node.value):
            raise ScenarioError(
                [f"{label}  '{path_text(path)}' is a list of {len(node.value)}: give a number from 0, not '{key}'"]
            )
        items = list(node.value)
        items[int(key)] = _put(items[int(key)], (*path, int(key)), rest, new, label, keys_at)
        return Node(items, node.place, node.folder, node.key)
    if node.value is None and key.isdigit():
        raise ScenarioError([f"{label}  there is no list '{path_text(path)}' in the file"])
    known = keys_at(path, node)
    if known is not None and key not in known:
        where = f" in {path_text(path)}" if path else ""
        raise ScenarioError([f"{label}  unknown key '{key}'{where}.{suggest(key, known) or _list(known)}"])
    children = dict(node.value) if isinstance(node.value, dict) else {}
    below = children.get(key) or Node(None, new.place, new.folder, new.place)
    children[key] = _put(below, (*path, key), rest, new, label, keys_at)
    children[key].key = children[key].key or new.place
    place = node.place if isinstance(node.value, dict) else new.place
    return Node(children, place, node.folder, node.key)


def _list(known: Sequence[str]) -> str:
    return f" Known here: {', '.join(sorted(known))}" if known else ""


def _move(node: Node, place: Place) -> Node:
    """The same tree, standing at another place."""
    value = node.value
    if isinstance(value, dict):
        value = {key: _move(child, place) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_move(child, place) for child in value]
    return Node(value, place, node.folder, place if node.key else None)


def plain(node: Node) -> Any:
    """The tree as dicts, lists and scalars. A key without a value counts as left out."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items() if child.value is not None}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


def walk(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Node]]:
    """Every node with its path, the root first."""
    yield path, node
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from walk(child, (*path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from walk(child, (*path, index))


def path_text(path: KeyPath) -> str:
    """`timeline[2].pipe`."""
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else str(key)
    return text
