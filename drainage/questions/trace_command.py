"""`twin drainage trace`: sensors have noticed something; where did it enter?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson


@guarded
def trace_command(
    inp: Annotated[Path, typer.Argument(help="sewers (SWMM INP file)", show_default=False)],
    readings: Annotated[
        Path, typer.Option("--readings", help="CSV: time,node,value or node,arrival,magnitude", show_default=False)
    ],
    flows: Annotated[
        Literal["swmm", "manning"], typer.Option(help="a SWMM run of the file, or pipes at normal depth")
    ] = "swmm",
    base_flow: Annotated[
        float, typer.Option("--base-flow", min=0.0, help="more flow into every junction, L/s, where the file has none")
    ] = 0.0,
    dry: Annotated[bool, typer.Option("--dry", help="leave out the file's rain")] = False,
    fill: Annotated[float, typer.Option(min=0.02, max=0.95, help="how full pipes are, with --flows manning")] = 0.3,
    noise: Annotated[float, typer.Option(min=0.01, max=5.0, help="error of a reading, as a share of it")] = 0.3,
    floor: Annotated[
        float | None, typer.Option(min=0.0, help="error of a reading near 0 (default: 2 % of the largest)")
    ] = None,
    back: Annotated[float, typer.Option(min=0.25, max=48.0, help="how long before a reading it may have begun, h")] = 6,
    top: Annotated[int, typer.Option(min=1, help="rows to print")] = 10,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None, typer.Option("--out", metavar="FILE", help=".csv, .geojson, .png, .pdf or .svg; repeatable")
    ] = None,
) -> None:
    """The likely entry points of an illegal discharge, upstream of the sensors that noticed it, with probabilities."""
    from drainage.network import SewerFile
    from drainage.questions.trace import trace
    from drainage.questions.trace_map import draw, features_of
    from drainage.tracing.hydraulics import from_manning, from_swmm
    from drainage.tracing.readings import Series, read_readings
    from drainage.tracing.score import ErrorModel, Span
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, print_table, write_out
    from twin.scenario.problems import ScenarioError

    check_outs(out or [])
    sewer = SewerFile.read(inp)
    if not sewer.links:
        raise ScenarioError([f"{inp.name} is no SWMM file with links"])
    seen = read_readings(readings, sewer.start)
    if flows == "swmm":
        hydraulics = from_swmm(sewer, base_flow, not dry)
    else:
        last = float(max(t for t in seen.time_s if t == t))
        hydraulics = from_manning(sewer, last / 3600 + 0.1, fill)
    answer = trace(hydraulics, seen, ErrorModel(absolute=floor, relative=noise), Span(back_s=back * 3600.0))
    rows = answer.rows()
    title = f"{inp.name}: where the discharge entered"
    write_out(out or [], rows, lambda: features_of(answer), lambda path: draw(answer, path, title))
    found = {
        "file": inp.name, "flows": hydraulics.words, "readings": len(seen.node), "sensors": list(answer.sensors),
        "silent": list(answer.silent), "nodes_upstream": int(answer.ranking.upstream.sum()),
        "credible_nodes": [hydraulics.nodes[n] for n in answer.credible], "credible_m": answer.credible_m,
    }  # fmt: skip
    if as_json:
        print(text({**found, "candidates": rows}))
        return
    clock = [
        {
            "rank": r["rank"], "node": r["node"], "probability_pct": round(100 * r["probability"], 1),
            "began": _clock(r["start_s"]), "lasted_min": round(r["duration_s"] / 60),
            "mass_kg": None if r["mass_g"] is None else round(r["mass_g"] / 1000, 3),
            "to_sensor_m": round(r["to_sensor_m"]),
        }
        for r in rows[:top]
    ]  # fmt: skip
    print_table(title, clock)
    kind = "a series" if isinstance(seen, Series) else "arrivals"
    print(
        f"90 % lie in {len(answer.credible)} nodes ({answer.credible_m:,.0f} m of pipes) of "
        f"{found['nodes_upstream']} upstream; {kind} of {len(seen.node)} readings, {hydraulics.words}"
    )


def _clock(seconds: float) -> str:
    return "-" if seconds != seconds else f"{int(seconds) // 3600}:{int(seconds) // 60 % 60:02d}"
