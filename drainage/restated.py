"""SWMM's flow routing continuity, told anew beside its report.

SWMM knows the street only as outfalls and orifices of the run's copy, so its report counts what passes a manhole as
External Outflow and External Inflow, and an operator's inflow with them. A drainage engineer who reads the report alone
would think that the city drained through its outfalls what in truth stood on its streets.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drainage.model import DrainageModel
    from drainage.simulation import Simulation

WIDTH = 52


def write_restated(model: DrainageModel) -> list[Path]:
    """Beside each `<name>.run.rpt` of SWMM a `<name>.restated.txt`; none where nothing passed a street."""
    if model.swmm is None or not model.holes.node.size:
        return []
    from twin.whole import write_text_whole

    written = []
    for d, (name, part) in enumerate(model.swmm.parts.items()):
        path = part.copy.path.with_name(part.copy.path.name.replace(".run.inp", ".restated.txt"))
        write_text_whole(path, restated(model, d, name, part))
        written.append(path)
    return written


def of_district(model: DrainageModel, d: int) -> tuple[float, float, float]:
    """(out of the sewers, into the sewers, through the user's outfalls), m3, of district d."""
    sewers = model.sewers
    holes, ends = slice(sewers.holes[d], sewers.holes[d + 1]), slice(sewers.ends[d], sewers.ends[d + 1])
    return (
        float(model.holes.up[holes].sum()),
        float(model.holes.down[holes].sum()),
        float(model.ends.volume[ends].sum()),
    )


def restated(model: DrainageModel, d: int, name: str, part: Simulation) -> str:
    """The text: SWMM's figures, what of them is the street's, and the account without it."""
    totals = part.totals()
    up, down, outfalls = of_district(model, d)
    what = f"district {name}, " if name else ""
    lines = [
        f"Flow routing continuity of {what}{part.sewer.path.name}, restated",
        "=" * WIDTH,
        "SWMM's report counts what passes the manholes to and from the streets as",
        "external outflow and inflow. Here the exchange stands by itself. m3.",
        "",
        "Of SWMM's report",
        *_lines({
            "External Inflow": totals["external"],
            "  of it from the streets": down,
            "  of it truly external": totals["external"] - down,
            "External Outflow": totals["outflow"],
            "  of it onto the streets": up,
            "  of it through outfalls": totals["outflow"] - up,
            "  outfalls as followed step by step": outfalls,
        }),
        "",
        "Account of the sewers",
        *_lines({
            "Stored at the start": totals["initial"],
            "+ Runoff from subcatchments": totals["runoff"],
            "+ Dry weather flow": totals["dry_weather"],
            "+ Groundwater and RDII": totals["groundwater"] + totals["rdii"],
            "+ External inflow": totals["external"] - down,
            "+ From the streets": down,
            "- Through outfalls": totals["outflow"] - up,
            "- Onto the streets": up,
            "- Flooding of manholes without a street": totals["flooding"],
            "- Evaporation, seepage, reaction": totals["evaporation"] + totals["seepage"] + totals["reacted"],
            "- Stored at the end": totals["stored"],
            "= SWMM's own error": error_m3(totals),
        }),
        f"{'  in per cent, as SWMM reports it':<{WIDTH - 14}}{totals['error_percent']:>14.3f}",
        "",
        "Exchange, as both sides booked it",
        *_lines({"Out of the sewers onto the streets": up, "From the streets into the sewers": down}),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def error_m3(totals: Mapping[str, float]) -> float:
    """What SWMM's routing has lost (positive) or made (negative), m3."""
    into = sum(totals[k] for k in ("initial", "runoff", "dry_weather", "groundwater", "rdii", "external"))
    return into - sum(totals[k] for k in ("outflow", "flooding", "evaporation", "seepage", "reacted", "stored"))


def _lines(items: Mapping[str, float]) -> list[str]:
    return [f"{name:<{WIDTH - 14}}{value:>14.3f}" for name, value in items.items()]
