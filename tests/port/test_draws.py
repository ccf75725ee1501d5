"""Keyed draws: the same whoever asks, and with the moments that they claim."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from port.draws import CELLS, GAMMA, MASK, Stream, mix, quantiles
from twin.clock import US


def test_mix_gives_the_published_splitmix64_sequence():
    """First outputs for state 1234567 of SplitMix64's reference C code (Vigna, prng.di.unimi.it)."""
    outputs = [mix((1234567 + k * GAMMA) & MASK) for k in (1, 2, 3)]
    assert outputs == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_a_draw_depends_on_seed_entity_and_counter_alone():
    one, other = Stream(3, 1, 5), Stream(3, 1, 6)
    first = [one.bits() for _ in range(4)]
    again = Stream(3, 1, 5)
    for _ in range(4):
        other.bits()
    assert [again.bits() for _ in range(4)] == first
    streams = [Stream(s, k, n) for s in range(3) for k in range(1, 4) for n in range(20)]
    assert len({s.bits() for s in streams}) == 180


@pytest.mark.parametrize(("shape", "cv"), [("exponential", 1.0), ("lognormal", 0.25), ("lognormal", 0.8)])
def test_tables_have_the_mean_and_spread_that_they_are_made_for(shape, cv):
    """Exact moments of the piecewise linear table: mean to 1e-6; variance to 0.5 % (the outer cells are straight)."""
    table = [t / US for t in quantiles(shape, 90.0, cv)]
    pairs = list(pairwise(table))
    mean = sum(a + b for a, b in pairs) / 2 / CELLS
    square = sum(a * a + a * b + b * b for a, b in pairs) / 3 / CELLS
    assert mean == pytest.approx(90.0, rel=1e-6)
    assert math.sqrt(square - mean**2) / mean == pytest.approx(cv, rel=2.5e-3)
    assert all(a <= b for a, b in pairs)


def test_a_deterministic_duration_does_not_vary():
    table = quantiles("deterministic", 12.5, 0.3)
    stream = Stream(1, 1, 1)
    assert {stream.duration(table) for _ in range(50)} == {12_500_000}


def test_attempts_are_geometric():
    """Mean p/(1−p) = 0.25 at p = 0.2; standard error of 20,000 draws 0.004, tolerance four of them."""
    stream = Stream(1, 2, 3)
    n = 20_000
    assert sum(stream.attempts(0.2) for _ in range(n)) / n == pytest.approx(0.25, abs=0.016)


@given(st.integers(0, MASK), st.integers(1, 2**31))
def test_an_index_lies_in_its_range(seed, n):
    stream = Stream(seed, 1, 1)
    assert all(0 <= stream.index(n) < n for _ in range(5))
