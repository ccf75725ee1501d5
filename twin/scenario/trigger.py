"""Conditions of the timeline: `when: max(drainage.depth) > 0.27 m for 10 min`.

A small parsed grammar (`trigger.lark`), never `eval`. A condition reads the outputs of models as of the last
exchange, with their units, and fires when it becomes true.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from twin.places import Places, ids_of
from twin.ports import Direction, Kind, Port
from twin.scenario.conditions import Amount, Compare, Logic, Lookup, Reading, Term, Time, unit_factor
from twin.scenario.problems import suggest
from twin.scenario.times import duration_us

MAX_LETTERS = 500
MAX_DEPTH = 20

_AMOUNT = re.compile(r"([+-]?[\d.]+(?:[eE][+-]?\d+)?)\s*(.*)")


@dataclass
class Trigger:
    """A condition, and what it remembers from one look to the next.

    text      as it stands in the scenario
    hold_us   how long the condition must have held without a break (`for 10 min`)
    """

    text: str
    condition: Compare | Logic
    hold_us: int = 0
    _since_us: int | None = field(default=None, compare=False)
    _was: bool = field(default=False, compare=False)

    @staticmethod
    def parse(text: Any) -> Trigger:
        """The trigger of a `when:`; ValueError with a sentence when it is none."""
        if not isinstance(text, str) or not text.strip():
            raise ValueError("write a condition, like 'max(drainage.depth) > 0.27 m'")
        _limit(text)
        return _parse(text.strip())

    def value(self, now_us: int, lookup: Lookup) -> bool:
        """Whether the condition is true now and, with `for`, has been at every look since that long.

        Looks must come in the order of time. ValueError when a place does not exist.
        """
        if not self.condition.true(now_us, lookup):
            self._since_us = None
            return False
        if self._since_us is None:
            self._since_us = now_us
        return now_us - self._since_us >= self.hold_us

    def fires(self, now_us: int, lookup: Lookup) -> bool:
        """Whether `value` has just become true. What is true at the first look fires then."""
        was, self._was = self._was, self.value(now_us, lookup)
        return self._was and not was

    def reset(self) -> None:
        """Forget all looks, for another run."""
        self._since_us, self._was = None, False

    def readings(self) -> list[Reading]:
        """The ports that it reads, in the order of the text."""
        return [t for c in self.condition.compares() for t in c.terms() if isinstance(t, Reading)]

    def check(self, ports: Mapping[str, Sequence[Port]]) -> list[str]:
        """Sentences on sections and ports that do not exist, and on units that do not fit."""
        wrong = [sentence for reading in self.readings() if (sentence := _check_port(reading, ports))]
        if not wrong:
            units = {(s, p.name): p.unit for s, table in ports.items() for p in table}
            wrong = [sentence for c in self.condition.compares() if (sentence := _check_units(c, units))]
        return list(dict.fromkeys(wrong))

    def check_places(self, places: Callable[[str, str], Places]) -> list[str]:
        """Sentences on places that do not exist. `places(section, port)` gives those of a built model's port."""
        sentences = [r.misplaced(list(ids_of(places(r.section, r.port)))) for r in self.readings() if not r.reduce]
        return [sentence for sentence in dict.fromkeys(sentences) if sentence]


def _check_port(reading: Reading, ports: Mapping[str, Sequence[Port]]) -> str:
    if reading.section not in ports:
        return f"{reading.text}: the scenario has no section '{reading.section}'.{suggest(reading.section, ports)}"
    table = {port.name: port for port in ports[reading.section]}
    readable = [p.name for p in table.values() if p.direction is Direction.OUT and p.kind is Kind.STATE]
    if reading.port not in table:
        hint = suggest(reading.port, readable) or f" It gives: {', '.join(readable)}"
        return f"{reading.text}: '{reading.section}' has no output '{reading.port}'.{hint}"
    port = table[reading.port]
    if port.direction is not Direction.OUT:
        return f"{reading.text} is an input: a condition reads outputs. It gives: {', '.join(readable)}"
    if port.kind is not Kind.STATE:
        return f"{reading.text} passes things on and has no value at a moment. Readable: {', '.join(readable)}"
    return ""


def _check_units(compare: Compare, units: Mapping[tuple[str, str], str]) -> str:
    def unit(term: Term) -> str:
        if isinstance(term, Reading):
            return units[term.section, term.port]
        return "s" if isinstance(term, Time) else term.unit

    def name(term: Term) -> str:
        return term.text if isinstance(term, Reading) else "time" if isinstance(term, Time) else f"{term.value:g}"

    left, right = unit(compare.left), unit(compare.right)
    try:
        unit_factor(right, left)
    except ValueError:
        for one, other in ((compare.left, compare.right), (compare.right, compare.left)):
            if isinstance(one, Amount) and one.unit == "1":
                return f"{one.value:g} has no unit: {name(other)} is in {unit(other)}"
        return f"{name(compare.left)} ({left}) and {name(compare.right)} ({right}) cannot be compared: different units"
    return ""


def _limit(text: str) -> None:
    if len(text) > MAX_LETTERS:
        raise ValueError(f"the condition is longer than {MAX_LETTERS} letters: split it into several events")
    depth = deepest = 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH or text.split().count("not") + text.count("not(") > MAX_DEPTH:
        raise ValueError(f"the condition is nested deeper than {MAX_DEPTH} levels: split it into several events")


@cache
def _grammar() -> Any:
    from importlib.resources import files

    from lark import Lark

    return Lark(files(__package__).joinpath("trigger.lark").read_text(encoding="utf-8"), parser="lalr")


def _parse(text: str) -> Trigger:
    from lark.exceptions import LarkError, UnexpectedInput

    try:
        tree = _grammar().parse(text)
    except UnexpectedInput as error:
        column = getattr(error, "column", -1)
        ended = getattr(getattr(error, "token", None), "type", "") == "$END"
        whole = ended or not isinstance(column, int) or not 0 < column <= len(text)
        at = "its end" if whole else f"'{text[column - 1 :][:20]}'"
        raise ValueError(
            f"cannot read the condition {text!r} at {at}: "
            "write comparisons such as 'max(drainage.depth) > 0.27 m', joined by and, or, not; `for 10 min` ends it"
        ) from None
    except LarkError as error:
        raise ValueError(f"cannot read the condition {text!r}: {str(error).splitlines()[0]}") from None
    condition, hold = tree.children
    return Trigger(text, _condition(condition), duration_us(str(hold)) if hold is not None else 0)


def _condition(tree: Any) -> Compare | Logic:
    if tree.data == "comparison":
        left, sign, right = tree.children
        return Compare(_term(left), str(sign), _term(right))
    word = {"either": "or", "both": "and", "no": "not"}[tree.data]
    return Logic(word, tuple(_condition(child) for child in tree.children))


def _term(tree: Any) -> Term:
    texts = [str(token) for token in tree.children]
    if tree.data == "time":
        return Time()
    if tree.data == "quantity":
        return _amount(texts[0])
    if tree.data == "reduced":
        section, _, port = texts[1].partition(".")
        return Reading(section, port, reduce=texts[0])
    section, _, port = texts[0].partition(".")
    return Reading(section, port, texts[1][1:-1].strip().strip("'\"") if tree.data == "place" else "")


def _amount(text: str) -> Amount:
    match = _AMOUNT.fullmatch(text.strip())
    assert match is not None
    return Amount(float(match.group(1)), match.group(2) or "1")
