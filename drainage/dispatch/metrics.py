"""What dispatch has cost and what it has kept dry: figures of the summary, and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drainage.dispatch.plans import Plan
from twin.clock import hhmm, to_s
from twin.model import Metric, Table

if TYPE_CHECKING:
    from drainage.dispatch.control import Control


def summary(control: Control) -> dict[str, Metric]:
    """Figures by name; those of basins, sewage and plant only where the section names them."""
    config, account, pumps = control.config, control.meter.account, control.meter.pumps.values()
    found = {
        "pump_energy": Metric(account.energy_kwh, "kWh", "Electric energy of all pumps.", "lower", 0),
        "pump_hours": Metric(sum(p.running_s for p in pumps) / 3600, "h", "Running time of all pumps.", "lower", 1),
        "pump_starts": Metric(sum(p.starts for p in pumps), "1", "Times that pumps started.", "lower", 0),
        "dispatch_cost": Metric(
            account.cost(config), "1", "All that `costs` charges for, in its currency.", "lower", 0
        ),
    }
    if control.model.surface is not None:
        found["flooded_15cm_time"] = Metric(
            account.flooded_15cm, "ha*h", "Area above 15 cm times how long.", "lower", 2
        )
        found["flooded_27cm_time"] = Metric(
            account.flooded_27cm, "ha*h", "Area above 27 cm times how long.", "lower", 2
        )
    if config.cso:
        found["cso_volume"] = Metric(account.cso, "m3", "Combined sewage that left through its outfalls.", "lower", 0)
    if config.basins:
        found["basins_left"] = Metric(
            min(account.storage_left, sum(b.usable for b in config.basins.values())), "m3",
            "Least room that the basins had.", "higher", 0,
        )  # fmt: skip
    if config.plant is not None:
        found["plant_overload"] = Metric(
            account.overload, "m3", "Water that reached the plant above its limit.", "lower", 0
        )
    if config.policy == "mpc":
        taken = sum(d.chosen != Plan() for d in control.decisions)
        found["plans_taken"] = Metric(taken, "1", "Decisions for something better than the rules.", "", 0)
        found["branches_failed"] = Metric(control.failed, "1", "Branches that failed and were left out.", "lower", 0)
    return found


def tables(control: Control) -> dict[str, Table]:
    """`dispatch` (decisions with what each candidate would cost), `dispatch_pumps`, `dispatch_levels`."""
    found = {
        "dispatch_pumps": Table(
            ("pump", "station", "hours", "starts", "energy_kwh"),
            [
                (id, p.station, round(p.running_s / 3600, 3), p.starts, round(p.energy_kwh, 3))
                for id, p in control.meter.pumps.items()
            ],
            "What each pump did, and to which station or basin it belongs.",
        ),
        "dispatch_levels": Table(
            control.curve.columns,
            [tuple(round(v, 4) for v in row) for row in control.curve.rows],
            "Rain, river, flooded area, pumping and levels at each exchange.",
        ),
    }
    if control.config.policy == "mpc":
        start = control.model.setup.start
        rows = [
            (
                hhmm(start, d.time_us), round(to_s(d.time_us) / 60, 1), plan.words(control.kinds), round(cost, 3),
                "yes" if plan == d.chosen else "", d.reason if plan == d.chosen else "",
            )
            for d in control.decisions
            for plan, cost in (d.costs or {d.chosen: 0.0}).items()
        ]  # fmt: skip
        found["dispatch"] = Table(
            ("clock", "time_min", "plan", "predicted_cost", "chosen", "reason"),
            rows,
            "Every decision: the plans that branches tried, what each would cost, and which was taken.",
        )
    return found
