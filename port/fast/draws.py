"""Keyed draws of `port.draws` in 64-bit integers; a record with `key` and `counter` is a stream."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from port.draws import CELL_BITS, FRACTION_BITS
from port.draws import GAMMA as GAMMA_INT
from port.fast.memory import INLINED

U = np.uint64
GAMMA = U(GAMMA_INT)
M1, M2 = U(0xBF58476D1CE4E5B9), U(0x94D049BB133111EB)
S30, S27, S31, S11, S32, ONE = U(30), U(27), U(31), U(11), U(32), U(1)
CELL_SHIFT, FRACTION_SHIFT = U(64 - CELL_BITS), U(64 - CELL_BITS - FRACTION_BITS)
FRACTION_MASK = U((1 << FRACTION_BITS) - 1)
FNV_START, FNV_PRIME = U(0xCBF29CE484222325), U(0x100000001B3)


@njit(**INLINED)
def mix(z: Any) -> Any:
    """SplitMix64's finaliser."""
    z = (z ^ (z >> S30)) * M1
    z = (z ^ (z >> S27)) * M2
    return z ^ (z >> S31)


@njit(**INLINED)
def key_of(seed: Any, kind: Any, number: Any) -> Any:
    """Key of an entity's stream; seed, kind and number as uint64."""
    return mix(mix(mix(seed) + kind * GAMMA) ^ number)


@njit(**INLINED)
def bits(stream: Any) -> Any:
    """64 fresh bits."""
    stream.counter += ONE
    return mix(stream.key + stream.counter * GAMMA)


@njit(**INLINED)
def uniform(stream: Any) -> float:
    """A number in (0, 1)."""
    return (np.float64(bits(stream) >> S11) + 0.5) * (1.0 / 9007199254740992.0)


@njit(**INLINED)
def index(stream: Any, n: int) -> Any:
    """One of 0 … n − 1."""
    return np.int64(((bits(stream) >> S32) * U(n)) >> S32)


@njit(**INLINED)
def duration(stream: Any, table: Any, row: int) -> int:
    """A duration from a row of quantiles."""
    word = bits(stream)
    cell = np.int64(word >> CELL_SHIFT)
    fraction = np.int64((word >> FRACTION_SHIFT) & FRACTION_MASK)
    low = table[row, cell]
    return low + (((table[row, cell + 1] - low) * fraction) >> FRACTION_BITS)


@njit(**INLINED)
def nth_bits(key: Any, n: int) -> Any:
    """The n-th draw of a stream by its key, from 1."""
    return mix(key + U(n) * GAMMA)


@njit(**INLINED)
def as_uniform(word: Any) -> float:
    """A number in (0, 1) from 64 bits."""
    return (np.float64(word >> S11) + 0.5) * (1.0 / 9007199254740992.0)


@njit(**INLINED)
def as_index(word: Any, n: int) -> Any:
    """One of 0 … n − 1 from 64 bits."""
    return np.int64(((word >> S32) * U(n)) >> S32)


@njit(**INLINED)
def as_duration(word: Any, table: Any, row: int) -> int:
    """A duration from a row of quantiles and 64 bits."""
    cell = np.int64(word >> CELL_SHIFT)
    fraction = np.int64((word >> FRACTION_SHIFT) & FRACTION_MASK)
    low = table[row, cell]
    return low + (((table[row, cell + 1] - low) * fraction) >> FRACTION_BITS)


@njit(**INLINED)
def attempts(stream: Any, probability: float) -> int:
    """Failures before a success."""
    u, power, failures = uniform(stream), probability, 0
    while u < power:
        failures += 1
        power *= probability
    return failures


@njit(**INLINED)
def number_of_truck(number: int) -> Any:
    """`port.draws.name_number` of "T00001", "T00002" … (five digits at least)."""
    h = (FNV_START ^ U(84)) * FNV_PRIME
    power = 10000
    while power * 10 <= number:
        power *= 10
    while power > 0:
        h = (h ^ U(48 + (number // power) % 10)) * FNV_PRIME
        power //= 10
    return h
