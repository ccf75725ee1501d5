"""Trucks of a replay: on their lanes, without jumps, and in the lines in which the model has them."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from port.control import Engine
from port.dispatch import RULES
from port.replay.record import YardLog, read_yard_log
from port.replay.scene import scene_of
from port.replay.tracks import ASIDE, DRIVES, IN_LINE, QUEUES, Track, make_tracks, shapes_of, tapered
from port.simulate import MIDNIGHT, Change, make, make_engine, simulate
from tests.port.drawn import DURATION, terminals, timelines
from tests.port.sites import terminal
from twin.clock import US

FASTEST_MPS = 12.0
"""The posted 35 km/h and a tenth more by the spread of travel times are 10.7 m/s, and a little for swinging out."""
STANDS_BESIDE_M = 45.0
"""Eight trucks abreast under a crane, or two rows beside a lane."""


def spots(track: Track, lanes: tuple[list, list], seconds: np.ndarray) -> np.ndarray:
    """(n, 2) where the page draws a truck."""
    shapes, along = lanes
    found = []
    for second in seconds.tolist():
        lane, s, lat = track.at(second)
        shape, marks = shapes[lane], along[lane]
        assert -1e-6 <= s <= marks[-1] + 1e-6, f"{s:.2f} m on a lane of {marks[-1]:.2f} m"
        k = min(max(int(np.searchsorted(marks, s, side="right")) - 1, 0), len(marks) - 2)
        ahead = (shape[k + 1] - shape[k]) / (marks[k + 1] - marks[k])
        beside = tapered(lat, s, marks[-1])
        assert abs(beside) <= STANDS_BESIDE_M
        found.append(shape[k] + ahead * (s - marks[k]) + beside * np.array([ahead[1], -ahead[0]]))
    return np.array(found).reshape(-1, 2)


def test_both_engines_keep_the_same_file(small):
    """Equal logs make equal bytes."""
    files = [(run.path / "engines" / "port" / "yard.npz").read_bytes() for run in small.values()]
    assert files[0] == files[1]


def test_trucks_stay_on_their_lanes_and_never_jump(small):
    """Every driverless and every eighth road truck, every second over three hours. Fastest seen: 10.7 m/s."""
    log = read_yard_log(small["fast"])
    tracks = make_tracks(log)
    worst, lanes = 0.0, shapes_of(log.scene)
    own = len(log.scene["trucks"])
    for track in [*tracks[:own], *tracks[own::8]]:
        if not len(track.t):
            continue
        assert np.all(np.diff(track.t) >= 0)
        seconds = np.arange(track.t[0], min(track.t[-1], log.end_us / 1e6), 1.0)
        away = np.hypot(*np.diff(spots(track, lanes, seconds), axis=0).T)
        worst = max(worst, float(away.max(initial=0.0)))
    print(f"fastest {worst:.1f} m/s")
    assert worst < FASTEST_MPS


def test_trucks_on_a_lane_do_not_stand_in_each_other(small):
    """Those that wait at a lane's end stand a truck and 2 m apart as far as the lane is long enough."""
    log = read_yard_log(small["fast"])
    tracks = make_tracks(log)
    lengths = [marks[-1] for marks in shapes_of(log.scene)[1]]
    seen: list[float] = []
    for second in np.arange(600.0, 10_000.0, 20.0):
        queues: dict[tuple[int, int], list[float]] = {}
        for track in tracks:
            if track.present(second) and track.act(second)[0] == QUEUES:
                k = int(np.searchsorted(track.t, second, side="right")) - 1
                lane, s, _ = track.at(second)
                back = int(track.back[k])
                queues.setdefault((lane, back), []).append(lengths[lane] - s if not back else s)
        for (lane, _), away in queues.items():
            if 1 < len(away) <= lengths[lane] / 17.0:
                seen.append(max(away))
    assert len(seen) > 20
    assert np.mean(np.array(seen) >= 6.0 + 17.0 - 1.0) > 0.9, "the others are just moving up"


def _own_counts(engine: Engine) -> tuple[list[int], list[float]]:
    """What the SimPy engine has waiting at every place, and moving on every lane."""
    world, roads, plan = engine.world, engine.roads, engine.plan
    lines = [0, *(len(c.line) for c in world.cranes), *(len(s.line) for s in world.sides)]
    lines += [len(line) for line in engine.fleet.lines]
    parked = [len(cars) for cars in roads.parked]
    moving = np.array(world.lane_load, dtype=float)
    np.subtract.at(moving, plan.place_lane, parked)
    return [a + b for a, b in zip(lines, parked, strict=True)][1:], moving.tolist()


