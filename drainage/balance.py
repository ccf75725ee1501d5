"""Three accounts of water: the surface, the sewers, and what passes between them, booked on either side.

SWMM's own report counts what passes a manhole as external inflow and outflow. Here it is restated: the exchange stands
by itself, outfalls are outfalls. SWMM's own continuity error belongs to SWMM's account and is noted, not spread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from twin.model import Balance

if TYPE_CHECKING:
    from drainage.model import DrainageModel

SURFACE_TOLERANCE = 1e-10
EXCHANGE_TOLERANCE = 1e-10


def balances(model: DrainageModel) -> list[Balance]:
    """`surface water` (exact but for rounding), `sewer water` (within SWMM's own error), `exchanged water` (exact)."""
    found = []
    if model.surface:
        found.append(surface_balance(model))
    if model.swmm:
        found.append(sewer_balance(model))
    if model.surface and model.holes.node.size:
        found.append(exchange_balance(model))
    return found


def exchange_balance(model: DrainageModel) -> Balance:
    """What SWMM's links of the manholes carried, summed as its ledger does, against what the surface booked, m3.

    The sewers' side is ½(q_old + q_new)Δt of each manhole and step; the surface's is what its cells got and gave in
    their own, shorter steps. Noted is SWMM's own view: the external flow in its totals that is none of ours."""
    assert model.surface is not None
    assert model.swmm is not None
    up, down = _exchange(model)
    totals = model.swmm.totals()
    return Balance(
        "exchanged water",
        "m3",
        stored_start=0.0,
        stored_now=0.0,
        inflow={"out of the sewers": up},
        outflow={"into the sewers": down, "onto the surface, net": model.surface.account()["exchange"]},
        tolerance=EXCHANGE_TOLERANCE,
        noted={
            "SWMM's outflow less ours, m3": totals["outflow"] - up - float(model.ends.volume.sum()),
            "owed by cells, m3": float(model.holes.debt.sum()),
        },
    )


def surface_balance(model: DrainageModel) -> Balance:
    """Water on land, what the cells still owe the manholes, and leaked water on its way, m3."""
    assert model.surface is not None
    account = model.surface.account()
    up, down = _exchange(model)
    return Balance(
        "surface water",
        "m3",
        stored_start=model.outside.start_m3,
        stored_now=model.surface.volume() - float(model.holes.debt.sum()) + model.waiting_m3(),
        inflow={"rain": account["rain"], "link:leaked": model.leaked_m3, "manholes": up} | model.outside.inflow(),
        outflow={"manholes": down, "water bodies": account["river"] + model.leaked_river_m3, "edge": account["edge"]}
        | model.outside.outflow(),
        tolerance=SURFACE_TOLERANCE,
        noted={"owed to manholes, m3": float(model.holes.debt.sum())} | sent(model),
    )


def sent(model: DrainageModel) -> dict[str, float]:
    """Where rain differs over the city: what the weather sent to the surface's cells, by its own zones and depths."""
    if model.rain.zones is None or model.surface is None:
        return {}
    return {"rain that the weather sent, m3": model.rain.volume_m3(model.surface.cell_area)}


def sewer_balance(model: DrainageModel) -> Balance:
    """SWMM's routing totals, m3, with the exchange and the leaks taken out of its external flows.

    What SWMM's error is held against is the larger of what went through and what the conduits hold: at its first step
    SWMM fills conduits behind submerged outfalls without taking that water from anywhere (310 m3 in a city of 120 km of
    sewers), which is much of a dry day's water and nothing to a storm's.
    """
    assert model.swmm is not None
    totals = model.swmm.totals()
    up, down = _exchange(model)
    leaked_here = model.surface is None
    inflow = {
        "runoff": totals["runoff"],
        "dry weather": totals["dry_weather"],
        "groundwater": totals["groundwater"] + totals["rdii"],
        "external": totals["external"] - down - model.leaked_sewer_m3,
    }
    if up or down:
        inflow["manholes"] = down
    if leaked_here:
        inflow["link:leaked"] = model.leaked_m3
    through = max(sum(map(abs, inflow.values())), model.start_totals["initial"])
    return Balance(
        "sewer water",
        "m3",
        stored_start=model.start_totals["initial"],
        stored_now=totals["stored"] + (model.waiting_m3() if leaked_here else 0.0),
        inflow=inflow,
        outflow={
            "outfalls": totals["outflow"] - up,
            "flooding": totals["flooding"],
            "evaporation and seepage": totals["evaporation"] + totals["seepage"] + totals["reacted"],
            **({"manholes": up} if up or down else {}),
        },
        tolerance=float(model.config.sewer_tolerance * max(1.0, model.room_m3 / max(through, 1e-12))),
        noted={"SWMM's continuity error, %": totals["error_percent"]},
    )


def _exchange(model: DrainageModel) -> tuple[float, float]:
    return float(model.holes.up.sum()), float(model.holes.down.sum())
