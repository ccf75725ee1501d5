"""Container numbers of ISO 6346: three letters of the owner, U, J or Z, six digits, and a check digit.

A letter counts 10 to 38 without the multiples of 11 (A = 10, B = 12, … L = 23, … Z = 38), a digit itself, each times
2^position; the sum modulo 11, and 10 as 0, is the check digit (ISO 6346:1995, annex A).
"""

from __future__ import annotations

import re

LETTERS = dict(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (n for n in range(10, 39) if n % 11), strict=True))
FORM = re.compile(r"[A-Z]{3}[UJZ][0-9]{7}")
OWNER = "TWNU"
"""Owner of boxes that no plan names. A made-up code; the register of codes is kept by the BIC in Paris."""
SERIALS = 1_000_000


def check_digit(stem: str) -> int:
    """The check digit of four letters and six digits; ValueError for anything else."""
    if not FORM.fullmatch(stem + "0"):
        raise ValueError(f"'{stem}' is not three letters, U, J or Z, and six digits")
    total = sum((LETTERS[c] if c in LETTERS else int(c)) << k for k, c in enumerate(stem))
    return total % 11 % 10


def container_number(owner: str, serial: int) -> str:
    """A whole number, `container_number("CSQU", 305438)` is CSQU3054383. ValueError outside of 0 … 999999."""
    if not 0 <= serial < SERIALS:
        raise ValueError(f"a container's serial number has six digits, not {serial}")
    stem = f"{owner}{serial:06d}"
    return stem + str(check_digit(stem))


def made_up(box: int) -> str:
    """The number of a box of the model that no plan names; boxes a million apart share one."""
    return container_number(OWNER, box % SERIALS)


def fault(number: str) -> str | None:
    """What is wrong with a container number, in words, or None."""
    if not FORM.fullmatch(number):
        return f"'{number}' is no container number: three letters, U, J or Z, and seven digits"
    wanted = check_digit(number[:-1])
    return None if wanted == int(number[-1]) else f"{number}: the check digit should be {wanted}"


def teu(size_type: str) -> float | None:
    """Twenty-foot units by the first sign of the size and type code (ISO 6346): 2 is 20, 4 is 40, L is 45 ft."""
    return {"2": 1.0, "4": 2.0, "L": 2.25}.get(size_type[:1])