@settings(max_examples=12, deadline=None)
@given(st.data(), terminals(), st.sampled_from(sorted(RULES)), st.integers(0, 2**63))
def test_lines_equal_the_models_own_counts(data, plan, rule, seed):
    """Drawn terminals and disturbances, each 7 min: lines at cranes, blocks, stations; trucks on lanes; boxes."""
    changes = sorted(data.draw(timelines(plan)), key=lambda c: c.at_us)
    engine = make_engine("simpy", plan, seed, MIDNIGHT, DURATION, lambda *_, **__: None, rule, False, 2)
    counted = {}
    for at in sorted({*range(0, DURATION + 1, 420 * US), DURATION}):
        while changes and changes[0].at_us <= at:
            change = changes.pop(0)
            engine.advance(change.at_us)
            if change.at_us < at:
                make(engine, change)
            else:
                changes.insert(0, change)
                break
        engine.advance(at)
        counted[at] = _own_counts(engine)
    log = YardLog(scene_of(engine), engine.rows(), DURATION)
    tracks = make_tracks(log)
    known = list(range(1, len(plan.place_lane)))
    if plan.terminal.gantry.meeting == "cycle":
        aboard = [t.boxes[-1][1] if t.boxes else 0 for t in tracks[: plan.fleet_size]]
        assert aboard == [len(truck.car.boxes) for truck in engine.trucks]
    else:
        known = [k for k in known if k not in plan.block_place]  # there a gantry's line holds trucks on their way too
    for at, (lines, moving) in counted.items():
        second = (at - 0.5) / 1e6
        there = [t for t in tracks if t.present(second)]
        acts = Counter(t.act(second) for t in there)
        assert [acts[IN_LINE, k] for k in known] == [lines[k - 1] for k in known], f"lines at {second:.0f} s"
        driven = np.array([acts[DRIVES, k] + acts[QUEUES, k] for k in range(len(moving))])
        aside = np.array([acts[ASIDE, k] for k in range(len(moving))])  # back in their queue from when a way opens
        assert np.all(driven <= moving), f"lanes at {second:.0f} s"
        assert np.all(moving <= driven + aside), f"lanes at {second:.0f} s"


def test_road_trucks_are_there_from_gate_to_gate(small):
    """The road trucks in the picture are those between the gate's two sides, at every exchange."""
    run = small["simpy"]
    tracks = make_tracks(read_yard_log(run))
    own = len(read_yard_log(run).scene["trucks"])
    times, inside = run.series("port", "trucks_inside")
    for t, n in zip(times.tolist()[1:], inside[1:, 0].tolist(), strict=True):
        assert sum(track.present(t - 5e-7) for track in tracks[own:]) == n, f"at {t} s"


def test_a_truck_without_a_way_waits_beside_its_lane():
    """Y02's lane floods for five minutes in ten: trucks bound for it stand beside the lane before, others pass."""
    place = terminal(road_trucks={"per_day": 2500})
    wet, dry = np.zeros(len(place.lanes)), np.zeros(len(place.lanes))
    wet[[lane.id for lane in place.lanes].index("Y02")] = 0.5
    changes = [Change(60 * k * US, "depth", dry if k % 10 else wet) for k in range(10, 60, 5)]
    engine = simulate(place, 5, 3600 * US, "fast", changes=changes, level=2)
    log = YardLog(scene_of(engine), engine.rows(), 3600 * US)
    lanes, tracks, seen = shapes_of(log.scene), make_tracks(log), 0
    for track in tracks:
        beside = [(t, where) for t, what, where in track.acts if what == ASIDE]
        for t, lane in beside:
            seen += 1
            assert track.at(t + 5.0)[0] == lane
            assert abs(track.at(t + 5.0)[2]) > 5.0
        if beside:
            seconds = np.arange(track.t[0], min(track.t[-1], 3600.0), 0.5)
            assert np.hypot(*np.diff(spots(track, lanes, seconds), axis=0).T).max() / 0.5 < FASTEST_MPS
    assert seen > 0
