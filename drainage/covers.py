"""Manhole covers as people meet them: who opened them, how long they were open, and when water hid the hole.

The rule by which pressure lifts a cover runs inside the exchange (`drainage.covers_law`). Here its states are watched
at every exchange, commanded by events, and told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from drainage.config_inlets import CoverDisplaced, CoversConfig, CoverStolen
from drainage.covers_law import LIFTED, OFF, SHUT, WASHED_OFF
from twin.model import Event, Metric, Setup
from twin.places import FloatArray

if TYPE_CHECKING:
    from drainage.build import Manhole
    from drainage.exchange import Holes
    from drainage.inlet_laws import Inlets

NEVER_S = -1.0


class Covers:
    """All covers of a run. `inlets` are the arrays that the exchange works on, in the order of `holes`.

    open_s, hidden_s   (n,) seconds that each manhole was open, and open under water that hides it
    most_open          most holes open at one time; `most_hidden` likewise under water
    """

    def __init__(
        self, inlets: Inlets, config: CoversConfig | None, manholes: Sequence[Manhole], holes: Holes, setup: Setup
    ) -> None:
        self.inlets, self.config, self.holes, self.setup = inlets, config, holes, setup
        self.manholes = list(manholes)
        self._place = {m.node.id: k for k, m in enumerate(self.manholes)}
        self._coupled = np.array([k for k, m in enumerate(self.manholes) if m.cell >= 0], dtype=np.int64)
        self._hole = {int(k): at for at, k in enumerate(self._coupled)} if holes.node.size else {}
        self._off: dict[int, list[str]] = {}
        self._told = inlets.lid.copy()
        n = len(self.manholes)
        self.open_s, self.hidden_s = np.zeros(n), np.zeros(n)
        self.most_open = self.most_hidden = 0

    @property
    def calm_s(self) -> float:
        """What `move_cover` wants: how long without pressure until a cover falls back, negative for never."""
        if self.config is None or self.config.after_lift == "stays_off":
            return NEVER_S
        return self.config.calm

    def apply(self, now_us: int, event: Event) -> bool:
        """Take or put back a cover, if that is what the event is about."""
        if not isinstance(event.args, CoverDisplaced | CoverStolen):
            return False
        k = self._place[event.args.node]
        how = "is stolen" if isinstance(event.args, CoverStolen) else "lies beside its hole"
        why = self._off.setdefault(k, [])
        if event.phase == "start":
            why.append(event.id)
            self._set(k, OFF)
            self._write(now_us, "cover_open", k, f"the cover of manhole {self._id(k)} {how}")
        elif event.id in why:
            why.remove(event.id)
            if not why:
                self._set(k, SHUT)
                self._write(now_us, "cover_shut", k, f"manhole {self._id(k)} has a cover again")
        return True

    def _set(self, k: int, state: int) -> None:
        if k in self._hole:
            self.inlets.lid[self._hole[k]] = self._told[self._hole[k]] = state

    def is_open(self) -> FloatArray:
        """(n,) 1 for each manhole that stands open, in the order of the model's manholes."""
        found = np.zeros(len(self.manholes))
        found[[k for k, why in self._off.items() if why]] = 1.0
        if self._hole:
            found[self._coupled[self.inlets.lid != SHUT]] = 1.0
        return found

    def watch(self, begin_us: int, now_us: int) -> None:
        """Tell what became of the covers since the last exchange, and count the time that holes were open."""
        if self.config is None:
            return
        for at in np.flatnonzero(self.inlets.lid != self._told):
            k, state = int(self._coupled[at]), int(self.inlets.lid[at])
            if state in (LIFTED, WASHED_OFF):
                end = " and washed aside" if state == WASHED_OFF else ""
                text = f"water lifts the cover of manhole {self._id(k)}{end}"
                self._write(now_us, "cover_lifted", k, text)
            elif state == SHUT:
                self._write(now_us, "cover_shut", k, f"the cover of manhole {self._id(k)} falls back")
        self._told[:] = self.inlets.lid
        is_open = self.is_open() > 0
        if not is_open.any():
            return
        seconds = (now_us - begin_us) / 1e6
        hidden = np.zeros(is_open.size, dtype=bool)
        if self._hole:
            depth = np.zeros(is_open.size)
            depth[self._coupled] = self.holes.depth
            hidden = is_open & (depth >= self.config.hazard_depth)
        self.open_s += seconds * is_open
        self.hidden_s += seconds * hidden
        self.most_open = max(self.most_open, int(is_open.sum()))
        self.most_hidden = max(self.most_hidden, int(hidden.sum()))

    def _id(self, k: int) -> str:
        return self.manholes[k].node.id

    def _write(self, now_us: int, what: str, k: int, text: str) -> None:
        self.setup.journal.write(now_us, what, text, node=self._id(k))

    def metrics(self) -> dict[str, Metric]:
        """Headline figures; none where the scenario leaves covers out."""
        if self.config is None:
            return {}
        return {
            "open_manholes": Metric(self.most_open, "1", "Most manholes that stood open at one time.", "lower", 0),
            "hidden_manholes": Metric(
                self.most_hidden, "1", "Most open manholes at one time that water hid: a hazard to people and wheels.",
                "lower", 0,
            ),
            "covers_lifted": Metric(
                int(np.count_nonzero(self.inlets.lifts)), "1", "Manholes whose cover water lifted.", "lower", 0
            ),
        }  # fmt: skip

    def columns(self, at: int) -> tuple[float, int, float, float]:
        """Of the coupled manhole `at`: head under its cover, m; lifts; minutes open; minutes open and hidden."""
        k = int(self._coupled[at])
        return (
            round(float(self.inlets.pressure[at]), 3), int(self.inlets.lifts[at]),
            round(float(self.open_s[k]) / 60, 1), round(float(self.hidden_s[k]) / 60, 1),
        )  # fmt: skip
