"""`twin traffic critical` and `twin traffic closures`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson

Given = Annotated[
    Path,
    typer.Argument(help="SUMO configuration (.sumocfg), scenario (.yaml) or network (.net.xml)", show_default=False),
]
Routes = Annotated[list[Path] | None, typer.Option("--demand", help="route files of a network; repeatable")]
More = Annotated[list[Path] | None, typer.Option("--additional", help="types, stops, programs; repeatable")]
Fitted = Annotated[Path | None, typer.Option("--parameters", help="fitted parameters (from `twin traffic fit`)")]
Threads = Annotated[int, typer.Option(min=1, max=64)]


@guarded
def critical(
    file: Given,
    links: Annotated[
        int | None, typer.Option("--links", min=1, help="close the busiest ones only; all in use when left out")
    ] = None,
    top: Annotated[int, typer.Option("--top", min=1, help="links to print, number and draw thick")] = 10,
    stranded_hours: Annotated[
        float, typer.Option("--stranded-hours", min=0, help="hours that a stranded trip counts")
    ] = 1.0,
    demand: Routes = None,
    additional: More = None,
    parameters: Fitted = None,
    threads: Threads = 2,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None,
        typer.Option("--out", metavar="FILE", help="write a table (.csv) or a map (.geojson, .png); repeatable"),
    ] = None,
) -> None:
    """The most critical links: each closed on its own for the whole run, the worst first."""
    from rich.console import Console

    from traffic.closing.links import critical as rank
    from traffic.closing.links import draw, link_features, link_rows
    from traffic.closing.opening import open_source
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, print_table, write_out
    from twin.scenario.problems import ScenarioError

    check_outs(out or [])
    begun = time.perf_counter()
    try:
        source = open_source(file, demand or (), additional or (), parameters)
    except ValueError as error:
        raise ScenarioError([str(error)]) from error
    with Console(stderr=True).status("the run as it is …") as status:
        base, effects = rank(
            source, links, stranded_hours, threads, lambda done, of: status.update(f"closed {done} of {of} links")
        )
    rows = link_rows(source, effects, stranded_hours)
    write_out(out or [], rows, lambda: link_features(source, rows), lambda path: draw(source, rows, top, path))
    head: dict[str, Any] = {
        "file": file.name, "trips": source.trips, "links_closed": len(rows), "mean_trip_s": base.effect.mean_s,
        "vehicle_hours": base.effect.vehicle_hours, "stranded_hours": stranded_hours,
        "refused_trips": len(source.refused),
    }  # fmt: skip
    if as_json:
        print(text({**head, "links": rows}))
        return
    note = (
        f"as it is: {base.effect.vehicle_hours:,.1f} vehicle-hours, {base.effect.mean_s / 60:.1f} min a trip. "
        f"lost = added hours + {stranded_hours:g} h for each stranded trip "
        "(no way left); late: still under way an hour after the last arrival as it is. "
        f"{len(rows)} closures in {time.perf_counter() - begun:.1f} s"
    )
    print_table(f"{file.name}: the most critical of {len(rows)} links", _brief(rows[:top]), note + _left_out(source))


@guarded
def closures(
    file: Given,
    cases: Annotated[
        Path, typer.Option("--cases", help="YAML: cases: [{name, edges or streets, begin, end, classes}]")
    ],
    demand: Routes = None,
    additional: More = None,
    parameters: Fitted = None,
    threads: Threads = 2,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None, typer.Option("--out", metavar="FILE", help="write the table (.csv); repeatable")
    ] = None,
) -> None:
    """Closures from a file, each on its own: mean trip time, stranded, rerouted, vehicle-hours."""
    from traffic.closing.batch import Effect, run_base, run_effects
    from traffic.closing.cases import read_cases
    from traffic.closing.opening import open_source
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, print_table, write_csv
    from twin.scenario.problems import ScenarioError

    check_outs(out or [], (".csv", ".csv"))
    try:
        source = open_source(file, demand or (), additional or (), parameters)
        wanted = read_cases(cases, source.network)
    except ValueError as error:
        raise ScenarioError([str(error)]) from error
    base = run_base(source.bound, 0, source.share, source.period_s)
    effects = run_effects(source.bound, base, wanted, threads)

    def row(e: Effect) -> dict[str, Any]:
        return {
            "case": e.name, "edges": len(e.edges), "mean_trip_min": round(e.mean_s / 60, 3), "stranded": e.stranded,
            "late": e.late, "cancelled": e.cancelled, "rerouted": e.rerouted,
            "vehicle_hours": round(e.vehicle_hours, 2),
            "added_h": round(e.added_h, 2),
        }  # fmt: skip

    rows = [row(base.effect), *map(row, effects)]
    for path in out or []:
        write_csv(path, rows)
    if as_json:
        print(text({"file": file.name, "trips": source.trips, "refused_trips": len(source.refused), "cases": rows}))
        return
    note = "mean over trips that finish, waiting to begin included; added: trips that finish with and without"
    print_table(f"{file.name}: {len(effects)} closures", rows, note + _left_out(source))


def _brief(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that fit on 80 columns: whole hours, streets by their names only."""
    keys = ("vehicles", "lost_h", "stranded", "late", "rerouted")
    return [
        {"edge": r["edge"], "street": r["street"].removeprefix(f"edge {r['edge']}"), **{k: round(r[k]) for k in keys}}
        for r in rows
    ]


def _left_out(source: Any) -> str:
    if not source.refused:
        return ""
    vid, why = source.refused[0]
    return f"\n{len(source.refused)} trips cannot be driven and are left out ({vid}: {why})"
