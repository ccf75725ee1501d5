"""Reads a scenario: file, bases and overrides into one tree, the tree into validated sections, all problems at once."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twin.clock import to_us
from twin.model import Domain
from twin.scenario.expect import Expectation
from twin.scenario.fields import anchor_files, arms, keys_of, types_at
from twin.scenario.merge import KeyPath, override, plain, read_chain, walk
from twin.scenario.problems import Problem, ScenarioError, suggest
from twin.scenario.resolved import leaves
from twin.scenario.scenario import Origin, Scenario, Times, line_of, place_of, ports_by_section
from twin.scenario.sections import NAME, Top
from twin.scenario.sentences import validate
from twin.scenario.source import Node
from twin.scenario.timeline import RESERVED, Frame, Scheduled, read_timeline

LISTS = ("timeline", "expect")
_CENTURY_US = to_us(100 * 365.25 * 86_400)


def load(
    path: Path | str,
    overrides: Sequence[str] = (),
    root: Path | str | None = None,
    domains: Mapping[str, Domain] | None = None,
) -> Scenario:
    """The scenario of a file. ScenarioError with one line for each problem.

    overrides : texts `a.b=value`, the last one wins
    root : the folder that file names and `extends` must stay in; the file's own folder where it is not given
    domains : the sections that may stand in it; those installed where it is not given
    """
    if domains is None:
        from twin.domains import INSTALLED

        domains = INSTALLED
    shown = os.path.normpath(path)
    folder, root = _folders(Path(path), shown, None if root is None else Path(root))
    tree = read_chain(Path(path), shown, root)
    if not tree.value:
        raise ScenarioError([f"{shown}:1:1  the file is empty: begin with `twin: 1`, `clock:` and a section"])
    keys_at = _keys_at(domains)
    wrong: list[str] = []
    for text in overrides:
        try:
            tree = override(tree, text, keys_at)
        except ScenarioError as error:
            wrong += error.lines
    if wrong:
        raise ScenarioError(wrong)
    return _Loader(tree, Path(path).resolve(), folder, root, shown, domains).scenario()


def _folders(path: Path, shown: str, root: Path | None) -> tuple[Path, Path]:
    if path.is_dir():
        known = sorted(p.name for p in path.glob("*.yaml"))
        raise ScenarioError(
            [f"{shown}  is a folder: name a scenario file" + (f" in it: {', '.join(known)}" if known else "")]
        )
    if not path.is_file():
        near = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        hint = suggest(path.name, near) or (f" Here are: {', '.join(near[:8])}" if near else "")
        raise ScenarioError([f"{shown}  there is no such file.{hint}"])
    folder = path.resolve().parent
    root = folder if root is None else root.resolve()
    if not root.is_dir():
        raise ScenarioError([f"--root {root}  there is no such folder"])
    if not folder.is_relative_to(root):
        raise ScenarioError([f"--root {root}  does not hold the scenario {shown}"])
    return folder, root


def _keys_at(domains: Mapping[str, Domain]) -> Callable[[KeyPath, Node], Sequence[str] | None]:
    """Which keys `--set` may name at a path."""

    def keys(path: KeyPath, node: Node) -> Sequence[str] | None:
        if not path:
            return [*(key for key in Top.model_fields if key != "extends"), *domains, *LISTS]
        if path[0] == "expect":
            return keys_of([Expectation]) if len(path) == 2 else []
        if path[0] == "timeline":
            return _entry_keys(node, domains) if len(path) == 2 else None
        model: Any = domains[str(path[0])].config if path[0] in domains else Top
        return keys_of(types_at(model, path[1:] if path[0] in domains else path))

    return keys


def _entry_keys(node: Node, domains: Mapping[str, Domain]) -> Sequence[str] | None:
    do = node.value.get("do") if isinstance(node.value, dict) else None
    section, _, verb = str(do.value).partition(".") if do is not None else ("", "", "")
    if section not in domains or verb not in domains[section].verbs:
        return None
    return [*RESERVED, *(keys_of([domains[section].verbs[verb]]) or [])]


class _Loader:
    """Validates a merged tree and gathers every problem in it."""

    def __init__(
        self, tree: Node, path: Path, folder: Path, root: Path, shown: str, domains: Mapping[str, Domain]
    ) -> None:
        self.path, self.folder, self.root, self.shown = path, folder, root, shown
        self.known = domains
        self.problems: list[Problem] = []
        self.domains: dict[str, Domain] = {}
        self.origins: dict[KeyPath, Origin] = {}
        self.context = {"folder": folder, "root": root}
        self.tree: dict[str, Node] = dict(tree.value)
        self.scalars: set[KeyPath] = set()
        for at, node in walk(tree):
            if not isinstance(node.value, (dict, list)):
                self.scalars.add(at)
            place = node.place
            how = "file" if place.line else "--set"
            self.origins[at] = Origin(how, place.file, place.line, place.column, node.head)

    def scenario(self) -> Scenario:
        self.unknown_keys()
        top = self.top()
        sections = self.sections()
        schedule = self.timeline(top, sections)
        expect = self.expect()
        crs = self.tree.get("crs")
        if crs is not None and isinstance(crs.value, str):
            self.crs(crs.value)
        if not self.domains and not self.problems:
            some = ", ".join(f"`{name}:`" for name in self.known)
            self.problems.append(Problem((), f"there is no model in this scenario: add a section such as {some}"))
        if self.problems:
            raise ScenarioError(self.lines())
        times = Times(top.clock.start, to_us(top.clock.duration), to_us(top.clock.exchange))
        scenario = Scenario(
            path=self.path,
            folder=self.folder,
            root=self.root,
            name=self.name(top),
            title=top.title,
            crs=top.crs,
            seed=top.seed,
            clock=times,
            city=top.city,
            results=top.results,
            baseline=top.baseline,
            sections=sections,
            domains=self.domains,
            schedule=schedule,
            expect=expect,
            origins=self.origins,
            shown=self.shown,
            top=top,
        )
        for at, _ in leaves(scenario.resolved()):
            self.origins.setdefault(at, self.from_short_form(at) or Origin("default"))
        return scenario

    def from_short_form(self, at: KeyPath) -> Origin | None:
        """The origin of the text above a path: `wind: 10 m/s` gives `wind.speed`; its other keys are defaults."""
        above = at[:-1]
        if above not in self.scalars or at[-1] not in ("series", *self.short_keys(above)):
            return None
        return self.origins[above]

    def short_keys(self, at: KeyPath) -> list[str]:
        model = self.domains[str(at[0])].config if at and at[0] in self.domains else Top
        now = types_at(model, at[1:])
        return [arm.QUANTITY[0] for arm in now if hasattr(arm, "QUANTITY")]

    def lines(self) -> list[str]:
        """Every problem as a line, in the order of the places; the scenario's own file first."""

        def order(problem: Problem) -> tuple[Any, ...]:
            place = place_of(problem.path, self.origins, self.shown)
            return place.file != self.shown, place.file, place.line, place.column

        ordered = sorted(self.problems, key=order)
        return list(dict.fromkeys(line_of(problem, self.origins, self.shown) for problem in ordered))

    def unknown_keys(self) -> None:
        keys = [*Top.model_fields, *self.known, *LISTS]
        for key in self.tree:
            if key not in keys:
                origin = self.origins[(key,)]
                if origin.head is not None:
                    head = origin.head
                    self.origins[(key,)] = Origin(origin.how, head.file, head.line, head.column, head)
                hint = suggest(key, keys) or f" Known here: {', '.join(keys)}"
                self.problems.append(Problem((key,), f"unknown key '{key}'.{hint}"))

    def top(self) -> Any:
        data = {key: plain(self.tree[key]) for key in Top.model_fields if key in self.tree and key != "extends"}
        data = {key: value for key, value in data.items() if value is not None}
        top, problems = validate(Top, data, self.context, ())
        self.problems += problems
        if top is not None and top.baseline == self.path:
            self.problems.append(Problem(("baseline",), "the scenario cannot be its own baseline"))
        return top

    def name(self, top: Top) -> str:
        if "name" in self.tree:
            return top.name
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", self.path.stem).strip("-.") or "scenario"
        return stem[:80] if NAME.fullmatch(stem[:80]) else "scenario"

    def sections(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for section in self.known:
            node = self.tree.get(section)
            if node is None or node.value is None:
                continue
            try:
                domain = self.known[section]
            except ScenarioError as error:
                self.problems += [Problem((section,), line) for line in error.lines]
                continue
            self.domains[section] = domain
            data = plain(anchor_files(node, arms(domain.config), self.folder))
            found[section], problems = validate(domain.config, data, self.context, (section,))
            self.problems += self.at_keys(problems)
        return found

    def at_keys(self, problems: list[Problem]) -> list[Problem]:
        """The same problems; an unknown key is shown at the key and not at its value."""
        for problem in problems:
            origin = self.origins.get(problem.path)
            if problem.text.startswith("unknown key") and origin is not None and origin.head is not None:
                head = origin.head
                self.origins[problem.path] = Origin(origin.how, head.file, head.line, head.column, head)
        return problems

    def timeline(self, top: Any, sections: Mapping[str, Any]) -> list[Scheduled]:
        node = self.tree.get("timeline")
        if node is None or node.value is None:
            return []
        start, duration = (top.clock.start, to_us(top.clock.duration)) if top else (datetime(2000, 1, 1, tzinfo=UTC), 0)
        frame = Frame(
            start=start,
            duration_us=duration or _CENTURY_US,
            domains=self.domains,
            ports=ports_by_section(self.domains, sections),
            known=list(self.known),
            context=self.context,
            locate=lambda at: str(place_of(at, self.origins, self.shown)),
        )
        schedule, problems = read_timeline(self.anchored_entries(node), frame)
        self.problems += self.at_keys(problems)
        return schedule

    def anchored_entries(self, node: Node) -> Any:
        if not isinstance(node.value, list):
            return plain(node)
        entries = []
        for item in node.value:
            do = plain(item).get("do") if isinstance(item.value, dict) else None
            section, _, verb = str(do).partition(".")
            model = self.domains[section].verbs.get(verb) if section in self.domains else None
            entries.append(plain(anchor_files(item, arms(model), self.folder) if model else item))
        return entries

    def expect(self) -> list[Expectation]:
        items = plain(self.tree["expect"]) if "expect" in self.tree else None
        if items is None:
            return []
        if not isinstance(items, list):
            self.problems.append(Problem(("expect",), "must be a list like `- {metric: water.unserved, below: 50 m3}`"))
            return []
        found = []
        for index, item in enumerate(items):
            expectation, problems = validate(Expectation, item, self.context, ("expect", index))
            self.problems += self.at_keys(problems)
            if expectation is None:
                continue
            found.append(expectation)
            if expectation.section not in self.domains:
                hint = suggest(expectation.section, self.domains)
                text = f"the scenario has no section '{expectation.section}'.{hint}"
                self.problems.append(Problem(("expect", index, "metric"), text))
        return found

    def crs(self, text: str) -> None:
        """Distances are computed in x and y, so the system must be projected, in metres."""
        from pyproj import CRS
        from pyproj.exceptions import CRSError

        way_out = "name a projected system in metres, such as the UTM zone of the city: `EPSG:32633`"
        try:
            crs = CRS.from_user_input(text)
        except CRSError:
            self.problems.append(Problem(("crs",), f"{text!r} is not a coordinate system that is known: {way_out}"))
            return
        metres = all(axis.unit_name == "metre" for axis in crs.axis_info[:2])
        if not crs.is_projected or not metres:
            kind = "is in degrees" if crs.is_geographic else "is not in metres"
            self.problems.append(Problem(("crs",), f"{text!r} ({crs.name}) {kind}: {way_out}"))
