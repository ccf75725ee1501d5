"""Sentences for the report: which roads closed when, whom that held up, and what it did to help on its way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traffic.names import is_named
from twin.clock import hhmm, to_us
from twin.model import Beat

if TYPE_CHECKING:
    from twin.results.view import RunView

_STREETS_TOLD = 6
_RESPONSES_TOLD = 4


def story(view: RunView, baseline: RunView | None) -> list[Beat]:
    """What happened on the roads, with the baseline's figure beside ours where they differ."""
    return [
        *_roads(view), *_underpasses(view), *_trips(view, baseline), *_water_traps(view), *_buses(view),
        *_help(view, baseline), *_reach(view), *_trucks(view, baseline), *_measured(view),
    ]  # fmt: skip


def _number(value: Any) -> float | None:
    """A cell as a number; None where it is empty."""
    if value is None or value == "":
        return None
    number = float(value)
    return None if number != number else number


def _truth(value: Any) -> bool:
    return str(value).strip().lower() in ("true", "1", "1.0", "yes")


def _clock(view: RunView, seconds: float) -> str:
    return hhmm(view.start, to_us(round(seconds / 60) * 60))


def _roads(view: RunView) -> list[Beat]:
    rows = view.table("traffic", "closures")
    named = [row for row in rows if is_named(str(row["street"]))]
    beats = []
    for row in sorted(named, key=lambda r: -_length_s(view, r))[:_STREETS_TOLD]:
        start, end, depth = _number(row["from_s"]), _number(row["to_s"]), _number(row["max_depth_m"]) or 0.0
        assert start is not None
        span = f"{_clock(view, start)}–{_clock(view, end)}" if end is not None else f"from {_clock(view, start)} on"
        water = f", under up to {depth:.1f} m of water" if depth >= 0.05 else ""
        beats.append(Beat(to_us(start), f"{row['street']} closed {span}{water}.", 2))
    rest = len({row["street"] for row in rows}) - len({row["street"] for row in named[:_STREETS_TOLD]})
    if rest > 0 and beats:
        total = view.metric("traffic.roads_cut")
        beats.append(Beat(None, f"In all {total} street sections were closed for cars at some time."))
    return beats


def _underpasses(view: RunView) -> list[Beat]:
    beats = []
    for row in view.table("traffic", "underpasses"):
        start, end, depth = _number(row["from_s"]), _number(row["to_s"]), _number(row["max_depth_m"]) or 0.0
        assert start is not None
        span = f"{_clock(view, start)}–{_clock(view, end)}" if end is not None else f"from {_clock(view, start)} on"
        text = f"The underpass {row['underpass']} closed {span}, deepest {depth:.1f} m."
        beats.append(Beat(to_us(start), text, 3))
    return beats


def _water_traps(view: RunView) -> list[Beat]:
    """Engines drowned, and how long the patrols took."""
    beats = []
    rows = view.table("traffic", "stalled")
    if rows:
        streets: dict[str, int] = {}
        for row in rows:
            streets[str(row["street"])] = streets.get(str(row["street"]), 0) + 1
        worst = max(streets, key=lambda street: streets[street])
        where = f", most on {worst}" if len(streets) > 1 else f" on {worst}"
        count = f"{len(rows)} vehicle{'s' * (len(rows) > 1)}"
        beats.append(Beat(to_us(_number(rows[0]["from_s"]) or 0.0), f"{count} stalled in the water{where}.", 2))
    minutes = view.metric("traffic.patrol_time")
    if minutes is not None:
        beats.append(Beat(None, f"Patrols needed {minutes:.0f} min on average to close a flooded road."))
    return beats


def _buses(view: RunView) -> list[Beat]:
    beats = []
    for row in view.table("traffic", "bus_lines"):
        since = _number(row["broken_from_s"])
        if since is not None:
            stop = f": its stop {row['stop_not_reached']} could not be reached" if row["stop_not_reached"] else ""
            beats.append(Beat(to_us(since), f"Bus line {row['line']} was broken at {_clock(view, since)}{stop}.", 2))
    return beats


def _length_s(view: RunView, row: dict[str, Any]) -> float:
    start, end = _number(row["from_s"]) or 0.0, _number(row["to_s"])
    return (view.duration_us / to_us(1) if end is None else end) - start


def _trips(view: RunView, baseline: RunView | None) -> list[Beat]:
    beats = []
    affected = view.metric("traffic.affected") or 0
    if affected:
        rerouted, stranded = view.metric("traffic.rerouted") or 0, view.metric("traffic.stranded") or 0
        cancelled = view.metric("traffic.cancelled") or 0
        text = f"{affected:,} trips found their way cut: {rerouted:,} went round, {stranded:,} were held"
        beats.append(Beat(None, f"{text}, {cancelled:,} did not begin." if cancelled else f"{text}.", 2))
    mean, before = view.metric("traffic.mean_travel_time"), baseline and baseline.metric("traffic.mean_travel_time")
    if mean is not None and before is not None and abs(mean - before) >= 0.1:
        beats.append(Beat(None, f"A trip took {mean:.1f} min on average instead of {before:.1f} min."))
    lost, usual = view.metric("traffic.lost_hours"), baseline and baseline.metric("traffic.lost_hours")
    if lost is not None and usual is not None and abs(lost - usual) >= 0.5:
        beats.append(Beat(None, f"On the roads {lost:,.0f} vehicle-hours were lost instead of {usual:,.0f}."))
    teleports = view.metric("traffic.teleports") or 0
    if teleports:
        beats.append(
            Beat(None, f"The traffic model lifted {teleports} stuck vehicles over an obstacle: read with care.")
        )
    return beats


