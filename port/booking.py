"""Appointments at the gate: who books which slot, and when the trucks then come.

Trucks wish to come by the gate's profile. A slot takes `quota` trucks; who finds it full books the next one with a
place. Both engines are handed the finished list of arrivals.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

from port.draws import ARRIVALS, Stream, quantiles
from port.gate_times import next_arrival
from port.sections import Appointments
from twin.clock import US, to_us

DAY_US = 86_400 * US
WISHES, BOOKED = 0, 1 << 32
"""Number spaces of the streams: when trucks wish to come (as without appointments), and what becomes of each."""


@dataclass(frozen=True)
class Bookings:
    """Arrivals of a run in µs, in order; how many of these trucks booked later than wished, and how many stayed away.

    Those who stay away wished to come within the run, and found no slot or did not show up.
    """

    times_us: tuple[int, ...]
    moved: int = 0
    refused: int = 0
    missing: int = 0


def book(
    spec: Appointments, seed: int, scale: float, profile: tuple[float, ...], midnight_us: int, duration_us: int
) -> Bookings:
    """All arrivals of a run.

    scale · profile[hour] : trucks an hour that wish to come.  midnight_us : time of day at 0. Wishes are drawn from
    the midnight before the day of the start, so that the first slots hold what was moved into them.
    """
    if not scale or not any(profile):
        return Bookings(())
    table, normal = quantiles("exponential", 1.0, 1.0), NormalDist()
    wishes, slot_us, shift_us = Stream(seed, ARRIVALS, WISHES), to_us(spec.slot), to_us(spec.shift)
    taken: dict[int, int] = {}
    times: list[tuple[int, int]] = []
    moved = refused = missing = number = 0
    at_us = -midnight_us - DAY_US
    while True:
        at_us = next_arrival(at_us, wishes.duration(table) / US, midnight_us, scale, profile)
        if at_us >= duration_us:
            break
        number += 1
        truck = Stream(seed, ARRIVALS, BOOKED + number)
        within = at_us >= 0
        if truck.uniform() >= spec.share:
            times.append((at_us, number))
            continue
        wished = slot = (midnight_us + at_us) // slot_us
        while taken.get(slot, 0) >= spec.quota:
            slot += 1
        if (slot - wished) * slot_us > shift_us:
            refused += within
            continue
        taken[slot] = taken.get(slot, 0) + 1
        late_us = round((spec.lateness.mean + spec.lateness.deviation * normal.inv_cdf(truck.uniform())) * US)
        come_us = slot * slot_us - midnight_us + int(truck.uniform() * slot_us) + late_us
        if truck.uniform() < spec.no_show:
            missing += within
            continue
        if 0 <= come_us < duration_us:
            moved += slot > wished
            times.append((come_us, number))
    inside = sorted((t, n) for t, n in times if t >= 0)
    return Bookings(tuple(t for t, _ in inside), moved, refused, missing)
