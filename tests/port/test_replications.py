"""Replications: the same whatever runs beside them, paired differences, intervals, and no stale machine code."""

from __future__ import annotations

import os

import numpy as np
import pytest

from port.fast.stale import forget_stale
from port.replications import FIGURES, T_TABLE, Replications, interval, replicate, student_95
from port.simulate import Change
from tests.port.sites import HOUR, terminal
from tests.port.test_dispatch import OldestToFirst

WIND = (Change(HOUR // 2, "wind", 25.0),)


def test_figures_do_not_depend_on_threads_or_engine():
    """Six seeds, with a stop by wind: one thread, two threads, and SimPy give the same bits."""
    place = terminal(road_trucks={"per_day": 1200})
    one = replicate(place, range(6), HOUR, changes=WIND, workers=1)
    two = replicate(place, range(6), HOUR, changes=WIND, workers=2)
    slow = replicate(place, range(6), HOUR, changes=WIND, engine="simpy")
    assert one.values.shape == (6, len(FIGURES))
    assert np.array_equal(one.values, two.values, equal_nan=True)
    assert np.array_equal(one.values, slow.values, equal_nan=True)
    assert len(set(one["empty_distance"].tolist())) > 1


def test_a_warm_up_is_taken_off_every_figure():
    """Moves of two hours without the first are those of two hours less those of one; waits change in kind."""
    whole, first = (replicate(terminal(), [3], hours * HOUR, workers=1) for hours in (2, 1))
    late = replicate(terminal(), [3], 2 * HOUR, warm_us=HOUR, workers=1)
    for name in ("moves", "empty_distance", "energy", "rehandles"):
        assert late[name][0] == pytest.approx(whole[name][0] - first[name][0])
    assert late["crane_rate"][0] != whole["crane_rate"][0]


def test_paired_differences_need_the_same_seeds_and_are_narrower():
    """A slower crane, same luck: the paired interval is less than half of what independent runs would give."""
    fast = replicate(terminal(), range(12), 2 * HOUR)
    slow = replicate(terminal(quay_crane={"cycle": {"mean": "100 s", "cv": 0.25}}), range(12), 2 * HOUR)
    mean, half = fast.minus(slow, "crane_busy")
    apart = np.hypot(fast.mean("crane_busy")[1], slow.mean("crane_busy")[1])
    assert mean < 0
    assert half < apart
    with pytest.raises(ValueError, match="same seeds"):
        fast.minus(Replications((1,), fast.values[:1]), "moves")


def test_a_policy_in_python_is_made_anew_for_every_replication():
    made = []

    def policy() -> OldestToFirst:
        made.append(OldestToFirst())
        return made[-1]

    replicate(terminal(), range(3), HOUR // 2, policy=policy)
    assert len(made) == 3
    assert all(p.seen for p in made)


@pytest.mark.parametrize("n", [1, 5, 10, 11, 20, 40, 100])
def test_students_t_has_its_textbook_values(n):
    """Table to 10 degrees; the expansion against SciPy to 1e-3 (measured largest: 4e-4 at 11)."""
    from scipy.stats import t

    assert student_95(n) == pytest.approx(t.ppf(0.975, n), abs=1e-3)
    assert len(T_TABLE) == 10


def test_an_interval_leaves_out_what_could_not_be_measured():
    mean, half = interval(np.array([1.0, np.nan, 3.0]))
    assert (mean, half) == pytest.approx((2.0, 12.706 * np.sqrt(2.0) / np.sqrt(2.0)))
    assert np.isnan(interval(np.array([np.nan]))[0])


def test_machine_code_older_than_a_source_is_forgotten(tmp_path):
    folder = tmp_path / "port" / "fast"
    (folder / "__pycache__").mkdir(parents=True)
    (tmp_path / "port" / "__pycache__").mkdir()
    for where, name in ((folder, "roads.py"), (folder.parent, "motion.py"), (folder.parent, "other.py")):
        (where / name).write_text("")
        (where / "__pycache__" / f"{name[:-3]}.run-1.py311.nbi").write_text("")
    assert forget_stale(folder) == 0
    later = (folder / "roads.py").stat().st_mtime + 10
    os.utime(folder / "roads.py", (later, later))
    assert forget_stale(folder) == 2, "all that is compiled into each other, and nothing else"
    assert (folder.parent / "__pycache__" / "other.run-1.py311.nbi").exists()
