"""The tables of a run: closures, trips without a way, purposes, buses, trucks and what else the scenario has."""

from __future__ import annotations

from datetime import timedelta

from traffic.metrics import Figures, road_minutes
from twin.clock import to_s
from twin.model import Table


def tables_of(figures: Figures) -> dict[str, Table]:
    """Closures by street, emergency trips, stranded trips and trucks. Times in s since the scenario's start."""
    now_s, target = to_s(figures.now_us), figures.config.emergency_target
    tables = {
        "closures": Table(
            ("street", "sections", "from_s", "to_s", "max_depth_m", "classes"),
            [
                (c.street, c.sections, to_s(c.since_us), _s(c.until_us), round(c.deepest_m, 3), _classes(c.classes))
                for c in figures.log.by_street()
            ],
            "Streets closed for cars; `to_s` is empty where the street was still closed at the end.",
        ),
        "stranded": Table(
            ("id", "class", "street", "edge", "from_s", "to_s", "minutes", "why"),
            [
                (
                    h.id,
                    h.vclass,
                    h.street,
                    h.edge,
                    to_s(h.since_us),
                    _s(h.until_us),
                    round(((figures.now_us if h.until_us is None else h.until_us) - h.since_us) / 60e6, 1),
                    h.why,
                )
                for h in figures.trips.history
            ],
            "Trips that were held because no way was open.",
        ),
        "cut_by_hour": Table(
            ("hour", "street", "minutes", "sections"),
            by_hour(figures),
            "Streets closed for cars by hour of the day: minutes with at least one section closed.",
        ),
        "cancelled": Table(
            ("id", "class", "depart_s", "from_street", "to_street", "why"),
            [(t.id, t.vclass, t.depart_s - figures.begin_s, t.origin, t.target, t.why) for t in figures.trips.lost],
            "Trips that did not begin because no way was open.",
        ),
        "purposes": Table(
            (
                *("purpose", "trips", "finished", "mean_min", "mean_delay_min"),
                *("cancelled", "stranded", "lost_h"),
            ),
            [
                (
                    purpose,
                    r.trips,
                    r.finished,
                    round(r.duration_s / r.finished / 60, 2) if r.finished else None,
                    round(r.delay_s / r.finished / 60, 2) if r.finished else None,
                    r.cancelled,
                    r.stranded,
                    round(r.lost_s / 3600, 2),
                )
                for purpose, r in figures.purposes.items()
            ],
            "Trips by purpose; delay against free driving on the planned way, waiting to depart included.",
        ),
        **_special(figures),
    }
    if figures.responses.trips:
        held = {h.id for h in figures.trips.history}
        late = {t.id for t in figures.responses.late(now_s, target)}
        tables["emergency"] = Table(
            (
                *("id", "depart_s", "arrive_s", "duration_s", "free_s"),
                *("late", "stranded", "cancelled", "held_on", "held_s"),
            ),
            [
                (
                    t.id, t.depart_s, t.arrive_s, None if t.cancelled else round(t.taken_s(now_s), 1),
                    None if t.free_s == float("inf") else round(t.free_s, 1), t.id in late, t.id in held, t.cancelled,
                    t.held_on, max(t.halted_s.values(), default=0.0),
                )
                for t in figures.responses.trips.values()
            ],
            "Emergency trips: from call to arrival (so far, where `arrive_s` is empty), and on the empty dry network.",
        )  # fmt: skip
    if figures.gate is not None:
        tables["trucks"] = Table(
            ("id", "task", "state", "gate_s", "admitted_s", "left_s", "road_min"),
            [
                (
                    t.id,
                    t.data.get("task", ""),
                    t.state,
                    _s(t.gate_us),
                    _s(t.admitted_us),
                    _s(t.left_us),
                    road_minutes(figures, t.id),
                )
                for t in figures.gate.trucks.values()
            ],
            "Trucks for the terminal: when they reached the gate, were let in, and left; minutes from departure.",
        )
    return tables


def _s(us: int | None) -> float | None:
    return None if us is None else to_s(us)


