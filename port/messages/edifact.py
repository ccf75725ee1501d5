"""EDIFACT files as messages of located segments: what is broken is named with its message, segment and line.

The split into segments keeps the line of each; pydifact then takes the segment apart, and writes whole interchanges.
Envelopes follow ISO 9735: UNB … UNZ around the interchange, with the number of messages; UNH … UNT around a message,
with the number of its segments, both included; references at both ends are the same.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydifact.control import Characters
from pydifact.exceptions import EDISyntaxError
from pydifact.parser import Parser
from pydifact.segments import Segment
from pydifact.serializer import Serializer

Element = str | list[str]
SYNTAX = ["UNOA", "2"]
"""Level A: capitals, digits and a few signs."""
LEVEL_A = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,-()/='+:?!\"%&*;<>")


class EdifactError(ValueError):
    """A file that breaks the rules; the text says where."""


@dataclass(frozen=True)
class Part:
    """A segment. number : within its message, UNH is 1 (0 outside).  line : of the file, from 1."""

    tag: str
    elements: tuple[Element, ...]
    number: int
    line: int

    def get(self, element: int, component: int = 0) -> str:
        """A component by place, both from 0; empty where there is none."""
        if element >= len(self.elements):
            return ""
        found = self.elements[element]
        if isinstance(found, str):
            return found if component == 0 else ""
        return found[component] if component < len(found) else ""


@dataclass(frozen=True)
class Message:
    """One message. kind : BAPLIE, COPRAR, …  index : in the file, from 1.  parts : UNH to UNT."""

    file: str
    kind: str
    release: str
    reference: str
    index: int
    parts: tuple[Part, ...]

    def error(self, part: Part, text: str) -> EdifactError:
        """An error that says where it stands."""
        return EdifactError(self.note(part, text))

    def note(self, part: Part, text: str) -> str:
        """A sentence with the place before it."""
        where = f"{self.file}: message {self.index} ({self.kind}), segment {part.number} ({part.tag}), line {part.line}"
        return f"{where}: {text}"


def read_messages(path: Path) -> list[Message]:
    """All messages of a file. `EdifactError` for a file that is not whole, with the place."""
    try:
        text = path.read_text(encoding="latin-1")
    except OSError as error:
        raise EdifactError(f"{path.name}: cannot be read ({error.strerror})") from error
    return parse(text, path.name)


def parse(text: str, file: str) -> list[Message]:
    """As `read_messages`, from the text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydifact has no list of the service segments and says so each time
        raw = list(_split(text, file))
    if not raw:
        raise EdifactError(f"{file}: there is no EDIFACT segment in it")
    first, last = raw[0], raw[-1]
    if first.tag != "UNB":
        raise EdifactError(f"{file}: line {first.line}: an interchange begins with UNB, not with '{first.tag}'")
    if last.tag != "UNZ":
        text = f"the interchange ends with {last.tag}, not with UNZ: the file is cut off"
        raise EdifactError(f"{file}: line {last.line}: {text}")
    messages: list[Message] = []
    inside: list[Part] = []
    for part in raw[1:-1]:
        if part.tag in ("UNG", "UNE"):
            continue
        if not inside and part.tag != "UNH":
            text = f"a message begins with UNH, not with '{part.tag}'"
            raise EdifactError(f"{file}: after message {len(messages)}, line {part.line}: {text}")
        if inside and part.tag in ("UNH", "UNB", "UNZ"):
            raise _message(file, len(messages) + 1, inside).error(part, "the message before it has no UNT")
        inside.append(Part(part.tag, part.elements, len(inside) + 1, part.line))
        if part.tag == "UNT":
            messages.append(_closed(_message(file, len(messages) + 1, inside)))
            inside = []
    if inside:
        raise _message(file, len(messages) + 1, inside).error(inside[-1], "the message has no UNT")
    _check_trailer(file, first, last, len(messages))
    return messages


def _message(file: str, index: int, parts: Sequence[Part]) -> Message:
    head = parts[0]
    return Message(file, head.get(1), f"{head.get(1, 1)}.{head.get(1, 2)}", head.get(0), index, tuple(parts))


