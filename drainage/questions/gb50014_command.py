"""`twin drainage gb50014`: does a city stand the storm that the standard asks it to stand?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson

AFTER_H = 4.0
"""The run goes on this long after the rain: the loosest limit of drain-down."""


@guarded
def gb50014_command(
    scenario: Annotated[Path, typer.Argument(help="scenario file with a drainage section", show_default=False)],
    return_period: Annotated[float, typer.Option("--return-period", min=0.1, max=1000.0, help="of the storm, years")],
    city_size: Annotated[
        Literal["mega", "large", "medium"], typer.Option(help="how large the city is: what the standard asks of it")
    ] = "medium",
    formula: Annotated[
        str | None, typer.Option("--formula", help="a city's storm formula, or a,c,b,n (default: the scenario's)")
    ] = None,
    duration: Annotated[float | None, typer.Option(min=0.25, max=24.0, help="of the storm, h (default: 3)")] = None,
    peak: Annotated[float | None, typer.Option(min=0.01, max=0.99, help="where in the storm its peak stands")] = None,
    sill: Annotated[float, typer.Option(min=0.0, max=2.0, help="height of ground floors over the ground, m")] = 0.15,
    area_class: Annotated[
        Literal["hub", "key", "centre", "other"], typer.Option("--class", help="of what lies in none of the `areas`")
    ] = "other",
    strict: Annotated[bool, typer.Option("--strict", help="take the strict end of the drain-down limits")] = False,
    sets: Annotated[list[str] | None, typer.Option("--set", help="change a value of the scenario: a.b=value")] = None,
    root: Annotated[Path | None, typer.Option("--root", help="folder that the scenario's files stay in")] = None,
    top: Annotated[int, typer.Option(min=1, help="rows to print")] = 15,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None, typer.Option("--out", metavar="FILE", help=".csv, .geojson, .png, .pdf or .svg; repeatable")
    ] = None,
) -> None:
    """GB 50014's waterlogging test: ground floors dry, one lane with 15 cm or less, drained in time. Exit 1: failed."""
    import sys

    from drainage.questions.gb50014 import Rules, judge
    from drainage.questions.gb50014_map import draw, features_of
    from drainage.questions.storm_run import DesignStorm, alone, finished, formula_of
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, print_table, write_out
    from twin.scenario import load

    check_outs(out or [])
    loaded = load(scenario, sets or [], root)
    rain = getattr(loaded.sections.get("weather"), "rain", None)
    hours = duration or 3.0
    own_peak = peak if peak is not None else getattr(rain, "peak", None)
    storm = DesignStorm(formula_of(formula, loaded), return_period, hours, own_peak)
    with finished(alone(loaded, storm, hours + AFTER_H)) as (model, warnings):
        for line in warnings:
            print(f"warning  {line}", file=sys.stderr)
        rules = Rules(city_size, sill, area_class, not strict)
        answer = judge(model, storm, rules, loaded.city.name or loaded.name)
    write_out(out or [], answer.streets, lambda: features_of(answer), lambda path: draw(answer, path))
    s = answer.summary
    if as_json:
        print(text({"scenario": scenario.name, **s, "by_street": answer.streets, "by_building": answer.buildings}))
    else:
        wet = [row for row in answer.streets if row["deepest_m"] > 0.01]
        hidden = {"lane", "drained"}
        rows = [{k: v for k, v in row.items() if k not in hidden} for row in wet[:top]]
        print_table(f"{answer.title}: streets in the storm of {return_period:g} years, worst first", rows)
        if flooded := [b for b in answer.buildings if not b["dry"]]:
            print_table("Ground floors under water", flooded[:top])
        for line in _words(s, model_has_buildings=bool(s["buildings"])):
            print(line)
    raise typer.Exit(0 if s["passed"] else 1)


def _words(s: dict, model_has_buildings: bool) -> list[str]:
    """The verdict in sentences."""
    low, high = s["required_a"]
    lines = [f"GB 50014 at {s['return_period_a']:g} years: {'passed' if s['passed'] else 'NOT passed'}"]
    if model_has_buildings:
        lines.append(f"  ground floors    {s['buildings_wet']} of {s['buildings']} buildings under water")
    else:
        lines.append("  ground floors    not tested: the scenario names no `buildings`")
    if s["one_lane_free"] is None:
        lines.append("  lanes            not tested: the scenario names no `streets`")
    else:
        lines.append(f"  lanes            {s['streets_without_lane']} of {s['streets']} streets without a free lane")
        lines.append(f"  drain-down       {s['streets_drained_late']} streets later than their class allows")
    enough = "" if s["storm_is_enough"] else ", so this storm is too mild for the test"
    lines.append(f"  asked of it      {low:g} to {high:g} years ({s['city_size']}){enough}")
    return lines
