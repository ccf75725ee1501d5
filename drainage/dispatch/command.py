"""`twin drainage dispatch`: what each way of dispatching costs in energy and saves in flooded area."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson


@guarded
def dispatch(
    scenario: Annotated[Path, typer.Argument(help="scenario file (YAML) with `drainage.dispatch`", show_default=False)],
    policies: Annotated[str, typer.Option("--policies", help="policies to hold together")] = "file,rules,mpc",
    whole: Annotated[bool, typer.Option("--whole", help="run all sections, not only drainage and weather")] = False,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="override a value of the scenario", show_default=False),
    ] = None,
    root: Annotated[
        Path | None, typer.Option("--root", help="folder that the scenario's files may lie in", show_default=False)
    ] = None,
    runs: Annotated[
        Path | None, typer.Option("--runs", help="keep the run folders here (default: none is kept)")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, max=3, help="policies that run at the same time")] = 2,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None,
        typer.Option("--out", metavar="FILE", help="write the table (.csv) or a figure (.png, .pdf, .svg); repeatable"),
    ] = None,
) -> None:
    """Run a scenario's drainage under several policies and compare flooding, overflow and energy."""
    from drainage.dispatch.compare import policies_of, prepare, run_all, side_by_side, verdicts
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, print_table, write_out

    check_outs(out or [], (".csv", ".png", ".pdf", ".svg"))
    wanted = policies_of(policies)
    ready = prepare(scenario, sets or [], root, whole)
    with contextlib.ExitStack() as stack:
        folder = runs or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="twin-dispatch-")))
        ran = run_all(scenario, wanted, sets or [], root, whole, folder, jobs)
        rows = [one.row for one in ran]
        title = ready.title or ready.name
        write_out(out or [], rows, list, lambda path: _draw(ready, ran, title, path))
    told = list(verdicts(ran))
    if as_json:
        print(text({"scenario": ready.name, "policies": rows, "verdicts": told}))
        return
    print_table(title, side_by_side(ran), "\n".join(told))


def _draw(scenario: Any, ran: Any, title: str, path: Path) -> None:
    """The wells and basins that can be drawn down get a panel each, at most three."""
    from drainage.dispatch.figure import draw

    config = scenario.sections["drainage"].dispatch
    known = {column.removesuffix("_depth_m") for column in ran[0].curves if column.endswith("_depth_m")}
    nodes = [(station.well or name, name) for name, station in config.stations.items() if station.lowered is not None]
    nodes += [(basin.node, f"basin {name}") for name, basin in config.basins.items()]
    draw(ran, [(node, name) for node, name in nodes if node in known][:3], title, scenario.clock.start, path)


__all__ = ["dispatch"]
