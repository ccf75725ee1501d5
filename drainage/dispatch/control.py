"""Who dispatches: looks at the system once an exchange, commands pumps and gates, and keeps the account.

With `mpc` it also decides, every interval, on a plan: branches of the running model try the candidates with the true
engine, sewers and surface, and the cheapest is kept until the next decision. The rules' own plan is always among them,
and after `hold` every branch goes on by the rules, so a plan is taken only for what it is better at.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from drainage.dispatch import metrics
from drainage.dispatch.branch import Answer, run_branches, supported
from drainage.dispatch.config import Dispatch
from drainage.dispatch.meter import Account, Meter
from drainage.dispatch.plans import Plan, first_round, kinds_of, second_round
from drainage.dispatch.rules import Rules, Seen
from drainage.swmm import NODE, NODE_DEPTH, NODE_HEAD
from twin.clock import to_s, to_us
from twin.model import Metric, Table
from twin.places import FloatArray

if TYPE_CHECKING:
    from drainage.model import DrainageModel

WET_MM_H = 1.0
"""Rain from this rate on is worth a word."""


@dataclass
class Decision:
    """One decision of `mpc`. `costs` and `parts` by candidate, in the order in which they were tried."""

    time_us: int
    chosen: Plan
    reason: str
    costs: dict[Plan, float]
    failed: int = 0


@dataclass
class Curve:
    """What the figure of dispatch shows, one row an exchange."""

    columns: tuple[str, ...]
    rows: list[tuple[float, ...]] = field(default_factory=list)


class Control:
    """The dispatcher of one model."""

    def __init__(self, model: DrainageModel, config: Dispatch) -> None:
        assert model.swmm is not None
        assert model.sewer is not None
        self.model, self.config = model, config
        links = model.sewer.links
        self.rules = Rules(config, {id: links[id].nodes for _, id in config.links()})
        self.meter = Meter(model, config)
        self.kinds = kinds_of(config)
        self.decisions: list[Decision] = []
        self.failed = 0
        self.in_branch = False
        self._plan, self._plan_until_us = Plan(), 0
        self._rng = np.random.default_rng(model.setup.seed)
        self._rain: FloatArray = np.zeros(1)
        self._past: deque[float] = deque(maxlen=4096)
        self._tide: float | None = None
        self._rain_next: FloatArray = np.zeros(0)
        self._tide_next: FloatArray = np.zeros(0)
        self._watched = self.rules.watched()
        self._handles = model.swmm.index(NODE, self._watched)
        self._given: dict[str, float] = {}
        self.curve = Curve(
            ("time_min", "rain_mm_h", "river_m", "flooded_15cm_ha", "flooded_27cm_ha", "pumping_kw", "basins_m3",
             "plant_m3s", *(f"{node}_depth_m" for node in self._watched))
        )  # fmt: skip
        self._last_kwh = 0.0

    @classmethod
    def of(cls, model: DrainageModel, config: Dispatch) -> Control:
        """The dispatcher; SWMM is closed when it cannot be made."""
        try:
            return cls(model, config)
        except BaseException:
            model.close()
            raise

    # ------------------------------------------------------------------ what comes in

    def hear(self, port: str, values: FloatArray) -> bool:
        """Note rain, tide and forecasts; True when the port is of no further use to the model."""
        if port == "rain":
            self._rain = np.array(values, dtype=float)
        elif port == "tide":
            self._tide = float(values[0])
        elif port == "rain_forecast":
            self._rain_next = np.array(values, dtype=float)
        elif port == "tide_forecast":
            self._tide_next = np.array(values, dtype=float)
        return port in ("rain_forecast", "tide_forecast")

    @property
    def river(self) -> float | None:
        return self._tide if self._tide is not None else self.model.config.river_level

    def expected(self) -> FloatArray:
        """Rain of the coming exchanges as operators expect it, mm/h: later by `lag`, times `factor`.

        A branch lives in the weather that was expected when it began."""
        true, look = self._rain_next, self.config.forecast
        if self.in_branch:
            return true
        shift = round(look.lag * 1e6 / self.model.setup.exchange_us)
        if shift > 0:
            known = np.array([*self._past, float(self._rain.mean())])[-shift:]
            true = np.concatenate([np.zeros(shift - known.size), known, true])[: true.size]
        elif shift < 0:
            true = np.concatenate([true[-shift:], np.zeros(min(-shift, true.size))])
        return true * look.factor

    def _see(self) -> Seen:
        swmm = self.model.swmm
        assert swmm is not None
        metres = swmm.sewer.metres
        depth, head = swmm.get(NODE_DEPTH, self._handles) * metres, swmm.get(NODE_HEAD, self._handles) * metres
        rain, hours = self.expected(), self.model.setup.exchange_us / 3.6e9
        ahead = rain[: round(self.config.forecast.lead * 1e6 / self.model.setup.exchange_us)]
        wet = np.flatnonzero(ahead >= WET_MM_H)
        minutes = round(float(wet[0]) * hours * 60) if wet.size else 0
        when = f"storm in {minutes} min" if minutes else "storm"
        text = f"{when}, {ahead.sum() * hours:.0f} mm in the next {self.config.forecast.lead / 3600:g} h"
        return Seen(
            dict(zip(self._watched, depth.tolist(), strict=True)), dict(zip(self._watched, head.tolist(), strict=True)),
            self.river, float(ahead.sum()) * hours, float(self._rain.mean()), self.meter.plant_flow, text,
        )  # fmt: skip

    # ------------------------------------------------------------------ acting

    def act(self, until_us: int) -> None:
        """Before the model goes on: decide where a decision is due, then command what the rules and the plan say."""
        if self.config.policy == "file":
            return
        now = self.model.now_us
        if now >= self._plan_until_us:
            self._plan = Plan()
        if self._due(now):
            self._decide(until_us)
        assert self.model.commands is not None
        wanted = self.rules.settings(self._see(), self._plan, self._tell)
        for link, setting in wanted.items():
            if self._given.get(link) != setting:
                self._given[link] = setting
                self.model.commands.plan(link, setting)

    def _due(self, now_us: int) -> bool:
        """Decisions fall on multiples of the interval; not on the first, for nothing is warm yet."""
        if self.config.policy != "mpc" or self.in_branch or now_us == 0:
            return False
        return now_us % to_us(self.config.mpc.interval) == 0 and supported()

    def _tell(self, what: str, text: str) -> None:
        self.model.setup.journal.write(self.model.now_us, f"dispatch_{what}", text)

    def watch(self, begin_us: int) -> None:
        """After the model has gone on: keep the account and the curves."""
        model, now = self.model, self.model.now_us
        self.meter.count(begin_us, now)
        self._past.append(float(self._rain.mean()))
        if self.in_branch:
            return
        hours = to_s(now - begin_us) / 3600
        gathered, kwh = model.gathered, self.meter.account.energy_kwh
        assert model.swmm is not None
        self.curve.rows.append(
            (
                to_s(now) / 60, float(self._rain.mean()), self.river if self.river is not None else np.nan,
                gathered.area_15[-1] if gathered.area_15 else 0.0, gathered.area_27[-1] if gathered.area_27 else 0.0,
                (kwh - self._last_kwh) / hours, float(self.meter.basin_m3().sum()), self.meter.plant_flow,
                *(model.swmm.get(NODE_DEPTH, self._handles) * model.swmm.sewer.metres).tolist(),
            )
        )  # fmt: skip
        self._last_kwh = kwh

    # ------------------------------------------------------------------ deciding

    def _decide(self, until_us: int) -> None:
        now, mpc = self.model.now_us, self.config.mpc
        before = self._plan
        if self._calm():
            found: dict[Plan, Answer] = {}
        else:
            found = self._try(first_round(self.config, self._rng, before), until_us)
            good = [p for p, a in found.items() if not a.error]
            if good and mpc.refine:
                best = min(good, key=lambda p: found[p].value.cost(self.config))
                found |= self._try(second_round(self.config, self._rng, best, list(found)), until_us)
        chosen, reason = self._choose(found)
        failed = sum(bool(a.error) for a in found.values())
        self.failed += failed
        costs = {p: a.value.cost(self.config) for p, a in found.items() if not a.error}
        self.decisions.append(Decision(now, chosen, reason, costs, failed))
        self._plan, self._plan_until_us = chosen, now + to_us(mpc.interval)
        if chosen != before:
            text = f"{chosen.words(self.kinds)}: {reason}" if chosen != Plan() else f"back to the rules: {reason}"
            self.model.setup.journal.write(now, "dispatch_plan", text, plan=chosen.words(self.kinds))

    def _calm(self) -> bool:
        """Nothing to decide: dry as far as branches look, no flooded land, no plan in force."""
        steps = round(self.config.mpc.horizon * 1e6 / self.model.setup.exchange_us)
        gathered = self.model.gathered
        wet = bool(self.expected()[:steps].any()) or bool(self._rain.any())
        raining_unseen = "rain_forecast" not in self.model.setup.linked
        flooded = bool(gathered.area_15) and gathered.area_15[-1] > 0.0
        return not (wet or flooded or raining_unseen or self._plan != Plan())

    def _try(self, plans: list[Plan], until_us: int) -> dict[Plan, Answer]:
        """What each plan comes to; a branch that fails is named in the journal and its plan is out."""
        jobs = [lambda plan=plan: self._branch(plan, until_us) for plan in plans]
        answers = run_branches(jobs, self.config.mpc.branches, self.config.mpc.patience)
        for plan, answer in zip(plans, answers, strict=True):
            if answer.error:
                text = f"the branch that tried '{plan.words(self.kinds)}' {answer.error}; the plan is left out"
                self.model.setup.journal.write(self.model.now_us, "dispatch_branch_failed", text)
        return dict(zip(plans, answers, strict=True))

    def _branch(self, plan: Plan, until_us: int) -> Account:
        """In the child: go on under a plan to the horizon with the expected weather; what that adds to the account."""
        model, mpc, exchange = self.model, self.config.mpc, self.model.setup.exchange_us
        self.in_branch = True
        if model.surface is not None:  # the threads of a parallel region did not come along
            model.surface.ground = model.surface.ground._replace(threads=1)
        rain, tide, shape = self.expected(), self._tide_next, self._rain.shape
        self._plan, self._plan_until_us = plan, model.now_us + to_us(mpc.hold_s)
        before = replace(self.meter.account)
        end_us = min(model.now_us + to_us(mpc.horizon), model.setup.duration_us)
        step, stop_us = 0, min(until_us, end_us)
        while True:
            model.advance(stop_us)
            if model.now_us >= end_us:
                break
            self._rain_next, self._tide_next = rain[step + 1 :], tide[step + 1 :]
            if step < rain.size:
                model.put("rain", np.full(shape, rain[step]))
            if step < tide.size:
                model.put("tide", tide[step : step + 1])
            step, stop_us = step + 1, min(stop_us + exchange, end_us)
        after = self.meter.account
        added = {k: v - before.parts()[k] for k, v in after.parts().items()}
        return Account(**added, energy_kwh=after.energy_kwh - before.energy_kwh, storage_left=self.meter.free_m3())

    def _choose(self, found: dict[Plan, Answer]) -> tuple[Plan, str]:
        """The cheapest plan, and the reason in a sentence; the rules where nothing is clearly cheaper."""
        good = {p: a.value for p, a in found.items() if not a.error}
        if not found:
            return Plan(), "dry, and no rain to come"
        if Plan() not in good:
            return Plan(), "the rules' own branch failed, so nothing can be held against it"
        ours = good[Plan()].cost(self.config)
        best = min(good, key=lambda p: good[p].cost(self.config))
        if best == Plan() or good[best].cost(self.config) >= ours - self.config.mpc.gain * abs(ours):
            return Plan(), f"none of {len(good)} plans is better"
        return best, _difference(good[best], good[Plan()], self.config.mpc.horizon)

    # ------------------------------------------------------------------ the end

    def summary(self) -> dict[str, Metric]:
        return metrics.summary(self)

    def tables(self) -> dict[str, Table]:
        return metrics.tables(self)


UNITS = (
    ("flooded_27cm", "ha·h above 27 cm", 0.005), ("flooded_15cm", "ha·h above 15 cm", 0.005),
    ("overflow", "m3 out of manholes", 0.5), ("cso", "m3 of sewage into the river", 0.5),
    ("overload", "m3 too much for the plant", 0.5), ("energy_kwh", "kWh", 0.5),
)  # fmt: skip


def _difference(plan: Account, rules: Account, horizon_s: float) -> str:
    """`in the next 90 min 0.42 ha·h above 15 cm less, 35 kWh more`."""
    said: list[str] = []
    for name, unit, least in UNITS:
        more = float(getattr(plan, name)) - float(getattr(rules, name))
        if abs(more) >= least:
            number: Any = f"{abs(more):.2f}" if least < 0.1 else f"{abs(more):,.0f}"
            said.append(f"{number} {unit} {'more' if more > 0 else 'less'}")
    return f"in the next {horizon_s / 60:.0f} min " + (", ".join(said) or "slightly cheaper")
