"""Random numbers by name: the n-th draw of an entity is the same whatever else happens.

A draw is the counter-th output of a SplitMix64 generator whose state starts at a key made of the run's seed and the
entity (Steele, Lea & Flood 2014, "Fast splittable pseudorandom number generators", OOPSLA). So two scenarios with
the same seed share their luck (common random numbers), and two engines can give the same trace to the bit: every
draw, also of a duration, is arithmetic on 64-bit integers.

>>> a, b = Stream(7, QUAY_CRANE, 0), Stream(7, QUAY_CRANE, 0)
>>> [a.index(6) for _ in range(5)] == [b.index(6) for _ in range(5)]
True
"""

from __future__ import annotations

import math
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.clock import US

MASK = 2**64 - 1
GAMMA = 0x9E3779B97F4A7C15
"""SplitMix64's step: 2^64 over the golden ratio, made odd."""

QUAY_CRANE, GANTRY, TRUCK, VESSEL, VISITOR, ARRIVALS, YARD, FAILURES, BATTERY, BOX, UNIT = range(1, 12)
"""Kinds of entities; each kind has number spaces of its own."""

CELL_BITS = 12
CELLS = 1 << CELL_BITS
FRACTION_BITS = 20
"""A duration is read from a table of 4096 equal-probability cells; 20 further bits interpolate within the cell."""


def mix(z: int) -> int:
    """SplitMix64's finaliser: one 64-bit integer to another, one to one."""
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def name_number(name: str) -> int:
    """A 64-bit number for a name (FNV-1a), for entities that come from outside with an id as text."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    return h


class Stream:
    """The draws of one entity, `counter` counting them."""

    __slots__ = ("counter", "key")

    def __init__(self, seed: int, kind: int, number: int) -> None:
        self.key = mix((mix((mix(seed & MASK) + kind * GAMMA) & MASK) ^ number) & MASK)
        self.counter = 0

    def bits(self) -> int:
        """64 fresh random bits."""
        self.counter += 1
        return mix((self.key + self.counter * GAMMA) & MASK)

    def uniform(self) -> float:
        """A number in (0, 1), a multiple of 2^-53 plus half of it."""
        return ((self.bits() >> 11) + 0.5) * (1.0 / 9007199254740992.0)

    def index(self, n: int) -> int:
        """One of 0 … n−1, for n below 2^32 (bias below n/2^32)."""
        return ((self.bits() >> 32) * n) >> 32

    def duration(self, table: tuple[int, ...]) -> int:
        """A duration in µs from a quantile table (see `quantiles`)."""
        bits = self.bits()
        cell = bits >> (64 - CELL_BITS)
        fraction = (bits >> (64 - CELL_BITS - FRACTION_BITS)) & ((1 << FRACTION_BITS) - 1)
        low = table[cell]
        return low + (((table[cell + 1] - low) * fraction) >> FRACTION_BITS)

    def attempts(self, probability: float) -> int:
        """How often something fails before it succeeds: geometric, by multiplication alone."""
        u, power, failures = self.uniform(), probability, 0
        while u < power:
            failures += 1
            power *= probability
        return failures


def stream_keys(seed: int, kind: int, numbers: NDArray[Any]) -> NDArray[np.uint64]:
    """Keys of many streams of one kind, as `Stream` makes them one by one."""
    base = np.uint64(mix((mix(seed & MASK) + kind * GAMMA) & MASK))
    with np.errstate(over="ignore"):
        z = base ^ numbers.astype(np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def first_indices(keys: NDArray[np.uint64], n: int) -> NDArray[np.int64]:
    """`Stream.index(n)` as the first draw of each of these streams."""
    with np.errstate(over="ignore"):
        z = keys + np.uint64(GAMMA)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (((z >> np.uint64(32)) * np.uint64(n)) >> np.uint64(32)).astype(np.int64)


@cache
def quantiles(shape: str, mean_s: float, cv: float) -> tuple[int, ...]:
    """The table of a distribution: CELLS + 1 quantiles in µs, linear in between.

    The two outer cells are set so that their mean is that of the distribution's tails, and the table is then scaled
    to the exact mean; what is left of the error lies in the variance, about 2e-4 of it for the exponential.

    shape : `lognormal` (mean, cv), `exponential` (mean), `deterministic` (mean).
    """
    n = CELLS
    if mean_s <= 0.0 or shape == "deterministic" or (shape == "lognormal" and cv <= 0.0):
        return (round(max(mean_s, 0.0) * US),) * (n + 1)
    if shape == "exponential":
        values = [-math.log1p(-k / n) for k in range(n)]
        last = 2.0 * (math.log(n) + 1.0) - values[-1]
        table = [*values, last]
    elif shape == "lognormal":
        normal = NormalDist()
        sigma = math.sqrt(math.log(1.0 + cv * cv))
        values = [math.exp(sigma * normal.inv_cdf(k / n) - sigma * sigma / 2) for k in range(1, n)]
        z = normal.inv_cdf(1.0 - 1.0 / n)
        upper = n * normal.cdf(sigma - z)
        lower = n * normal.cdf(-z - sigma)
        table = [max(0.0, 2.0 * lower - values[0]), *values, 2.0 * upper - values[-1]]
    else:
        raise ValueError(f"no distribution '{shape}': lognormal, exponential or deterministic")
    mean = (math.fsum(table) - (table[0] + table[-1]) / 2) / n
    return tuple(round(value / mean * mean_s * US) for value in table)
