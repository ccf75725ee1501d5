"""The scheduler: order, events, triggers, determinism, and runaways that are stopped with a name."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from tests.twin.toys import Base, Pond, Spring
from twin.agenda import Planned
from twin.clock import US
from twin.couple import make_links
from twin.engine import Engine, RunError
from twin.model import Event


def coupled(models, plan=(), minutes=10, exchange_s=60, watchers=(), threads=2):
    named = {m.name: m for m in models}
    return Engine(
        named,
        make_links(named),
        {m.name: m.journal for m in models},
        plan,
        minutes * 60 * US,
        exchange_s * US,
        watchers,
        threads,
    )


def test_amounts_and_arrivals_arrive_whole_even_from_uneven_steps():
    spring, pond = Spring("spring", step_us=7 * US), Pond("pond", step_us=11 * US)
    engine = coupled([spring, pond])
    engine.run()
    assert pond.volume.sum() == pytest.approx(spring.given, rel=1e-13)
    assert pond.volume[0] == pytest.approx(0.1 * 600, rel=1e-12)
    assert [f.id for f in pond.frogs] == [f"frog_{i + 1}" for i in range(24)]
    assert engine.ledger().closed


def test_states_reach_the_taker_in_its_own_unit_and_as_of_the_exchange():
    """Well c is nearest to the gauge: its level is 3 mm per second since the start."""
    spring, pond = Spring("spring"), Pond("pond")
    coupled([spring, pond], minutes=3).run()
    levels = {t: v[0] for t, port, v in pond.seen if port == "level"}
    assert levels[0] == 0.0
    assert levels[120 * US] == pytest.approx(2e-3 * 120)


def test_rank_zero_is_ahead_so_that_its_values_describe_the_coming_interval():
    spring, pond = Spring("spring", rank=0), Pond("pond")
    coupled([spring, pond], minutes=2).run()
    first = next(v[0] for t, port, v in pond.seen if port == "level" and t == 0 and v[0] > 0)
    assert first == pytest.approx(2e-3 * 60)


def test_an_event_happens_at_its_own_time_and_ends_at_its_own_time():
    spring, pond = Spring("spring"), Pond("pond")
    event = Planned("pond", Event("e", "drain", None), at_us=95 * US, until_us=200 * US + 1)
    coupled([spring, pond], [event], minutes=5).run()
    assert pond.applied == [(95 * US, "drain", "start"), (200 * US + 1, "drain", "end")]


@dataclass
class Once:
    """A trigger: true from a time on, told once."""

    from_us: int
    told: bool = False

    def fires(self, now_us, lookup):
        values, ids, unit = lookup("spring", "level")
        assert unit == "mm"
        assert list(ids) == ["a", "b", "c"]
        ready = not self.told and values[0] >= self.from_us / US
        self.told = self.told or ready
        return ready


def test_a_trigger_fires_at_the_first_exchange_at_which_it_holds_and_its_until_counts_from_there():
    spring, pond = Spring("spring"), Pond("pond")
    plan = Planned("pond", Event("e", "drain", None), until_us=90 * US, when=Once(100 * US))
    coupled([spring, pond], [plan], minutes=6).run()
    assert pond.applied == [(120 * US, "drain", "start"), (210 * US, "drain", "end")]


def test_threads_do_not_change_the_answer():
    results = []
    for threads in (1, 4):
        spring, pond, other = Spring("spring", step_us=13 * US), Pond("pond", step_us=10 * US), Base("other")
        coupled([spring, pond, other], threads=threads).run()
        results.append(
            (pond.volume.tobytes(), [(t, p, np.asarray(v).tobytes()) for t, p, v in pond.seen if p != "frogs"])
        )
    assert results[0] == results[1]


class Frozen(Base):
    def next_event_us(self):
        return self.now_us


def test_a_model_that_does_not_move_on_is_stopped_by_name():
    with pytest.raises(RunError, match=r"frozen asked 10000 times in a row"):
        coupled([Frozen("frozen")], minutes=1).run()


class Broken(Base):
    def work(self, from_us, until_us):
        if until_us > 120 * US:
            raise ArithmeticError("the pump curve ends")


def test_a_failing_model_is_named_with_the_interval():
    with pytest.raises(RunError, match=r"broken failed between \+0:02:00 and \+0:03:00: the pump curve ends"):
        coupled([Broken("broken")], minutes=5).run()


class Lazy(Base):
    def advance(self, until_us):
        return until_us - 1


def test_a_model_that_stops_short_is_named():
    with pytest.raises(RunError, match=r"lazy stopped at"):
        coupled([Lazy("lazy")], minutes=1).run()


class Overshooting(Base):
    """Stops up to 0.7 s late, as an engine with its own step does."""

    def advance(self, until_us):
        self.now_us = max(until_us + 700_000, self.now_us)
        return self.now_us


def test_a_model_may_stop_one_internal_step_late():
    late, pond, spring = Overshooting("late"), Pond("pond"), Spring("spring")
    engine = coupled([late, pond, spring], minutes=3)
    engine.run()
    assert late.now_us >= 180 * US
    assert engine.ledger().closed


def test_watchers_see_every_exchange_once_and_entries_in_order():
    ticks, entries = [], []

    class Watch:
        def tick(self, now_us, engine):
            ticks.append(now_us)

        def entry(self, entry):
            entries.append(entry)

    spring = Spring("spring")
    spring.journal.write(0, "hello", "first")
    coupled([spring, Pond("pond", step_us=10 * US)], minutes=4, watchers=[Watch()]).run()
    assert ticks == [i * 60 * US for i in range(5)]
    assert [(e["section"], e["what"]) for e in entries] == [("spring", "hello")]
