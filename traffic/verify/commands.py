"""`twin verify traffic FILE.sumocfg`: how far to trust the queue engine on a user's own configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson

NAMES = {"micro": "SUMO micro", "meso": "SUMO meso", "queue": "queue engine"}


@guarded
def verify(
    file: Annotated[Path, typer.Argument(help="SUMO configuration (.sumocfg)", show_default=False)],
    parameters: Annotated[
        Path | None, typer.Option("--parameters", help="fitted parameters (from `twin traffic fit`)")
    ] = None,
    end: Annotated[float | None, typer.Option(help="stop here, s; the configuration's end when left out")] = None,
    seed: Annotated[int, typer.Option(help="of all engines")] = 0,
    meso: Annotated[bool, typer.Option("--meso/--no-meso", help="SUMO meso with junction control beside it")] = True,
    as_json: AsJson = False,
) -> None:
    """Hold the queue engine (and SUMO meso) against SUMO micro on this configuration."""
    from rich.console import Console

    from traffic.verify.report import verify as hold
    from twin.cli.show import as_json as text
    from twin.cli.show import print_table
    from twin.scenario.problems import ScenarioError

    for given in (file, parameters):
        if given is not None and not given.is_file():
            raise ScenarioError([f"{given}: there is no such file"])
    with Console(stderr=True).status("reading …") as status:
        try:
            report = hold(file, seed, meso, parameters, end, status.update)
        except ValueError as error:
            raise ScenarioError([str(error)]) from error
    if as_json:
        print(text(report))
        return
    print_table(f"{file.name}: against SUMO micro on the same trips", rows_of(report), _note(report))


def rows_of(report: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each engine."""
    rows = []
    for engine in ("micro", "queue", "meso"):
        found = report["engines"].get(engine)
        if found is None:
            continue
        near = report["agreement"].get(engine, {})
        rows.append(
            {
                "engine": NAMES[engine],
                "finished": found.get("finished"),
                "unfinished": found.get("unfinished"),
                "mean_trip_s": found.get("mean_trip_s"),
                "error_pct": near.get("mean_error_pct"),
                "correlation": near.get("correlation"),
                "geh_below_5_pct": near.get("geh_below_5_pct"),
                "run_s": found.get("run_s"),
                "times_faster": None if engine == "micro" else _faster(report, engine),
                "failed": found.get("failed", ""),
            }
        )
    return rows


def _faster(report: dict[str, Any], engine: str) -> float | None:
    micro, own = report["engines"]["micro"].get("run_s"), report["engines"][engine].get("run_s")
    return micro / own if micro and own else None


def _note(report: dict[str, Any]) -> str:
    lines = [f"{report['verdict']}: {report['reason']}"]
    if report["unsupported"]:
        lines.append("The queue engine leaves out: " + "; ".join(report["unsupported"]))
    if report["refused_trips"]:
        lines.append(f"{report['refused_trips']} trips refused, such as: {report['refused'][0]}")
    return "\n".join(lines)
