"""Substations and switchboards: equipment that water drowns, and that others need.

It stands where a model of the power network will stand, and speaks through the same quantity: a load (a pump, a
terminal) has power while any of the assets that feed it works. A load that no asset feeds is not told anything and
keeps its own default, which is to have power.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.assets_config import PORTS, VERBS, Asset, Assets
from twin.clock import hhmm, to_s, to_us
from twin.model import Balance, Beat, Curve, Domain, Event, Metric, Setup, Table
from twin.places import City, FloatArray, Places, Points
from twin.ports import Port
from twin.scenario.problems import Problem, suggest

if TYPE_CHECKING:
    from twin.results.view import RunView

FAR_US = 2**62


class _State:
    """One asset on its way: wet since it failed by water, ordered down by the timeline, dry since when."""

    def __init__(self, asset: Asset) -> None:
        self.asset = asset
        self.depth = 0.0
        self.drowned = False
        self.ordered: list[str] = []
        self.ready_us: int | None = None
        self.down_us = 0
        self.failures = 0

    @property
    def works(self) -> bool:
        return not self.drowned and not self.ordered

    @property
    def title(self) -> str:
        return self.asset.name or self.asset.id

    def see(self, depth: float, now_us: int) -> None:
        """The water's depth at `now_us`: fails at once, comes back when it has been low for the recovery time."""
        self.depth = depth
        if depth >= self.asset.fails_at:
            self.drowned, self.ready_us = True, None
        elif self.drowned:
            if depth >= self.asset.returns_below and depth > 0.0:
                self.ready_us = None
            elif self.ready_us is None:
                self.ready_us = now_us + to_us(self.asset.recovery)
        self.wake(now_us)

    def wake(self, now_us: int) -> None:
        if self.drowned and self.ready_us is not None and now_us >= self.ready_us:
            self.drowned, self.ready_us = False, None


class AssetsModel:
    """All assets of one run."""

    name = "assets"
    rank = 1

    def __init__(self, setup: Setup) -> None:
        config: Assets = setup.config
        self.ports: tuple[Port, ...] = PORTS
        self._setup = setup
        self._now_us = 0
        self._states = [_State(asset) for asset in config.root]
        self._by_id = {state.asset.id: state for state in self._states}
        self._loads = config.loads
        self._most_down = 0
        self.places: Mapping[str, Places] = {
            "asset": Points(
                tuple(asset.id for asset in config.root),
                np.array([asset.at for asset in config.root], dtype=float).reshape(-1, 2),
                tuple(asset.name or asset.id for asset in config.root),
            ),
            "load": City(self._loads),
            "city": City(),
        }

    def next_event_us(self) -> int:
        """The next moment at which an asset comes back by itself."""
        return min((s.ready_us for s in self._states if s.ready_us is not None), default=FAR_US)

    def advance(self, until_us: int) -> int:
        passed = until_us - self._now_us
        before = self._working()
        for state in self._states:
            if not state.works:
                state.down_us += passed
            state.wake(until_us)
        self._now_us = until_us
        self._tell(before)
        return until_us

    def put(self, port: str, values: Any) -> None:
        before = self._working()
        for state, depth in zip(self._states, np.asarray(values, dtype=float).tolist(), strict=True):
            state.see(depth, self._now_us)
        self._tell(before)

    def take(self, port: str) -> FloatArray:
        if port == "down":
            return np.array([float(sum(not state.works for state in self._states))])
        working = {load for state in self._states if state.works for load in state.asset.feeds}
        return np.array([1.0 if load in working else 0.0 for load in self._loads])

    def apply(self, event: Event) -> None:
        state = self._by_id.get(event.args.asset)
        if state is None:
            raise ValueError(f"there is no asset '{event.args.asset}'.{suggest(event.args.asset, self._by_id)}")
        before = self._working()
        if event.verb == "restore":
            if event.phase == "start":
                state.ordered = []
                if state.drowned and state.depth < state.asset.fails_at:
                    state.drowned, state.ready_us = False, None
        elif event.phase == "end":
            state.ordered = [ident for ident in state.ordered if ident != event.id]
        else:
            state.ordered = [*state.ordered, event.id]
        self._tell(before)

    def balances(self) -> list[Balance]:
        return []

    def summary(self) -> dict[str, Metric]:
        hours = to_s(sum(state.down_us for state in self._states)) / 3600.0
        return {
            "assets_down": Metric(sum(s.failures > 0 for s in self._states), "1", "Assets that failed", "lower", 0),
            "most_down": Metric(self._most_down, "1", "Most assets out at one time", "lower", 0),
            "down_hours": Metric(hours, "h", "Hours out of work, summed over the assets", "lower", 1),
        }

    def tables(self) -> dict[str, Table]:
        rows = [
            (s.asset.id, s.title, s.failures, round(to_s(s.down_us) / 60.0, 3), ";".join(s.asset.feeds))
            for s in self._states
        ]
        return {"assets": Table(("id", "name", "failures", "down_min", "feeds"), rows, "Every asset and its failures")}

    def close(self) -> None:
        """Nothing to release."""

    def _working(self) -> list[bool]:
        return [state.works for state in self._states]

    def _tell(self, before: list[bool]) -> None:
        """Journal what has changed."""
        for state, worked in zip(self._states, before, strict=True):
            if state.works == worked:
                continue
            fed = f", which feeds {', '.join(state.asset.feeds)}," if state.asset.feeds else ""
            data = {"asset": state.asset.id, "feeds": list(state.asset.feeds), "depth_m": state.depth}
            if worked:
                state.failures += 1
                cause = f"in {state.depth * 100:.0f} cm of water" if state.drowned else "by the scenario"
                self._setup.journal.write(self._now_us, "asset_down", f"{state.title}{fed} failed {cause}", **data)
            else:
                self._setup.journal.write(self._now_us, "asset_up", f"{state.title}{fed} works again", **data)
        self._most_down = max(self._most_down, sum(not state.works for state in self._states))


