"""What happened to the water, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drainage.dispatch.story import beats as dispatched
from twin.clock import to_us
from twin.model import Beat

if TYPE_CHECKING:
    from twin.results.view import RunView

NOTABLE = 4
"""Streets and pumps that are told one by one; the rest is a number."""


def story(view: RunView, base: RunView | None) -> list[Beat]:
    """The flood from its first street to drain-down, the pumps, and what the sewers gave and took."""
    beats: list[Beat] = []
    closed = view.events("street_flooded")
    for event in closed[:NOTABLE]:
        beats.append(Beat(event["time_us"], f"{event['text'][0].upper()}{event['text'][1:]}.", 2))
    if len(closed) > NOTABLE:
        beats.append(Beat(closed[NOTABLE]["time_us"], f"{len(closed) - NOTABLE} more streets follow."))
    pumps = [e for what in ("pump_out", "pump_back") for e in view.events(what) if e.get("section") == "drainage"]
    beats += [Beat(e["time_us"], f"{e['text'][0].upper()}{e['text'][1:]}.", 2) for e in pumps[: 2 * NOTABLE]]
    beats += dispatched(view)
    beats += _peak(view, base)
    beats += _in_short(view, base)
    beats += _end(view)
    return beats


def _peak(view: RunView, base: RunView | None) -> list[Beat]:
    area = view.metric("drainage.flooded_area_27cm")
    if not area:
        if view.metric("drainage.flooded_area_15cm") is not None:
            return [Beat(None, "No ground is under more than 27 cm of water.")]
        return []
    times, values = view.series("drainage", "flooded_area_27cm")
    flat = values.reshape(len(times), -1).sum(axis=1)
    peak_us = to_us(float(times[int(flat.argmax())]))
    before = base.metric("drainage.flooded_area_27cm") if base else None
    against = f" (against {before:.2f} ha)" if before is not None else ""
    text = f"The flood is at its largest: {area:.2f} ha under more than 27 cm{against}."
    return [Beat(peak_us, text, 3)]


def _in_short(view: RunView, base: RunView | None) -> list[Beat]:
    """One sentence for a mayor: the street that suffered most, how long, who stood in the water, and what was worse."""
    streets = view.table("drainage", "streets")
    if not streets:
        return []
    shut = [s for s in streets if float(s["above_27cm_min"] or 0) > 0]
    if not shut:
        return [
            Beat(
                None,
                f"No street was closed by water; the deepest, {streets[0]['name']}, had "
                f"{100 * float(streets[0]['max_depth_m']):.0f} cm.",
                3,
            )
        ]
    worst = max(shut, key=lambda s: float(s["above_27cm_min"]))
    text = f"{len(shut)} street{'s were' if len(shut) > 1 else ' was'} closed by water, {worst['name']} the longest"
    text += f" ({float(worst['above_27cm_min']):.0f} min, {100 * float(worst['max_depth_m']):.0f} cm)"
    before = base.metric("drainage.streets_closed") if base else None
    if before is not None:
        text += f"; {before:.0f} in the other run"
    if people := view.metric("drainage.people_27cm"):
        text += f"; {people:,.0f} people live in buildings with more than 27 cm at the walls"
    elif houses := view.metric("drainage.buildings_27cm"):
        text += f"; {houses:.0f} buildings had more than 27 cm at the walls"
    if spilled := view.metric("drainage.overflow_volume"):
        text += f"; {spilled:,.0f} m³ of combined sewage overflowed"
    return [Beat(None, f"{text}.", 3)]


def _end(view: RunView) -> list[Beat]:
    beats = []
    minutes, place = view.metric("drainage.longest_27cm"), view.metric("drainage.longest_27cm_at")
    if minutes:
        beats.append(Beat(None, f"Water stood over 27 cm the longest at {place}: {minutes:.0f} min.", 2))
    up, down = view.metric("drainage.out_of_manholes"), view.metric("drainage.back_into_manholes")
    if up:
        count = view.metric("drainage.surcharged_manholes")
        beats.append(
            Beat(None, f"{count} manholes spilled {up:,.0f} m³ onto the streets; {down or 0:,.0f} m³ ran back.")
        )
    if (drain := view.metric("drainage.drain_down")) and minutes:
        beats.append(Beat(None, f"From the largest extent to dry streets it took {drain:.0f} min."))
    elif minutes and drain is None:
        beats.append(Beat(None, "At the end of the run the streets had not yet drained."))
    return beats
