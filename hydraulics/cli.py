"""`twin water …`: questions to one INP file. Everything heavy is imported when a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hydraulics.watch.command import watch
from twin.cli.guard import guarded
from twin.cli.options import AsJson, Maps, Threads, Top

water_app = typer.Typer(
    name="water", help="Questions to a water network (EPANET INP file).", no_args_is_help=True, add_completion=False
)

Inp = Annotated[Path, typer.Argument(help="network (INP file)", show_default=False)]
Required = Annotated[
    float | None,
    typer.Option("--required", min=0.1, help="pressure for full service, m (default: the file's, else 20)"),
]
ValveFile = Annotated[
    Path | None,
    typer.Option(
        "--valves", help="valve layer, CSV with columns link,node (default: at all pipes of a node but `--missing`)"
    ),
]


def _layer(network, valves: Path | None, missing: int):
    from hydraulics.questions.segments import Layer, read_valves, usual_valves

    return Layer(network, read_valves(network, valves) if valves else usual_valves(network, missing))


@water_app.command()
@guarded
def criticality(
    inp: Inp,
    required: Required = None,
    segments: Annotated[bool, typer.Option("--segments", help="fail valve segments instead of pipes")] = False,
    valves: ValveFile = None,
    missing: Annotated[int, typer.Option(min=0, help="pipes of a node without a valve, where no layer is given")] = 1,
    threads: Threads = 2,
    top: Top = 15,
    as_json: AsJson = False,
    out: Maps = None,
) -> None:
    """Close every pipe (or valve segment) in turn and rank the failures by what customers lose."""
    from hydraulics.questions.criticality import pipe_criticality, segment_criticality
    from hydraulics.questions.effect import pressure_rule
    from hydraulics.questions.figures import draw_criticality
    from hydraulics.questions.opening import open_network
    from hydraulics.questions.show import as_json as text
    from hydraulics.questions.show import feature, line_of, print_table, write_out

    network = open_network(inp)
    rule = pressure_rule(network, required)
    if segments or valves:
        answer = segment_criticality(network, rule, _layer(network, valves, missing), threads=threads)
    else:
        answer = pipe_criticality(network, rule, threads=threads)
    rows = answer.rows()
    links = dict(zip(answer.effects.names, answer.links, strict=True))

    def features() -> list[dict]:
        return [feature("MultiLineString", [line_of(network, k) for k in links[r[answer.unit]]], r) for r in rows]

    write_out(out or [], rows, features, lambda path: draw_criticality(answer, path))
    if as_json:
        print(text({"file": inp.name, "required_m": answer.required_m, "unit": answer.unit, "failures": rows}))
        return
    named = answer.effects.named
    note = f"{len(rows)} failures, {len(named)} handed to EPANET" if named else f"{len(rows)} failures"
    print_table(f"{inp.name}: worst {answer.unit} failures", rows[:top], note)


@water_app.command()
@guarded
def isolate(
    inp: Inp,
    pipe: Annotated[str, typer.Option("--pipe", help="the burst pipe", show_default=False)],
    stuck: Annotated[str | None, typer.Option("--stuck", help="a valve that does not move, as link@node")] = None,
    valves: ValveFile = None,
    missing: Annotated[int, typer.Option(min=0, help="pipes of a node without a valve, where no layer is given")] = 1,
    required: Required = None,
    as_json: AsJson = False,
    out: Maps = None,
) -> None:
    """The valves to close for a burst, who loses water, and the second choice when a valve is stuck."""
    from hydraulics.questions.effect import pressure_rule
    from hydraulics.questions.figures import draw_isolation
    from hydraulics.questions.isolate import isolate as solve
    from hydraulics.questions.opening import find_link, open_network
    from hydraulics.questions.show import as_json as text
    from hydraulics.questions.show import feature, line_of, print_table, write_out
    from twin.scenario.problems import ScenarioError

    network = open_network(inp)
    layer = _layer(network, valves, missing)
    number = None
    if stuck is not None:
        names = [layer.name(v) for v in range(len(layer.valves))]
        if stuck not in names:
            raise ScenarioError([f"no valve {stuck!r}; name it as link@node, e.g. {names[0] if names else 'P1@J1'}"])
        number = names.index(stuck)
    answer = solve(network, pressure_rule(network, required), layer, find_link(network, pipe), stuck=number)
    rows = answer.rows()

    def features() -> list[dict]:
        choices = (answer.first, *answer.second)
        found = [
            feature("MultiLineString", [line_of(network, k) for k in c.segment.links], row)
            for c, row in zip(choices, rows, strict=True)
        ]
        for valve in answer.first.segment.valves:
            spot = network.xy[layer.valves[valve].node].tolist()
            found.append(feature("Point", spot, {"valve": layer.name(valve)}))
        return found

    write_out(out or [], rows, features, lambda path: draw_isolation(answer, path))
    if as_json:
        print(text({"file": inp.name, "pipe": pipe, "choices": rows}))
        return
    print_table(f"{inp.name}: isolate {pipe}", rows)


@water_app.command()
@guarded
def fireflow(
    inp: Inp,
    residual: Annotated[float, typer.Option("--residual", min=0.0, help="pressure left in the main, m")] = 14.0,
    hydrant: Annotated[
        list[str] | None, typer.Option("--hydrant", help="a junction; repeatable (default: all)")
    ] = None,
    needed: Annotated[float | None, typer.Option("--needed", help="flow that is wanted, L/s")] = None,
    threads: Threads = 2,
    top: Top = 15,
    as_json: AsJson = False,
    out: Maps = None,
) -> None:
    """The flow that each hydrant gives at a residual pressure."""
    from hydraulics.questions.figures import draw_fire_flow
    from hydraulics.questions.fireflow import fire_flow
    from hydraulics.questions.opening import find_node, open_network
    from hydraulics.questions.show import as_json as text
    from hydraulics.questions.show import feature, print_table, write_out

    network = open_network(inp)
    chosen = None if not hydrant else [find_node(network, name) for name in hydrant]
    answer = fire_flow(network, chosen, residual_m=residual, threads=threads)
    rows = answer.rows(needed)

    def features() -> list[dict]:
        return [feature("Point", network.xy[network.node(r["hydrant"])].tolist(), r) for r in rows]

    write_out(out or [], rows, features, lambda path: draw_fire_flow(answer, path))
    if as_json:
        print(text({"file": inp.name, "residual_m": residual, "hydrants": rows}))
        return
    short = sum(r["enough"] is False for r in rows)
    note = f"{len(rows)} hydrants" + (f", {short} below {needed:g} L/s" if needed is not None else "")
    print_table(f"{inp.name}: fire flow at {residual:g} m residual, weakest first", rows[:top], note)


water_app.command("watch")(watch)


@water_app.command()
@guarded
def verify(
    inp: Inp,
    required: Required = None,
    sample: Annotated[int, typer.Option(min=1, help="closures to try")] = 60,
    seed: Annotated[int, typer.Option(help="seed of the sample")] = 0,
    as_json: AsJson = False,
) -> None:
    """Hold the fast engine against EPANET on this file and say how far to trust it."""
    verify_command(inp, required, sample, seed, as_json)


def verify_command(
    inp: Path, required: float | None = None, sample: int = 60, seed: int = 0, as_json: bool = False
) -> dict:
    """What `verify` prints, also for `twin verify water`. Gives the report."""
    from hydraulics.fast.verify import verify as hold
    from hydraulics.questions.effect import pressure_rule
    from hydraulics.questions.opening import open_network
    from hydraulics.questions.show import as_json as text
    from hydraulics.questions.show import print_table

    network = open_network(inp)
    report = hold(network, pressure_rule(network, required), sample=sample, seed=seed)
    if as_json:
        print(text(report))
        return report
    rows = []
    for key, title in (("base", "base period, fine"), ("closures", "closures"), ("fine", "closures, fine")):
        if key in report:
            part = report[key]
            error = part["head_error_m"]
            rows.append(
                {
                    "what": title,
                    "cases": part["cases"],
                    "within_1_cm_%": round(part["share_within_1cm"] * 100, 2),
                    "median_mm": round(error["median"] * 1000, 3),
                    "99th_mm": round(error["p99"] * 1000, 3),
                    "largest_mm": round(error["largest"] * 1000, 2),
                    "where": error["where"],
                    "times_faster": part["epanet_over_fast"],
                }
            )
    far = sum(1 for d in report.get("fine", {}).get("far", []) if d["reason"])
    note = f"{report['verdict']}: {report['reason']}" + (f"; {far} nodes in pockets without flow" if far else "")
    print_table(f"{inp.name}: fast engine against EPANET 2.2", rows, note)
    return report
