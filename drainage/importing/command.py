"""`twin drainage import`: a city's layer of mains becomes a SWMM file that runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson


@guarded
def import_command(
    mains: Annotated[Path, typer.Argument(help="mains (GeoJSON lines)", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="the SWMM file to write", show_default=False)],
    field: Annotated[
        Path | None, typer.Option("--field", help="which field says what, units, what to keep (YAML; see the manual)")
    ] = None,
    crs: Annotated[
        str | None, typer.Option("--crs", help="projected system to write in (default: the UTM zone of the mains)")
    ] = None,
    snap: Annotated[float, typer.Option(min=0.0, max=50.0, help="ends this near to each other are one node, m")] = 0.5,
    terrain: Annotated[Path | None, typer.Option("--terrain", help="ground levels where the layer has none")] = None,
    outfalls: Annotated[
        Literal["ends", "lowest"],
        typer.Option(help="an outfall wherever mains end, or only at the lowest node of each part"),
    ] = "ends",
    tide: Annotated[float | None, typer.Option("--tide", help="level that stands at outfalls below it, m")] = None,
    land: Annotated[
        Literal["voronoi", "none"], typer.Option(help="subcatchments: Voronoi cells along the mains, or none")
    ] = "voronoi",
    parcels: Annotated[
        Path | None, typer.Option("--parcels", help="parcels (GeoJSON polygons): each drains to its nearest node")
    ] = None,
    reach: Annotated[float, typer.Option(min=1.0, help="how far from a main land drains to it, m")] = 50.0,
    imperviousness: Annotated[float, typer.Option(min=0.0, max=100.0, help="of the subcatchments, %")] = 50.0,
    formula: Annotated[str, typer.Option(help="storm formula of the file's own rain gage")] = "suzhou",
    return_period: Annotated[float, typer.Option("--return-period", min=0.1, help="of that storm, years")] = 2.0,
    try_it: Annotated[bool, typer.Option("--try/--no-try", help="let SWMM run the result, and say its error")] = True,
    log_file: Annotated[
        Path | None, typer.Option("--log", help="write every repair with its mains to a text file")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a SWMM file of a city's mains (GeoJSON): gaps are filled and errors mended by stated rules, all logged."""
    from drainage.importing.run import Choices, import_mains, tried
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, print_table
    from twin.whole import write_text_whole

    check_outs([out], (".inp", ".INP"))
    check_outs([log_file] if log_file else [], (".txt", ".log"))
    for path in (mains, field, terrain, parcels):
        if path is not None:
            path.open("rb").close()
    made = import_mains(
        mains,
        Choices(
            mapping=field, crs=crs, snap_m=snap, outfalls=outfalls, tide_m=tide, land=land, parcels=parcels,
            reach_m=reach, imperviousness_pct=imperviousness, terrain=terrain, formula=formula,
            return_period_a=return_period,
        ),
    )  # fmt: skip
    write_text_whole(out, made.text)
    if log_file is not None:
        write_text_whole(log_file, "\n".join(made.log.lines()) + "\n")
    swmm = tried(made) if try_it else None
    if as_json:
        print(text({**made.figures, "out": str(out), "rules": made.log.rows(), "swmm": swmm}))
        return
    f = made.figures
    print_table(
        f"{mains.name}: what was repaired",
        made.log.rows(),
        f"{f['repairs']:,} repairs; fields read: "
        + ", ".join(f"{ours} = {theirs}" for ours, theirs in f["fields"].items()),
    )
    print(
        f"{out}: {f['mains']:,} mains ({f['km']:.1f} km), {f['nodes']:,} nodes, {f['outfalls']} outfalls, "
        f"{f['parts']} parts, {f['subcatchments']:,} subcatchments ({f['area_ha']:.0f} ha); "
        f"rain {f['storm_mm']:.1f} mm; {f['crs'] or 'coordinates as in the layer'}"
    )  # fmt: skip
    if swmm and swmm["accepted"]:
        errors = ", ".join(f"{kind} {error:g} %" for kind, error in swmm["continuity_pct"].items())
        print(f"SWMM runs it in {swmm['seconds']:.1f} s; continuity error: {errors}")
    elif swmm:
        print(f"SWMM refuses it: {'; '.join(swmm['words'])}")
