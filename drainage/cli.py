"""`twin drainage …`: questions to a sewer file or to a scenario's drainage.

Everything heavy is imported when a command runs. Commands with many options stand beside what they ask.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson

drainage_app = typer.Typer(
    name="drainage",
    help="Questions to sewers (SWMM INP file) and to the streets above them.",
    no_args_is_help=True,
    add_completion=False,
)

Inp = Annotated[Path, typer.Argument(help="sewers (SWMM INP file)", show_default=False)]


@drainage_app.command()
@guarded
def verify(
    inp: Inp,
    terrain: Annotated[
        Path | None,
        typer.Option("--terrain", help="ground levels: also run it under a surface, and say what that costs"),
    ] = None,
    cell: Annotated[float | None, typer.Option("--cell", min=0.01, help="side of the surface's cells, m")] = None,
    as_json: AsJson = False,
) -> None:
    """Hold our stepping against plain SWMM on this file: node by node, link by link, continuity, times."""
    verify_command(inp, terrain, cell, as_json)


def verify_command(
    inp: Path, terrain: Path | None = None, cell: float | None = None, as_json: bool = False
) -> dict[str, Any]:
    """What `verify` prints, also for `twin verify drainage`. Gives the report."""
    from drainage.questions.verify import verify as hold
    from drainage.questions.verify_show import show

    report = hold(inp, terrain, cell)
    show(report, as_json)
    return report


def _join_commands() -> None:
    """Commands that stand in modules of their own; those are light."""
    from drainage.dispatch.command import dispatch
    from drainage.importing.command import import_command
    from drainage.questions.gb50014_command import gb50014_command
    from drainage.questions.trace_command import trace_command

    drainage_app.command("gb50014")(gb50014_command)
    drainage_app.command("import")(import_command)
    drainage_app.command("trace")(trace_command)
    drainage_app.command("dispatch")(dispatch)


_join_commands()