def check(setup: Setup) -> Iterable[Problem]:
    """Loads belong to sections of the scenario, and verbs name assets that exist."""
    config: Assets = setup.config
    ids = [asset.id for asset in config.root]
    for index, asset in enumerate(config.root):
        for place, load in enumerate(asset.feeds):
            section = load.partition(".")[0]
            if section not in setup.sections:
                text = f"'{load}' belongs to a section '{section}' that the scenario does not have"
                yield Problem(
                    (setup.section, index, "feeds", place), f"{text}.{suggest(section, setup.sections)}", True
                )
    for event in setup.events:
        if event.args.asset not in ids:
            hint = suggest(event.args.asset, ids) or f" There are: {', '.join(ids) or 'none'}"
            yield Problem(("timeline",), f"there is no asset '{event.args.asset}'.{hint}", where=event.where)


def extent(setup: Setup) -> tuple[float, float, float, float] | None:
    """The box around all assets; None where there are none."""
    points = [asset.at for asset in setup.config.root]
    if not points:
        return None
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def story(view: RunView, baseline: RunView | None) -> list[Beat]:
    """What failed first, and when the last came back."""
    downs, ups = view.events("asset_down"), view.events("asset_up")
    beats = [Beat(event["time_us"], f"{event['text'][:1].upper()}{event['text'][1:]}.", weight=2) for event in downs]
    if downs and len(ups) == len(downs):
        last = max(event["time_us"] for event in ups)
        beats.append(Beat(last, f"By {hhmm(view.start, last)} all equipment that had failed worked again."))
    return beats


DOMAIN = Domain(
    section="assets",
    title="Power and equipment",
    config=Assets,
    verbs=VERBS,
    ports=PORTS,
    build=AssetsModel,
    check=check,
    extent=extent,
    story=story,
    curves=(Curve(("down",), "Equipment out of work", "1"),),
    headlines=("assets_down", "down_hours"),
)
