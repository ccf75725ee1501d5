"""The water supply's part of a run's story, in sentences that a planner can read aloud."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from twin.clock import hhmm
from twin.model import Beat

if TYPE_CHECKING:
    from twin.results.view import RunView

SECTION = "water"


def story(view: RunView, baseline: RunView | None = None) -> list[Beat]:
    """Beats of a finished run; with a baseline, what the drill changed."""
    beats = _bursts(view) + _pumps(view)
    beats += _people(view, baseline)
    beats += _exposed(view)
    return beats


def number(value: float, digits: int = 0) -> str:
    """3180.2 as `3,180`."""
    return f"{value:,.{digits}f}"


def _clock(view: RunView, time_us: int) -> str:
    start: datetime = view.start
    return hhmm(start, time_us)


def _own(view: RunView, what: str) -> list[dict[str, Any]]:
    return [entry for entry in view.events(what) if entry.get("section", SECTION) == SECTION]


def _bursts(view: RunView) -> list[Beat]:
    ends = {entry.get("id"): entry for entry in _own(view, "isolated") if entry.get("pipe")}
    lost = {row["at"]: float(row["volume_m3"]) for row in view.table(SECTION, "leaks")}
    beats = []
    for entry in _own(view, "burst"):
        pipe, street = entry["pipe"], entry.get("street")
        name = f"Main {pipe}{f' in {street}' if street else ''}"
        end = ends.get(entry.get("id"))
        if end is not None:
            volume, until = float(end["volume_m3"]), f"until it was isolated at {_clock(view, end['time_us'])}"
        else:
            volume, until = lost.get(pipe, 0.0), "and was still running at the end"
        text = f"{name} burst at {_clock(view, entry['time_us'])} and lost {number(volume)} m³ {until}."
        beats.append(Beat(entry["time_us"], text, 3))
    return beats


def _pumps(view: RunView) -> list[Beat]:
    return [
        Beat(entry["time_us"], f"{entry['text'][:1].upper()}{entry['text'][1:]}.", 2)
        for entry in _own(view, "pump_out")
    ]


def _value(view: RunView | None, metric: str) -> float:
    """A metric as a number; 0 where there is none."""
    value = None if view is None else view.metric(f"{SECTION}.{metric}")
    return float(value) if isinstance(value, (int, float)) else 0.0


def _people(view: RunView, baseline: RunView | None) -> list[Beat]:
    affected, hours = _value(view, "people_affected"), _value(view, "person_hours")
    before = _value(baseline, "people_affected")
    if affected < 1.0:
        return [Beat(None, "Every customer had full pressure throughout.", 1)] if before < 1.0 else []
    text = f"{number(affected)} people had less than full pressure at some time"
    if baseline is not None:
        text += f" ({number(before)} without the drill)"
    text += f"; {number(hours)} person-hours and {number(_value(view, 'unserved'))} m³ of water were missed"
    where = view.metric(f"{SECTION}.min_pressure_at")
    if where:
        lowest = _value(view, "min_pressure")
        text += f". The lowest pressure was {lowest:.0f} m at" if lowest > 0.5 else ". The pressure fell to nothing at"
        text += f" {where}"
    return [Beat(None, text + ".", 4)]


def _exposed(view: RunView) -> list[Beat]:
    """Injections, and who drew water above the limit."""
    beats = [
        Beat(entry["time_us"], f"{entry['text'][:1].upper()}{entry['text'][1:]}.", 2)
        for entry in _own(view, "injected")
    ]
    people, since = _value(view, "people_above_limit"), view.metric(f"{SECTION}.above_limit_from")
    if people >= 1.0 and since:
        hours = number(_value(view, "person_hours_above_limit"))
        text = f"From {since} on {number(people)} people drew water above the limit, {hours} person-hours in all."
        beats.append(Beat(None, text, 2))
    return beats
