"""What the user reads of the water supply: headline figures and tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hydraulics.accounts import SHORT_M, Accounts
from hydraulics.config import QUALITY_UNIT
from hydraulics.energy import Energy
from hydraulics.exposure import Exposure
from hydraulics.outlets import Outlet
from hydraulics.places import Streets
from hydraulics.stations import Stations
from twin.clock import US, hhmm
from twin.model import Metric, Setup, Table

QUALITY_NAME = {
    "age": ("age", "age of the water"),
    "trace": ("trace", "share of the traced water"),
    "chemical": ("concentration", "concentration"),
}
"""Stem of the metrics' names, and words."""


@dataclass
class Report:
    """Figures of one run. `watched` are the positions of the hydrants' junctions."""

    setup: Setup
    accounts: Accounts
    stations: Stations
    streets: Streets
    outlets: Sequence[Outlet]
    watched: Sequence[int]
    energy: Energy
    exposure: Exposure | None = None

    def _time(self, seconds: int) -> str:
        return hhmm(self.setup.start, int(seconds) * US)

    def _customers(self) -> np.ndarray:
        """Positions of the junctions at which people live; all junctions where the file has no demand."""
        found = np.flatnonzero(self.accounts.people > 0.0)
        return found if len(found) else np.arange(len(self.accounts.people))

    def _short(self) -> np.ndarray:
        """Positions of the customers' junctions that were short of pressure at some time."""
        worst = self.accounts.worst_m[self._customers()]
        return self._customers()[worst < self.accounts.engine.limits[1] - SHORT_M]

    def summary(self) -> dict[str, Metric]:
        """Headline figures, in the order in which they are shown."""
        a = self.accounts
        need = a.engine.limits[1]
        short = self._short()
        metrics = {
            "people_without_peak": Metric(
                a.people_peak,
                "person",
                "Most people without water at one time (person equivalents, in shares)",
                "lower",
                0,
            ),
            "people_affected": Metric(
                float(a.people[short].sum()),
                "person",
                f"People whose pressure fell below {need:g} m at some time",
                "lower",
                0,
            ),
            "person_hours": Metric(
                a.person_s / 3600.0,
                "person*h",
                "Person-hours without water: people times hours times the share of demand not met",
                "lower",
                0,
            ),
            "unserved": Metric(float(a.unserved_m3.sum()), "m3", "Demand that the pressure did not allow", "lower", 1),
            "delivered": Metric(a.volumes.delivered, "m3", "Water that customers got", "", 0),
            "burst_volume": Metric(a.volumes.leaked, "m3", "Water lost by bursts and open hydrants", "lower", 1),
            **self._pressure(),
            **self._tanks(),
            "pump_outages": Metric(
                sum(pump.outages for pump in self.stations.pumps),
                "1",
                "Times that a pump was put out of action",
                "lower",
                0,
            ),
            "pump_outage_time": Metric(
                sum(self.stations.out_s(pump) for pump in self.stations.pumps) / 60.0,
                "min",
                "Time that pumps stood still for want of power, under water or by an event, summed over pumps",
                "lower",
                0,
            ),
            **self._energy(),
            **self._quality(),
            "unbalanced_steps": Metric(a.unbalanced_steps, "1", "Steps at which EPANET did not converge", "lower", 0),
        }
        if self.watched:
            low = a.worst_m[np.array(self.watched)] < self.setup.config.hydrant_pressure
            text = f"Hydrants that fell below {self.setup.config.hydrant_pressure:g} m at some time"
            metrics["hydrants_lost"] = Metric(int(low.sum()), "1", text, "lower", 0)
        return metrics

    def _pressure(self) -> dict[str, Metric]:
        a, where = self.accounts, self._customers()
        if not a.seconds or not len(where):
            return {"min_pressure": Metric(None, "m", "Lowest pressure at any customer", "higher", 1)}
        lowest = int(where[np.argmin(a.worst_m[where])])
        name = a.engine.network.junction_ids[lowest]
        place = self._named(name)
        return {
            "min_pressure": Metric(float(a.worst_m[lowest]), "m", "Lowest pressure at any customer", "higher", 1),
            "min_pressure_at": Metric(
                f"{place}, {self._time(a.worst_s[lowest])}", "", "Where and when the lowest pressure was"
            ),
        }

    def _tanks(self) -> dict[str, Metric]:
        a = self.accounts
        if not len(a.engine.network.tanks) or not a.seconds or a.volumes.delivered <= 0.0:
            return {}
        usable = float(a.engine.usable_m3().sum())
        hours = usable / ((a.volumes.delivered + float(a.unserved_m3.sum())) / a.seconds) / 3600.0
        text = "Hours for which the tanks alone would last at the run's mean demand, from its end on"
        return {"tank_hours_left": Metric(hours, "h", text, "higher", 1)}

    def _energy(self) -> dict[str, Metric]:
        if not self.stations.pumps:
            return {}
        kwh = float(self.energy.kwh.sum())
        found = {"energy": Metric(kwh, "kWh", "Electricity that the pumps used", "lower", 1)}
        if self.energy.tariff.known:
            text = "Price of that electricity, with the charge for the highest power, in the network file's currency"
            found["energy_cost"] = Metric(self.energy.total_cost, "1", text, "lower", 2)
        return found

    def _quality(self) -> dict[str, Metric]:
        """Figures of the quality that is followed, with its own name and unit."""
        x, kind = self.exposure, self.setup.config.quality
        if x is None:
            return {}
        unit, (stem, words) = QUALITY_UNIT[kind], QUALITY_NAME[kind]
        at, value, second = x.worst()
        junction = self.accounts.engine.network.junction_ids[at]
        found = {
            f"{stem}_worst": Metric(value, unit, f"Highest {words} at any customer", "lower", 2),
            f"{stem}_worst_at": Metric(f"{self._named(junction)}, {self._time(second)}", "", "Where and when that was"),
            f"{stem}_mean": Metric(x.mean, unit, f"Mean {words} of what customers drew, by volume", "", 2),
        }
        if x.limit is not None:
            over = f"{x.limit:g} {unit}"
            people = float(x.people[x.ever_above].sum())
            found["people_above_limit"] = Metric(
                people, "person", f"People who ever drew water above {over}", "lower", 0
            )
            text = f"People who draw water above {over} times hours, in shares of their demand"
            found["person_hours_above_limit"] = Metric(x.above_person_s / 3600.0, "person*h", text, "lower", 0)
            text = f"Time for which anybody drew water above {over}"
            found["time_above_limit"] = Metric(x.above_s / 60.0, "min", text, "lower", 0)
            if x.above_from_s >= 0:
                text = f"When the first customer drew water above {over}"
                found["above_limit_from"] = Metric(self._time(x.above_from_s), "", text)
        if x.floor is not None:
            under = f"{x.floor:g} {unit}"
            people = float(x.people[x.ever_below].sum())
            found["people_below_floor"] = Metric(
                people, "person", f"People who ever drew water below {under}", "lower", 0
            )
            text = f"People who draw water below {under} times hours, in shares of their demand"
            found["person_hours_below_floor"] = Metric(x.below_person_s / 3600.0, "person*h", text, "lower", 0)
        return found

    def _named(self, junction: str) -> str:
        """A junction with its street, where the file names one."""
        street = self.streets.nodes.get(junction, "")
        return f"{junction} ({street})" if street else junction

    def tables(self) -> dict[str, Table]:
        return {"outages": self._outages(), "leaks": self._leaks(), "pumps": self._pumps()}

    def _outages(self) -> Table:
        a = self.accounts
        ids = a.engine.network.junction_ids
        order = sorted(self._short().tolist(), key=lambda j: (-float(a.unserved_m3[j]), ids[j]))
        rows = [
            (
                ids[j],
                self.streets.nodes.get(ids[j], ""),
                self._time(a.short_from_s[j]),
                self._time(a.short_to_s[j]),
                round(float(a.worst_m[j]), 2),
                round(float(a.unserved_m3[j]), 3),
                round(float(a.people[j]), 1),
            )
            for j in order
        ]
        columns = ("junction", "street", "from", "to", "worst_pressure_m", "unserved_m3", "people")
        return Table(columns, rows, "Junctions with customers below the required pressure: first and last moment")

    def _leaks(self) -> Table:
        a = self.accounts
        rows = []
        for k, outlet in enumerate(self.outlets):
            if a.leak_from_s[k] < 0:
                continue
            hydrant = outlet in self.accounts.engine.outlets.hydrants.values()
            street = (self.streets.nodes if hydrant else self.streets.links).get(outlet.id, "")
            rows.append(
                (
                    outlet.id,
                    "hydrant" if hydrant else "burst",
                    street,
                    self._time(a.leak_from_s[k]),
                    self._time(a.leak_to_s[k]),
                    round(float(a.leaked_m3[k]), 2),
                    round(float(a.leak_peak[k]) * 1e3, 2),
                )
            )
        columns = ("at", "kind", "street", "from", "to", "volume_m3", "peak_lps")
        return Table(columns, rows, "Bursts and opened hydrants")

    def _pumps(self) -> Table:
        e = self.energy
        rows = [
            (
                pump.id,
                pump.outages,
                round(self.stations.out_s(pump) / 60.0, 1),
                ", ".join(pump.causes),
                round(float(e.hours[k]), 3),
                round(float(e.kwh[k]), 3),
                round(float(e.peak_kw[k]), 3),
                round(float(e.cost[k]), 4) if e.tariff.known else None,
            )
            for k, pump in enumerate(self.stations.pumps)
        ]
        columns = ("pump", "outages", "out_min", "causes", "running_h", "energy_kwh", "peak_kw", "cost")
        return Table(columns, rows, "Pumps: outages, hours in use, electricity and its price by the file's tariff")