def _classes(names: frozenset[str]) -> str:
    """The classes that people know, in words."""
    words = {"passenger": "cars", "delivery": "vans", "bus": "buses", "truck": "trucks", "emergency": "emergency"}
    return " ".join(word for name, word in words.items() if name in names)


def by_hour(figures: Figures) -> list[tuple[str, str, float, int]]:
    """(hour of the day, street, minutes closed within it, sections), in the order of time, then of the street."""
    start, now = figures.start, figures.now_us
    first_hour = start.replace(minute=0, second=0, microsecond=0)
    spans: dict[tuple[int, str], list[tuple[float, float]]] = {}
    edges: dict[tuple[int, str], set[str]] = {}
    shift = (start - first_hour).total_seconds()
    for c in figures.log.all():
        begin = shift + to_s(c.since_us)
        end = shift + to_s(now if c.until_us is None else c.until_us)
        hour = int(begin // 3600)
        while hour * 3600 < end:
            part = (max(begin, hour * 3600.0), min(end, hour * 3600.0 + 3600))
            spans.setdefault((hour, c.street), []).append(part)
            edges.setdefault((hour, c.street), set()).add(c.edge)
            hour += 1
    return [
        (
            f"{first_hour + timedelta(hours=hour):%Y-%m-%d %H:%M}", street,
            round(_covered(spans[hour, street]) / 60, 1), len(edges[hour, street]),
        )
        for hour, street in sorted(spans)
    ]  # fmt: skip


def _covered(spans: list[tuple[float, float]]) -> float:
    """Length of the union of spans."""
    total, reached = 0.0, float("-inf")
    for begin, end in sorted(spans):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


def _special(figures: Figures) -> dict[str, Table]:
    """Tables of what only some scenarios have."""
    found: dict[str, Table] = {}
    water, buses, facilities = figures.water, figures.buses, figures.facilities
    if water is not None and water.underpasses is not None:
        found["underpasses"] = Table(
            ("underpass", "from_s", "to_s", "max_depth_m"),
            [
                (f.name, to_s(f.since_us), _s(f.until_us), round(f.deepest_m, 3)) for f in water.underpasses.all()
            ],
            "Underpasses closed by water at their lowest point.",
        )  # fmt: skip
    if water is not None and water.patrols is not None:
        found["patrols"] = Table(
            ("street", "edge", "patrol", "flooded_s", "closed_s"),
            [
                (figures.network.street(v.edge), v.edge, v.patrol or None, to_s(v.asked_us), _s(v.closed_us))
                for v in water.patrols.visits
            ],
            "Flooded roads and the patrols that closed them; `closed_s` is empty where the water went first.",
        )
    if figures.stalls is not None:
        found["stalled"] = Table(
            ("id", "class", "street", "edge", "depth_m", "from_s", "towed_s"),
            [
                (s.id, s.vclass, s.street, s.edge, round(s.depth_m, 3), to_s(s.since_us), _s(s.towed_us))
                for s in figures.stalls.all
            ],
            "Vehicles whose engine drowned, and when they were towed away.",
        )
    if buses is not None and buses.buses:
        found["bus_lines"] = Table(
            (
                *("line", "trips", "completed", "stops", "served", "mean_delay_s"),
                *("broken", "broken_from_s", "stop_not_reached"),
            ),
            buses.rows(),
            "Bus lines: a trip is broken when it cannot reach its next stop.",
        )
    if facilities is not None and facilities.car_parks.ids:
        found["car_parks"] = Table(
            ("car_park", "places", "most", "hours_parked", "full_min", "full_from_s", "turned_away"),
            facilities.car_parks.rows(),
            "Car parks: how full, how long, and vehicles that found them full.",
        )
    if facilities is not None and facilities.chargers.ids:
        found["chargers"] = Table(
            ("station", "energy_kwh", "most_kw", "vehicles"),
            facilities.chargers.rows(),
            "Charging stations: energy drawn.",
        )
    if figures.acceptance is not None:
        found.update(figures.acceptance.tables(to_s(figures.now_us) + figures.begin_s, figures.network))
    return found
