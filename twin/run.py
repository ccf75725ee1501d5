"""One run from scenario to folder: check, build, couple, advance, account, publish.

Everything is written to a folder that no command takes for a run until the very end, when it is renamed. So a crash,
a Ctrl-C or a kill leaves nothing that looks whole.
"""

from __future__ import annotations

import csv
import hashlib
import json
import time as wall
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from twin.clock import offset_text, to_s
from twin.couple import make_links
from twin.engine import Engine, Planned, RunError, Watcher
from twin.ledger import Ledger
from twin.links import Link, LinkError
from twin.model import Journal, Metric, Model, Table
from twin.places import Places
from twin.ports import Direction, Kind, Record
from twin.results.folder import RunFolder
from twin.results.recorder import Recorder
from twin.scenario import Scenario, check_inputs, setup_for
from twin.scenario.identity import scenario_hash
from twin.scenario.problems import Problem, ScenarioError

PACKAGES = ("city-twin", "numpy", "numba", "scipy", "wntr", "swmm-toolkit", "libsumo", "simpy", "zarr")


@dataclass
class Outcome:
    """What a run came to. `status` is `good` or `failed`; `folder` is the published folder."""

    folder: Path
    summary: dict[str, Any]
    timing: dict[str, Any]
    problems: list[str]

    @property
    def status(self) -> str:
        return str(self.summary["status"])


@dataclass
class ResultsWatcher:
    """Writes curves at every exchange and fields at every results interval."""

    recorder: Recorder
    interval_us: int
    seconds: float = 0.0
    events: int = 0
    _fields: list[tuple[str, str]] = field(default_factory=list)
    _series: list[tuple[str, str]] = field(default_factory=list)

    def declare(self, models: Mapping[str, Model]) -> None:
        for section, model in models.items():
            for port in model.ports:
                if port.record is Record.NO or port.direction is Direction.IN or port.kind is not Kind.STATE:
                    continue
                self.recorder.declare(section, port, model.places[port.at])
                kept = self._fields if port.record is Record.FIELD else self._series
                kept.append((section, port.name))

    def tick(self, now_us: int, engine: Engine) -> None:
        due = now_us % self.interval_us == 0 or now_us >= engine.duration_us
        for section, port in [*self._series, *(self._fields if due else ())]:
            values = engine.read(section, port)
            begun = wall.perf_counter()
            self.recorder.record(now_us, section, port, values)
            self.seconds += wall.perf_counter() - begun

    def entry(self, entry: dict[str, Any]) -> None:
        self.events += 1
        self.recorder.event(entry)


def run_checks(scenario: Scenario) -> list[str]:
    """Every domain's own checks; warnings come back as lines, errors raise `ScenarioError` with all of them."""
    problems = check_inputs(scenario)
    errors = [scenario.locate(p) for p in problems if not p.warn]
    if errors:
        raise ScenarioError(errors)
    return [scenario.locate(p) for p in problems]


def build_models(scenario: Scenario, folder: Path, journals: dict[str, Journal]) -> dict[str, Model]:
    """Make every model of the scenario; the engines' files go to `folder/engines/<section>`."""
    models: dict[str, Model] = {}
    try:
        for section in scenario.sections:
            place = folder / "engines" / section
            place.mkdir(parents=True, exist_ok=True)
            journals[section] = Journal()
            setup = setup_for(scenario, section, place, journals[section])
            try:
                models[section] = scenario.domains[section].build(setup)
            except (ScenarioError, RunError):
                raise
            except Exception as error:
                raise RunError(f"{section} cannot start: {_words(error)}") from error
    except BaseException:
        close_all(models)
        raise
    return models


def couple(scenario: Scenario, models: Mapping[str, Model]) -> list[Link]:
    """The links among built models; `ScenarioError` when two do not fit, or a trigger looks at an unknown place."""
    errors = [
        scenario.locate(Problem(("timeline", index, "when"), text))
        for index, entry in enumerate(scenario.schedule)
        if entry.when is not None
        for text in entry.when.check_places(lambda section, port: places_of(models[section], port))
    ]
    if errors:
        raise ScenarioError(errors)
    try:
        return make_links(models)
    except LinkError as error:
        raise ScenarioError([f"{scenario.path.name}: {error}"]) from error


def places_of(model: Model, port: str) -> Places:
    """Where an output of a model is."""
    return model.places[next(p.at for p in model.ports if p.name == port and p.direction is Direction.OUT)]


def close_all(models: Mapping[str, Model]) -> None:
    for model in models.values():
        model.close()


def run(
    scenario: Scenario,
    runs: Path,
    watchers: Sequence[Watcher] = (),
    threads: int = 2,
    say: Callable[[str], None] | None = None,
) -> Outcome:
    """Run a loaded scenario and publish its folder under `runs`.

    `say` is told the warnings of the checks, and what an earlier run has left and was cleared away.

    Raises `ScenarioError` (bad input, nothing is published) or `RunError` (a model failed, nothing is published, what
    the engines wrote is kept in `<name>.failed`). A run whose ledger or expectations fail is published with status
    `failed`.
    """
    begun = wall.perf_counter()
    tell = say or (lambda line: None)
    target = RunFolder.create(runs, scenario.name)
    try:
        for note in target.notes:
            tell(note)
        return _run(scenario, target, watchers, threads, begun, tell)
    except KeyboardInterrupt as stop:
        if target.final.is_dir():
            stop.args = (f"the run is whole: {target.final}",)
        raise
    except RunError as error:
        kept = target.salvage("engines", f"{scenario.name}.failed")
        raise RunError(f"{error}. What the engines wrote is in {kept}" if kept else str(error)) from error
    finally:
        target.discard()


