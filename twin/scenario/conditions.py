"""The parts of a condition: what is read, how it is compared, and how comparisons combine.

Each part is a small frozen class that reads the outputs of models through a `Lookup`. `twin.scenario.trigger` makes
them from text.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from twin.clock import to_s
from twin.places import FloatArray
from twin.scenario.problems import suggest
from twin.scenario.quantities import factor

Lookup = Callable[[str, str], tuple[Sequence[float], Sequence[str], str]]
"""(section, port) -> (values, ids of the places, unit)."""

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_REDUCE: dict[str, Callable[[FloatArray], float]] = {"max": np.max, "min": np.min, "mean": np.mean, "sum": np.sum}
unit_factor = cache(factor)


def _scaled(value: float, unit_from: str, unit_to: str) -> float:
    """In the other unit, to 15 digits, so that 27 cm is 0.27 m."""
    return value if unit_from == unit_to else float(f"{value * unit_factor(unit_from, unit_to):.15g}")


@dataclass(frozen=True)
class Amount:
    """A number with its unit, `0.27 m`."""

    value: float
    unit: str

    def read(self, now_us: int, lookup: Lookup) -> tuple[float, str]:
        return self.value, self.unit


@dataclass(frozen=True)
class Time:
    """Time since the scenario's start, in s."""

    def read(self, now_us: int, lookup: Lookup) -> tuple[float, str]:
        return to_s(now_us), "s"


@dataclass(frozen=True)
class Reading:
    """A port: its only value, its value at a place, or one figure of all its values."""

    section: str
    port: str
    place: str = ""
    reduce: str = ""
    _index: list[int] = field(default_factory=list, compare=False, repr=False)

    @property
    def text(self) -> str:
        name = f"{self.section}.{self.port}"
        return f"{self.reduce}({name})" if self.reduce else f"{name}[{self.place}]" if self.place else name

    def read(self, now_us: int, lookup: Lookup) -> tuple[float, str]:
        values, ids, unit = lookup(self.section, self.port)
        if self.reduce:
            whole = np.asarray(values, dtype=float)
            known = whole[~np.isnan(whole)]
            return (float(_REDUCE[self.reduce](known)) if known.size else math.nan), unit
        return float(values[self._where(ids)]), unit

    def _where(self, ids: Sequence[str]) -> int:
        """The index of the place; searched for once, since the places of a port stay the same."""
        if self._index and self._index[0] < len(ids) and self.place in ("", ids[self._index[0]]):
            return self._index[0]
        wrong = self.misplaced(ids)
        if wrong:
            raise ValueError(wrong)
        self._index[:] = [list(ids).index(self.place) if self.place else 0]
        return self._index[0]

    def misplaced(self, ids: Sequence[str]) -> str:
        """A sentence when this place does not exist among `ids`, or one of many is meant and not named; else ''."""
        if self.reduce:
            return ""
        if self.place:
            return (
                "" if self.place in ids else f"{self.text}: there is no place '{self.place}'.{suggest(self.place, ids)}"
            )
        if len(ids) == 1:
            return ""
        some = f", for example {self.text}[{ids[0]}]" if ids else ""
        return f"{self.text} has {len(ids)} places: write max({self.text}), or name one{some}"


Term = Amount | Time | Reading


@dataclass(frozen=True)
class Compare:
    left: Term
    sign: str
    right: Term

    def true(self, now_us: int, lookup: Lookup) -> bool:
        left, unit = self.left.read(now_us, lookup)
        right, other = self.right.read(now_us, lookup)
        if math.isnan(left) or math.isnan(right):
            return False
        return _COMPARE[self.sign](left, _scaled(right, other, unit))

    def terms(self) -> Iterator[Term]:
        yield from (self.left, self.right)

    def compares(self) -> Iterator[Compare]:
        yield self


@dataclass(frozen=True)
class Logic:
    """`and`, `or`, or `not` of conditions."""

    word: str
    parts: tuple[Compare | Logic, ...]

    def true(self, now_us: int, lookup: Lookup) -> bool:
        if self.word == "not":
            return not self.parts[0].true(now_us, lookup)
        combine = all if self.word == "and" else any
        return combine(part.true(now_us, lookup) for part in self.parts)

    def compares(self) -> Iterator[Compare]:
        for part in self.parts:
            yield from part.compares()
