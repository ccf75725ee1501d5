"""Who has the say over a pump or gate: the sewer file's rules, an operator's command, or a failure.

A failure beats a command, a command beats a dispatcher's plan, a plan the rules. Why a pump stands still is kept as a
set of causes, so that a pump that drowned during a power cut starts again only when both are over.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from drainage.swmm import LINK, LINK_SETTING, Swmm
from twin.model import Setup

POWER, DROWNED, FAILED = "no power", "drowned", "failed"


@dataclass
class Commanded:
    """One pump or gate. `speed` is an operator's command, `planned` the dispatcher's, None without one; `causes` why it
    is out."""

    id: str
    is_pump: bool
    speed: float | None = None
    planned: float | None = None
    causes: set[str] = field(default_factory=set)
    before: float | None = None
    outages: int = 0
    out_since_us: int | None = None
    out_us: int = 0

    @property
    def wanted(self) -> float | None:
        """The setting that the twin insists on; None leaves it to the rules."""
        said = self.planned if self.speed is None else self.speed
        return 0.0 if self.causes else said


class Commands:
    """All pumps and gates of a run that may be commanded."""

    def __init__(self, swmm: Swmm, ids: list[str], setup: Setup) -> None:
        self.swmm, self.setup = swmm, setup
        self.all = {id: Commanded(id, swmm.sewer.links[id].kind == "pump") for id in ids}
        self._links = swmm.index(LINK, ids)
        self._hands = swmm.index(LINK, [swmm.copy.hands[id] for id in ids])
        self._holds = swmm.index(LINK, [swmm.copy.holds[id] for id in ids])
        swmm.set(LINK_SETTING, self._holds, 0.0)
        self._place = {id: k for k, id in enumerate(ids)}

    @property
    def pumps(self) -> list[Commanded]:
        return [c for c in self.all.values() if c.is_pump]

    def pumps_out(self) -> int:
        """Pumps that stand still for a cause."""
        return sum(bool(c.causes) for c in self.pumps)

    def command(self, id: str, speed: float | None) -> None:
        """An operator sets a pump or gate; None gives it back to the rules."""
        self.all[id].speed = speed
        self._apply(self.all[id])

    def plan(self, id: str, setting: float | None) -> None:
        """The dispatcher sets a pump or gate; an operator's command goes before it. None gives it back to the rules."""
        self.all[id].planned = setting
        self._apply(self.all[id])

    def cause(self, now_us: int, id: str, cause: str, on: bool, text: str = "") -> None:
        """A cause of an outage begins or ends; a pump that goes out or comes back is written into the journal."""
        thing = self.all[id]
        if on == (cause in thing.causes):
            return
        was_out = bool(thing.causes)
        (thing.causes.add if on else thing.causes.discard)(cause)
        if thing.causes and not was_out:
            thing.outages += 1
            thing.out_since_us = now_us
            self.setup.journal.write(now_us, "pump_out", f"pump {id} goes out: {text or cause}", pump=id, cause=cause)
        elif was_out and not thing.causes:
            thing.out_us += now_us - (thing.out_since_us or 0)
            thing.out_since_us = None
            self.setup.journal.write(now_us, "pump_back", f"pump {id} runs again", pump=id)
        self._apply(thing)

    def out_s(self, thing: Commanded, now_us: int) -> float:
        """Seconds that a pump has been out so far."""
        running = now_us - thing.out_since_us if thing.out_since_us is not None else 0
        return (thing.out_us + running) / 1e6

    def _apply(self, thing: Commanded) -> None:
        k = np.array([self._place[thing.id]])
        link, wanted = self._links[k], thing.wanted
        if wanted is None:
            self.swmm.set(LINK_SETTING, self._holds[k], 0.0)
            if thing.before is not None:
                self.swmm.set(LINK_SETTING, link, thing.before)
                thing.before = None
            return
        if thing.before is None:
            thing.before = float(self.swmm.get(LINK_SETTING, link)[0])
        self.swmm.set(LINK_SETTING, self._hands[k], wanted)
        self.swmm.set(LINK_SETTING, self._holds[k], 1.0)
        self.swmm.set(LINK_SETTING, link, wanted)