def _run(
    scenario: Scenario,
    target: RunFolder,
    watchers: Sequence[Watcher],
    threads: int,
    begun: float,
    tell: Callable[[str], None],
) -> Outcome:
    path = target.path
    identity = scenario_hash(scenario)
    warnings = run_checks(scenario)
    for warning in warnings:
        tell(f"warning  {warning}")
    journals: dict[str, Journal] = {}
    models = build_models(scenario, path, journals)
    try:
        recorder = Recorder(path, scenario.clock.start, scenario.crs)
        results = ResultsWatcher(recorder, scenario.results.interval_us)
        results.declare(models)
        links = couple(scenario, models)
        engine = Engine(
            models,
            links,
            journals,
            [Planned(s.section, s.event, s.at_us, s.until_us, s.when, s.once) for s in scenario.schedule],
            scenario.clock.duration_us,
            scenario.clock.exchange_us,
            [results, *watchers],
            threads,
        )
        built = wall.perf_counter()
        _advance(engine)
        advanced = wall.perf_counter()
        ledger = engine.ledger()
        metrics = {
            f"{section}.{name}": metric for section, model in models.items() for name, metric in model.summary().items()
        }
        tables = {
            f"{section}.{name}": table for section, model in models.items() for name, table in model.tables().items()
        }
    finally:
        close_all(models)
    for section, journal in journals.items():
        for entry in journal.entries:
            results.entry({"section": section, **entry})
    recorder.finish()
    table_digest = write_tables(path / "tables", tables)
    ledger.write_csv(path / "ledger.csv")
    (path / "scenario.resolved.yaml").write_text(scenario.resolved_text(), encoding="utf-8")
    summary = summarise(scenario, identity, ledger, metrics, results.events, [recorder.digest(), table_digest])
    write_json(path / "summary.json", summary)
    timing = timings(engine, results, begun, built, advanced)
    write_json(path / "timing.json", timing)
    if warnings:
        (path / "warnings.txt").write_text("\n".join(warnings) + "\n", encoding="utf-8")
    published = target.publish()
    problems = [*ledger.problems(), *(e["text"] for e in summary["expect"] if not e["ok"])]
    return Outcome(published, summary, timing, problems)


def _advance(engine: Engine) -> None:
    """Run to the end; whatever goes wrong in a model or in writing its results is one sentence with its moment."""
    try:
        engine.run()
    except RunError:
        raise
    except Exception as error:
        raise RunError(f"at {offset_text(engine.now_us)}: {_words(error)}") from error


def _words(error: Exception) -> str:
    """What an exception says, with its kind where that is not a sentence of ours."""
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return str(error) if isinstance(error, (ValueError, RuntimeError)) and str(error) else repr(error)


def summarise(
    scenario: Scenario,
    identity: str,
    ledger: Ledger,
    metrics: Mapping[str, Metric],
    events: int,
    digests: Iterable[str],
) -> dict[str, Any]:
    """The stable summary that scripts read; holds no wall-clock time, so equal runs have equal bytes.

    identity : hash of the scenario and of its files as they were when the run began.
    """
    expect = []
    for expectation in scenario.expect:
        ok, text = expectation.verdict(metrics.get(expectation.metric), tuple(metrics))
        expect.append({"metric": expectation.metric, "ok": ok, "text": text})
    figures = {
        name: {"value": _plain(m.value), "unit": m.unit, "doc": m.doc, "better": m.better, "digits": m.digits}
        for name, m in metrics.items()
    }
    accounts = ledger.as_dict()
    sha = hashlib.sha256()
    for digest in digests:
        sha.update(digest.encode())
    sha.update(json.dumps([figures, accounts], sort_keys=True).encode())
    return {
        "name": scenario.name,
        "title": scenario.title,
        "seed": scenario.seed,
        "status": "good" if ledger.closed and all(e["ok"] for e in expect) else "failed",
        "hash": sha.hexdigest(),
        "scenario_hash": identity,
        "start": scenario.clock.start.isoformat(),
        "duration_s": to_s(scenario.clock.duration_us),
        "exchange_s": to_s(scenario.clock.exchange_us),
        "crs": scenario.crs,
        "sections": list(scenario.sections),
        "versions": versions(),
        "metrics": figures,
        "expect": expect,
        "ledger": accounts,
        "events": events,
    }


def versions() -> dict[str, str]:
    """Versions of what an answer depends on."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def timings(engine: Engine, results: ResultsWatcher, begun: float, built: float, advanced: float) -> dict[str, Any]:
    """What the run cost: seconds by model and for the core itself, and peak memory."""
    import resource

    now = wall.perf_counter()
    models = engine.model_seconds()
    core = sum(engine.coupling_seconds.values())
    loop = advanced - built
    return {
        "wall_s": now - begun,
        "build_s": built - begun,
        "loop_s": loop,
        "after_s": now - advanced,
        "models_s": models,
        "core_s": {**engine.coupling_seconds, "of which results": results.seconds},
        "core_share_of_wall": core / max(now - begun, 1e-9),
        "simulated_per_wall": to_s(engine.duration_us) / max(loop, 1e-9),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "threads": engine.threads,
    }


def write_tables(folder: Path, tables: Mapping[str, Table]) -> str:
    """CSV files `<section>.<name>.csv`; gives the SHA-256 of them all."""
    folder.mkdir(exist_ok=True)
    sha = hashlib.sha256()
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(table.columns)
            rows.writerows(table.rows)
        sha.update(name.encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


def write_json(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    """NumPy scalars as Python's own; a figure that is not a number as None (JSON has no NaN)."""
    value = value.item() if hasattr(value, "item") else value
    return None if isinstance(value, float) and value != value else value


__all__ = ["Outcome", "ResultsWatcher", "RunError", "run", "run_checks"]