def _closed(message: Message) -> Message:
    """The message, when its trailer fits."""
    tail = message.parts[-1]
    if tail.get(0).lstrip("0") != str(len(message.parts)):
        text = f"it counts {tail.get(0) or 'no'} segments, but the message has {len(message.parts)}"
        raise message.error(tail, text)
    if tail.get(1) != message.reference:
        raise message.error(tail, f"its reference '{tail.get(1)}' is not that of UNH, '{message.reference}'")
    return message


def _check_trailer(file: str, head: Part, tail: Part, count: int) -> None:
    if tail.get(0).lstrip("0") != (str(count) if count else ""):
        text = f"UNZ counts {tail.get(0) or 'no'} messages, but the file has {count}"
        raise EdifactError(f"{file}: line {tail.line}: {text}")
    if tail.get(1) != head.get(4):
        text = f"the reference of UNZ, '{tail.get(1)}', is not that of UNB, '{head.get(4)}'"
        raise EdifactError(f"{file}: line {tail.line}: {text}")


def _split(text: str, file: str) -> Iterator[Part]:
    """Segments with their lines. A UNA in front sets the separators; the release sign saves the one behind it."""
    signs, start = Characters(), len(text) - len(text.lstrip("\ufeff \r\n\t"))
    line = 1 + text.count("\n", 0, start)
    if text.startswith("UNA", start):
        una = text[start + 3 : start + 9]
        if len(una) < 6:
            raise EdifactError(f"{file}: line {line}: UNA needs six separators")
        signs = Characters(una[0], una[1], una[2], una[3], una[4], una[5])
        start += 9
    release, end = signs.escape_character, signs.segment_terminator
    begin, at, begun = start, start, line
    while at < len(text):
        sign = text[at]
        if sign == "\n":
            line += 1
        if sign == release and release != " ":
            at += 2
            continue
        if sign == end:
            yield _part(text[begin:at], signs, file, begun)
            begin = at + 1
        elif not text[begin:at].strip() and not sign.isspace():
            begin, begun = at, line
        at += 1
    if text[begin:].strip():
        raise EdifactError(f"{file}: line {begun}: the last segment, '{text[begin:].strip()[:20]}', has no end ({end})")


def _part(raw: str, signs: Characters, file: str, line: int) -> Part:
    body = raw.replace("\r", "").replace("\n", "").strip()
    tag = body[:3]
    if len(tag) < 3 or not (tag.isalnum() and tag.isupper()) or body[3:4] not in ("", signs.data_separator):
        raise EdifactError(f"{file}: line {line}: '{body[:20]}' is no segment: a tag of three capitals comes first")
    if len(body) == 3:
        return Part(tag, (), 0, line)
    try:
        found = list(Parser(characters=signs).parse(body + signs.segment_terminator, signs))
    except (EDISyntaxError, ValueError, IndexError) as error:
        raise EdifactError(f"{file}: line {line}: segment {tag} cannot be read: {error}") from error
    if len(found) != 1:
        raise EdifactError(f"{file}: line {line}: segment {tag} cannot be read")
    elements = tuple(e if isinstance(e, str) else [str(c or "") for c in e] for e in _elements(found[0]))
    return Part(tag, elements, 0, line)


def _elements(segment: Segment) -> Iterator[Element]:
    for element in segment.elements:
        yield "" if element is None else element


def level_a(text: str) -> str:
    """The text in the signs that syntax level A allows: capitals, accents dropped, `-` for anything else."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", text).upper()
    kept = (c for c in plain if not unicodedata.combining(c))
    return "".join(c if c in LEVEL_A else "-" for c in kept)


def interchange(
    sender: str, recipient: str, stamp: str, reference: str, messages: Sequence[list[list[Element]]]
) -> str:
    """A whole interchange, one segment a line.

    stamp : `YYMMDD:HHMM`.  messages : each a list of segments, [tag, element, …], from BGM on; UNH comes as first entry
    with its message type, and gets its reference here; UNT and UNZ are counted here.
    """
    segments: list[list[Element]] = [["UNB", SYNTAX, sender, recipient, stamp.split(":"), reference]]
    for number, ((_, kind), *body) in enumerate(messages, 1):
        segments.append(["UNH", str(number), kind])
        segments += body
        segments.append(["UNT", str(len(body) + 2), str(number)])
    segments.append(["UNZ", str(len(messages)), reference])
    text = Serializer().serialize([Segment(*s) for s in segments], with_una_header=True, break_lines=True)
    return text if text.endswith("\n") else text + "\n"
