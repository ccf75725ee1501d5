"""`twin traffic assign` and `twin traffic counts`: from a matrix or from counts to vehicles that SUMO can drive."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson, Top

Outs = Annotated[
    list[Path] | None,
    typer.Option(
        "--out", metavar="FILE", help="write routes (.rou.xml), a table (.csv) or a map (.geojson, .png); repeatable"
    ),
]


@guarded
def assign(
    network: Annotated[Path, typer.Argument(help="SUMO network (.net.xml), or a TNTP network", show_default=False)],
    demand: Annotated[Path, typer.Option("--od", help="trips: CSV from,to,trips; SUMO tazRelation XML; TNTP trips")],
    zones: Annotated[Path | None, typer.Option("--zones", help="SUMO districts (<taz>) or GeoJSON polygons")] = None,
    begin: Annotated[float, typer.Option(min=0, help="first departure, s")] = 0.0,
    end: Annotated[float, typer.Option(help="last departure, s")] = 3600.0,
    vclass: Annotated[str, typer.Option("--class", help="SUMO vehicle class")] = "passenger",
    points: Annotated[int, typer.Option(min=1, help="points in each zone at which trips begin and end")] = 4,
    gap: Annotated[float, typer.Option(min=1e-12, help="relative gap at which the equilibrium is reached")] = 1e-4,
    most: Annotated[int, typer.Option("--most", min=1, help="loadings to try at most")] = 2000,
    threads: Annotated[int, typer.Option(min=1, max=64)] = 2,
    seed: Annotated[int, typer.Option(help="of the departures and of the ways")] = 0,
    top: Top = 15,
    as_json: AsJson = False,
    out: Outs = None,
) -> None:
    """User equilibrium: who drives where when nobody can save time by another way; routes for SUMO."""
    from traffic.assignment.answers import link_rows, load_problem, solve_with_progress, write_answer
    from twin.cli.show import as_json as text
    from twin.cli.show import print_table
    from twin.scenario.problems import ScenarioError

    if end <= begin:
        raise ScenarioError([f"--end {end:g} must come after --begin {begin:g}"])
    try:
        problem = load_problem(network, demand, zones, vclass, (end - begin) / 3600.0, points)
        result = solve_with_progress(problem, gap, most, threads)
        rows = link_rows(problem, result)
        vehicles = write_answer(out or [], problem, result, rows, begin, end, seed, vclass)
    except ValueError as error:
        raise ScenarioError([str(error)]) from error
    head: dict[str, Any] = {
        "network": network.name, "trips": float(problem.demand.sum()), "relative_gap": result.gap,
        "loadings": result.loadings, "objective": result.objective, "unreached_trips": result.unreached,
        "vehicles": vehicles,
    }  # fmt: skip
    if as_json:
        print(text({**head, "links": rows}))
        return
    reached = "reached" if result.gap <= gap else f"not reached in {most} loadings"
    note = f"relative gap {result.gap:.1e} after {result.loadings} loadings (wanted {gap:.0e}: {reached})"
    if problem.roads is None:
        note += "\nvolumes, capacities and times in the units of the files"
    if result.unreached:
        note += f"\n{result.unreached:.0f} trips have no way and are left out"
    print_table(f"{network.name}: {problem.demand.sum():,.0f} trips, fullest links", rows[:top], note)


@guarded
def counts(
    network: Annotated[Path, typer.Argument(help="SUMO network (.net.xml)", show_default=False)],
    routes: Annotated[Path, typer.Option("--routes", help="candidate routes (.rou.xml)")],
    counted: Annotated[Path, typer.Option("--counts", help="SUMO edge data with counted vehicles")],
    out: Annotated[Path, typer.Option("--out", help="route file to write (.rou.xml)")],
    attribute: Annotated[str, typer.Option(help="attribute with the count")] = "entered",
    seed: Annotated[int, typer.Option()] = 0,
    meso: Annotated[bool, typer.Option("--meso", help="check by SUMO's mesoscopic model")] = False,
    as_json: AsJson = False,
) -> None:
    """Choose routes that meet counts (SUMO's routeSampler), drive them, and say how well they do."""
    from traffic.assignment.counts import GEH_GOOD, SHARE_GOOD, drive, geh, read_counts, sample_routes
    from twin.cli.show import as_json as text
    from twin.cli.show import print_table
    from twin.scenario.problems import ScenarioError

    for file in (network, routes, counted):
        if not file.is_file():
            raise ScenarioError([f"{file}: there is no such file"])
    if not out.parent.is_dir():
        raise ScenarioError([f"--out {out}: there is no folder {out.parent}"])
    try:
        wanted = read_counts(counted, attribute)
        sample_routes(routes, counted, out, attribute, seed)
        with tempfile.TemporaryDirectory() as folder:
            driven = drive(network.resolve(), out.resolve(), wanted, Path(folder), seed, meso)
    except ValueError as error:
        raise ScenarioError([str(error)]) from error
    rows: list[dict[str, Any]] = []
    for k, interval in enumerate(wanted):
        got = driven[k, : len(interval.edges)]
        for edge, c, m, g in zip(
            interval.edges, interval.values, got, geh(got, interval.values, interval.hours), strict=True
        ):
            rows.append(
                {"edge": edge, "begin_s": interval.begin_s, "counted": float(c), "driven": float(m), "geh": float(g)}
            )
    rows.sort(key=lambda r: -r["geh"])
    good = sum(r["geh"] < GEH_GOOD for r in rows) / len(rows)
    if as_json:
        print(text({"network": network.name, "share_geh_below_5": good, "passed": good >= SHARE_GOOD, "places": rows}))
        return
    verdict = "passed" if good >= SHARE_GOOD else "failed"
    note = f"GEH below {GEH_GOOD:g} at {good:.0%} of {len(rows)} places: {verdict} (wanted {SHARE_GOOD:.0%})"
    print_table(f"{network.name}: counted and driven, worst first", rows[:20], note)
