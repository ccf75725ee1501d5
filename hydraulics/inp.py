"""The text of an INP file, for what EPANET does not tell: tags, and on which line a thing stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hydraulics.toolkit import decode


@dataclass(frozen=True)
class Line:
    """One data line: its section in capitals without brackets, its number from 1, its words without the comment."""

    section: str
    number: int
    words: tuple[str, ...]


def lines(path: Path) -> Iterator[Line]:
    """The data lines of an INP in UTF-8 or Latin-1, in order. Unbroken by wrong content: it only splits words."""
    section = ""
    for number, text in enumerate(decode(path.read_bytes()).splitlines(), start=1):
        words = tuple(text.split(";", 1)[0].replace(",", " ").split())
        if not words:
            continue
        if words[0].startswith("["):
            section = words[0].strip("[]").upper()
            continue
        yield Line(section, number, words)


@dataclass(frozen=True)
class Tags:
    """The [TAGS] of a file: what a node or link is called or belongs to."""

    nodes: dict[str, str]
    links: dict[str, str]


def tags(path: Path) -> Tags:
    """Tags by node and link id, as written (`Rudower_Chaussee`)."""
    nodes: dict[str, str] = {}
    links: dict[str, str] = {}
    for line in lines(path):
        if line.section == "TAGS" and len(line.words) >= 3:
            kind, name, tag = line.words[0].upper(), line.words[1], " ".join(line.words[2:])
            if kind.startswith("NODE"):
                nodes[name] = tag
            elif kind.startswith("LINK"):
                links[name] = tag
    return Tags(nodes, links)


def spoken(tag: str) -> str:
    """A tag as people say it: `Rudower_Chaussee` is Rudower Chaussee."""
    return tag.replace("_", " ").strip()