def _help(view: RunView, baseline: RunView | None) -> list[Beat]:
    usual = (
        {row["id"]: _number(row["duration_s"]) for row in baseline.table("traffic", "emergency")} if baseline else {}
    )
    late = []
    for row in view.table("traffic", "emergency"):
        taken, free = _number(row["duration_s"]), usual.get(row["id"]) or _number(row["free_s"])
        called = _number(row["depart_s"]) or 0.0
        if _truth(row["cancelled"]):
            late.append((float("inf"), called, f"{row['id']} could not set out: no way was open."))
        elif _truth(row["late"]) and taken is not None:
            place = f", held on {row['held_on']}" if row["held_on"] and (_number(row["held_s"]) or 0) >= 60 else ""
            instead = f" instead of {free / 60:.0f} min" if free is not None and taken - free >= 60 else ""
            done = "needed" if _number(row["arrive_s"]) is not None else "was still not there after"
            late.append((taken - (free or 0.0), called, f"{row['id']} {done} {taken / 60:.0f} min{instead}{place}."))
    late.sort(key=lambda item: -item[0])
    beats = [Beat(to_us(called), text, 3) for _, called, text in late[:_RESPONSES_TOLD]]
    share, before = view.metric("traffic.ambulances_in_time"), None
    if baseline is not None:
        before = baseline.metric("traffic.ambulances_in_time")
    if share is not None and before is not None and abs(share - before) >= 0.5:
        beats.append(Beat(None, f"Help in time: {before:.0f} % in the comparison run, {share:.0f} % in this one.", 4))
    return beats


def _reach(view: RunView) -> list[Beat]:
    """Whom help reached in time at the worst moment, against the start."""
    beats = []
    for kind, who in (("ambulance", "An ambulance"), ("fire", "A fire engine")):
        start, least = view.metric(f"traffic.reach_{kind}_start"), view.metric(f"traffic.reach_{kind}_least")
        if start is None or least is None or start - least < 0.5:
            continue
        rows = [row for row in view.table("traffic", "reach") if _number(row[f"{kind}_pct"]) is not None]
        worst = min(rows, key=lambda row: _number(row[f"{kind}_pct"]) or 0.0, default=None)
        when = None if worst is None else to_us(_number(worst["time_s"]) or 0.0)
        text = f"{who} could reach {least:.0f} % of the people in time, instead of {start:.0f} % at the start."
        beats.append(Beat(when, text, 3))
    return beats


def _measured(view: RunView) -> list[Beat]:
    """How near the run is to what was counted and timed."""
    counts, journeys = view.metric("traffic.counts_good"), view.metric("traffic.journeys_good")
    parts = []
    if counts is not None:
        parts.append(f"{counts:.0f} % of the counts are met (GEH below 5; 85 % is asked for)")
    if journeys is not None:
        parts.append(f"{journeys:.0f} % of the journey times (within 15 % or 1 min)")
    return [Beat(None, f"Against what was measured: {', '.join(parts)}.")] if parts else []


def _trucks(view: RunView, baseline: RunView | None) -> list[Beat]:
    came = view.metric("traffic.trucks_at_gate")
    if came is None:
        return []
    before = baseline.metric("traffic.trucks_at_gate") if baseline else None
    most = view.metric("traffic.gate_queue_most") or 0
    beats = []
    if before is not None and before != came:
        fewer = "fewer" if came < before else "more"
        beats.append(
            Beat(None, f"{abs(before - came)} {fewer} trucks reached the terminal's gate ({came} of {before}).", 2)
        )
    late = _later_at_gate(view, baseline) if baseline is not None else None
    if late is not None and abs(late[0]) >= 0.5:
        word = "later" if late[0] > 0 else "earlier"
        text = f"{late[1]} trucks that came in both runs were at the gate {abs(late[0]):.0f} min {word} on average."
        beats.append(Beat(None, text, 2))
    if most >= 5:
        beats.append(Beat(None, f"At worst {most} trucks queued before the terminal's gate."))
    return beats


def _later_at_gate(view: RunView, baseline: RunView) -> tuple[float, int] | None:
    """(mean minutes later than in the baseline, trucks) of the trucks that reached the gate in both."""
    before = {row["id"]: _number(row["gate_s"]) for row in baseline.table("traffic", "trucks")}
    later = []
    for row in view.table("traffic", "trucks"):
        now, then = _number(row["gate_s"]), before.get(row["id"])
        if now is not None and then is not None:
            later.append((now - then) / 60)
    return (sum(later) / len(later), len(later)) if later else None
