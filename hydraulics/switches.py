"""Links held open or shut against the file's own controls, and let go to the state that those controls want by then.

EPANET 2.2 applies simple controls at the start of each solution and rules at the end of each step. A pump that an
event stops would be started again by the next control, so: while a link is held, its simple controls are taken out
of action and followed here, and what rules do to it is noted and undone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from hydraulics.network import Network
from hydraulics.toolkit import TANK, Count, Link, Node, Project, Time

STATE = 16
"""EN_PUMP_STATE: any link's status as the solver keeps it."""
CLOSED = 2
DAY_S = 86_400
LOW_LEVEL, HIGH_LEVEL, TIMER, TIME_OF_DAY = range(4)
TANK_DIAMETER = 17

Control = tuple[int, int, float, int, float]


@dataclass
class Held:
    """A link that events hold. `reasons` in the order in which they came; any that shuts wins."""

    kind: int
    reasons: dict[str, bool]
    shut: bool
    speed: float
    controls: dict[int, Control]
    pattern: int
    now_open: bool = True
    now_speed: float = 0.0


@dataclass
class Switches:
    """All held links of a project."""

    project: Project
    network: Network
    segments: dict[int, list[int]] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)

    def hold(self, link: int, reason: str, open_it: bool) -> None:
        """Hold a link open or shut for `reason`, until `release` with the same reason.

        Raises ValueError with a sentence when EPANET 2.2 cannot do it.
        """
        for part in self._parts(link):
            if part not in self.held:
                self.held[part] = self._take_over(part)
            self.held[part].reasons[reason] = open_it

    def release(self, link: int, reason: str) -> None:
        """End one reason; the last one gives the link back to the file's controls."""
        for part in self._parts(link):
            held = self.held.get(part)
            if held is None or held.reasons.pop(reason, None) is None:
                continue
            if not held.reasons:
                self._give_back(part, self.held.pop(part))

    def is_held_shut(self, link: int) -> bool:
        return any(part in self.held and not _open(self.held[part]) for part in self._parts(link))

    def before_solving(self) -> None:
        """Follow the controls of held links and put the links into the state in which they are held."""
        for link, held in self.held.items():
            self._follow(link, held)
            self._assert(link, held)

    # ---- taking over and giving back
    def _parts(self, link: int) -> list[int]:
        parts = [part for part in self.segments.get(link, [link]) if self.project.link_type(part) != 0]
        if not parts:
            name = self.network.link_ids[link - 1]
            raise ValueError(f"pipe '{name}' has a check valve, which EPANET does not open or close")
        return parts

    def _take_over(self, link: int) -> Held:
        project = self.project
        kind = project.link_type(link)
        mine = {
            index: control
            for index in range(1, project.count(Count.CONTROLS) + 1)
            if (control := project.control(index))[1] == link
        }
        if kind > 2 and any(control[2] in (0.0, 1.0) for control in mine.values()):
            raise ValueError(
                f"valve '{self.network.link_ids[link - 1]}' has simple controls that open and close it, and "
                "EPANET 2.2 cannot put those back afterwards: close a pipe beside it, or write them as rules"
            )
        pattern = round(project.link(link, Link.PATTERN)) if kind == 2 else 0
        for control in mine.values():
            if control[4] < 0.0:
                raise ValueError(f"'{self.network.link_ids[link - 1]}' has a control with a negative level")
        for index, control in mine.items():
            project.set_control(index, (control[0], 0, *control[2:]))
        if pattern:
            project.set_link(link, Link.PATTERN, 0)
        shut = round(project.link(link, STATE)) == CLOSED
        speed = project.link(link, Link.SETTING)
        return Held(kind, {}, shut, speed, mine, pattern, now_open=not shut, now_speed=speed)

    def _give_back(self, link: int, held: Held) -> None:
        project = self.project
        for index, control in held.controls.items():
            project.set_control(index, control)
        if held.pattern:
            project.set_link(link, Link.PATTERN, held.pattern)
        self._write(link, held.kind, not held.shut, held.speed)

    # ---- while held
    def _assert(self, link: int, held: Held) -> None:
        open_it = _open(held)
        speed = (held.speed or 1.0) if open_it and held.kind == 2 else 0.0
        self._write(link, held.kind, open_it, speed)
        held.now_open, held.now_speed = open_it, self.project.link(link, Link.SETTING)

    def _write(self, link: int, kind: int, open_it: bool, setting: float) -> None:
        """Status and setting: 1 pipe, 2 pump (speed), 3 to 7 valves (setting 0 means fully open or shut), 8 GPV."""
        project = self.project
        if kind > 2 and kind != 8 and setting > 0.0:
            project.set_link(link, Link.SETTING, setting)
            return
        now_open = round(project.link(link, STATE)) != CLOSED
        if now_open != open_it or kind > 2:
            project.set_link(link, Link.STATUS, float(open_it))
        if kind == 2 and open_it and project.link(link, Link.SETTING) != setting:
            project.set_link(link, Link.SETTING, setting)

    def _follow(self, link: int, held: Held) -> None:
        """Note what rules have done since the last assertion, and what the silenced simple controls would do now."""
        project = self.project
        shut = round(project.link(link, STATE)) == CLOSED
        speed = project.link(link, Link.SETTING)
        if shut == held.now_open or (held.kind == 2 and speed != held.now_speed):
            held.shut, held.speed = shut, speed
        for control in held.controls.values():
            if not self._fires(control):
                continue
            if held.kind == 2:
                held.shut, held.speed = control[2] == 0.0, control[2]
            elif held.kind in (1, 8):
                held.shut = control[2] == 0.0
            else:
                held.shut, held.speed = False, control[2]

    def _fires(self, control: Control) -> bool:
        """Whether EPANET would act on a simple control now (hydraul.c `controls`, hydsolver.c `pswitch`)."""
        project = self.project
        kind, _, _, node, level = control
        now = project.time(Time.NOW)
        if kind == TIMER:
            return now == round(level)
        if kind == TIME_OF_DAY:
            return (now + project.time(Time.START_TIME)) % DAY_S == round(level) % DAY_S
        if project.node_type(node) == TANK:
            height = project.node(node, Node.HEAD) - project.node(node, Node.ELEVATION)
            area = math.pi / 4.0 * project.node(node, TANK_DIAMETER) ** 2
            second = abs(project.node(node, Node.DEMAND)) * project.flow_si / project.length_si**3
            margin = second / area if area > 0.0 else 0.0
        else:
            height, margin = project.node(node, Node.PRESSURE), 0.0
        return height <= level + margin if kind == LOW_LEVEL else height >= level - margin


def _open(held: Held) -> bool:
    return all(held.reasons.values())
