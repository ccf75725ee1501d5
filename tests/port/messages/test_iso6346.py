"""Container numbers: the digits of the standard, and every single mistake that they must catch."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from port.messages.iso6346 import LETTERS, check_digit, container_number, fault, made_up, teu

OWNERS = st.tuples(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3), st.sampled_from("UJZ")).map("".join)


def test_letters_skip_the_multiples_of_eleven():
    """ISO 6346:1995, annex A: A 10, B 12, K 21, L 23, U 32, V 34, Z 38."""
    assert [LETTERS[c] for c in "ABKLUVZ"] == [10, 12, 21, 23, 32, 34, 38]


@pytest.mark.parametrize("number", ["CSQU3054383", "MSKU7351770", "SUDU1910806", "MSKU1234565"])
def test_published_numbers_are_right(number):
    """CSQU3054383 is the worked example of ISO 6346 that text books repeat; the others stand in sample messages."""
    assert fault(number) is None
    assert check_digit(number[:10]) == int(number[10])


@given(OWNERS, st.integers(0, 999_999))
def test_made_numbers_pass_and_any_changed_digit_is_caught(owner, serial):
    """2^k is invertible modulo 11, so one changed digit changes the remainder; only 10, which counts as 0, can hide,
    and only where the check digit is 0."""
    number = container_number(owner, serial)
    assert fault(number) is None
    for k in range(4, 10):
        other = str((int(number[k]) + 1) % 10)
        changed = number[:k] + other + number[k + 1 :]
        if number[10] != "0":
            assert fault(changed) is not None


@pytest.mark.parametrize("number", ["", "CSQU305438", "CSQX3054383", "csqu3054383", "CSQU30543833", "1SQU3054383"])
def test_other_forms_are_named(number):
    assert "no container number" in (fault(number) or "")


def test_a_wrong_digit_is_named_with_the_right_one():
    assert fault("CSQU3054384") == "CSQU3054384: the check digit should be 3"


def test_bad_parts_are_refused():
    with pytest.raises(ValueError, match="six digits"):
        container_number("CSQU", 1_000_000)
    with pytest.raises(ValueError, match="three letters"):
        container_number("CSQA", 1)


@given(st.integers(0, 10**9))
def test_every_box_of_a_run_has_a_number(box):
    assert fault(made_up(box)) is None


def test_sizes_count_in_teu():
    assert [teu(s) for s in ("22G1", "45G1", "L5G1", "")] == [1.0, 2.0, 2.25, None]
