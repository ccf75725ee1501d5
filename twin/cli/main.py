"""`twin`: the entry point. Commands import their work when they are called, so that `--help` is instant."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from twin import __version__
from twin.cli.guard import end_with, guarded
from twin.cli.options import AsJson, Quiet, ScenarioFile

app = typer.Typer(
    name="twin",
    help="Water, drainage, road traffic and a container terminal as one system.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="override a value, e.g. --set seed=8", show_default=False),
]
Root = Annotated[
    Path | None,
    typer.Option(
        "--root", help="folder that the scenario's files may lie in (default: the scenario's own)", show_default=False
    ),
]
Runs = Annotated[Path, typer.Option("--runs", help="folder of run folders")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"city-twin {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Exit codes: 0 good, 1 an expectation or the ledger failed, 2 bad input, 130 interrupted, 143 terminated."""


@app.command()
@guarded
def run(
    scenario: ScenarioFile,
    runs: Annotated[
        Path | None,
        typer.Option(
            "--runs", help="folder of run folders (default: the scenario's `results.folder`, runs)", show_default=False
        ),
    ] = None,
    sets: Overrides = None,
    root: Root = None,
    baseline: Annotated[
        bool, typer.Option(help="also run the scenario's baseline, unless the same run is there")
    ] = True,
    report: Annotated[bool, typer.Option(help="write report.html")] = True,
    threads: Annotated[int, typer.Option(min=1, max=64, help="models that advance at the same time")] = 2,
    quiet: Quiet = False,
    as_json: AsJson = False,
    parent: Annotated[int | None, typer.Option(hidden=True, help="end when this process is gone")] = None,
) -> None:
    """Run a scenario and print its headline figures."""
    from twin.cli.run import run_command

    if parent is not None:
        end_with(parent)
    raise typer.Exit(run_command(scenario, runs, sets or [], root, baseline, report, threads, quiet, as_json))


@app.command()
@guarded
def validate(scenario: ScenarioFile, sets: Overrides = None, root: Root = None) -> None:
    """Check a scenario and its input files without running it."""
    from twin.cli.inputs import validate_command

    raise typer.Exit(validate_command(scenario, sets or [], root))


@app.command()
@guarded
def explain(scenario: ScenarioFile, sets: Overrides = None, root: Root = None) -> None:
    """Print the resolved scenario, where each value came from, and what is coupled with what."""
    from twin.cli.inputs import explain_command

    raise typer.Exit(explain_command(scenario, sets or [], root))


@app.command()
@guarded
def schema(
    write: Annotated[bool, typer.Option("--write", help="rewrite the schema that ships with the package")] = False,
) -> None:
    """Print the JSON Schema of scenario files (for editors)."""
    from twin.cli.inputs import schema_command

    raise typer.Exit(schema_command(write))


@app.command()
@guarded
def build(
    recipe: Annotated[Path, typer.Argument(help="build recipe (YAML)", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="output folder (default: the recipe's `output`, beside it)", show_default=False
        ),
    ] = None,
    net: Annotated[
        Path | None,
        typer.Option("--net", help="SUMO street network to use instead of the recipe's", show_default=False),
    ] = None,
    sets: Overrides = None,
    root: Root = None,
    quiet: Quiet = False,
) -> None:
    """Build a consistent city (water, sewers, traffic, terminal) from a street network."""
    from twin.cli.build import build_command

    raise typer.Exit(build_command(recipe, out, sets or [], quiet, net, root))


@app.command()
@guarded
def report(
    run_folder: Annotated[Path, typer.Argument(help="run folder", show_default=False)],
    against: Annotated[
        Path | None, typer.Option("--against", help="second run to hold it against", show_default=False)
    ] = None,
    figures: Annotated[bool, typer.Option("--figures", help="also PNG figures for papers")] = False,
    open_it: Annotated[bool, typer.Option("--open", help="open it in the browser")] = False,
) -> None:
    """Write report.html (and figures) of a finished run."""
    from twin.cli.results import report_command

    raise typer.Exit(report_command(run_folder, against, figures, open_it))


@app.command()
@guarded
def compare(
    run_a: Annotated[Path, typer.Argument(help="run folder", show_default=False)],
    run_b: Annotated[Path, typer.Argument(help="run folder to hold against it", show_default=False)],
    same: Annotated[bool, typer.Option("--same", help="exit 1 unless the results are equal to the bit")] = False,
    as_json: AsJson = False,
    out: Annotated[Path | None, typer.Option("--out", help="write the table as CSV", show_default=False)] = None,
) -> None:
    """Hold two runs against each other."""
    from twin.cli.results import compare_command

    raise typer.Exit(compare_command(run_a, run_b, same, as_json, out))


@app.command("runs")
@guarded
def list_runs(runs: Runs = Path("runs"), as_json: AsJson = False) -> None:
    """List the runs of a folder."""
    from twin.cli.results import runs_command

    raise typer.Exit(runs_command(runs, as_json))


def _join_domains() -> None:
    """Commands that installed domains offer (`twin water …`, `twin verify water`); imported when called."""
    for point in sorted(entry_points(group="twin.commands"), key=lambda p: p.name):
        app.add_typer(point.load(), name=point.name)
    verify = typer.Typer(help="Hold a fast engine against its reference on your own file.", no_args_is_help=True)
    for point in sorted(entry_points(group="twin.verify"), key=lambda p: p.name):
        verify.command(point.name)(point.load())
    if verify.registered_commands:
        app.add_typer(verify, name="verify")


_join_domains()

if __name__ == "__main__":
    sys.exit(app())
