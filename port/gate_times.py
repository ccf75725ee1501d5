"""When generated road trucks come: shared, interpreted and compiled, by both engines."""

from __future__ import annotations


def next_arrival(at_us: int, wait: float, midnight_us: int, scale: float, profile: object) -> int:
    """The next arrival after `at_us` of a Poisson process whose rate follows the hour of the day, in µs.

    wait : an exponential draw of mean 1.  midnight_us : time of day at 0.  scale, profile : scale · profile[hour] is
    the rate in trucks an hour; at least one hour's must be above 0.
    """
    while True:
        clock = midnight_us + at_us
        rate = scale * profile[clock // 3_600_000_000 % 24]  # type: ignore[index]
        left_us = 3_600_000_000 - clock % 3_600_000_000
        if wait <= rate * left_us / 3.6e9 and rate > 0.0:
            return at_us + int(wait / rate * 3.6e9)
        wait -= rate * left_us / 3.6e9
        at_us += left_us
