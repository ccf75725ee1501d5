"""What the dispatcher did and why, as sentences of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.model import Beat

if TYPE_CHECKING:
    from twin.results.view import RunView

TOLD = (("dispatch_drawdown", 2, 3), ("dispatch_river_high", 2, 2), ("dispatch_plan", 5, 2), ("dispatch_fills", 2, 1))
"""Journal key, how many of its entries are told, their weight."""


def beats(view: RunView) -> list[Beat]:
    """The first entries of each kind, and what pumping came to; nothing where nothing was dispatched."""
    found = []
    for what, most, weight in TOLD:
        for event in view.events(what)[:most]:
            text = event["text"]
            found.append(Beat(event["time_us"], f"{text[0].upper()}{text[1:]}.", weight))
    energy, hours = view.metric("drainage.pump_energy"), view.metric("drainage.pump_hours")
    if energy is not None and hours is not None:
        found.append(Beat(None, f"Pumps ran {hours:,.0f} h and used {energy:,.0f} kWh."))
    if failed := view.metric("drainage.branches_failed"):
        found.append(Beat(None, f"{failed:.0f} branches failed; their plans were left out.", 2))
    return found
