"""`twin report`, `twin compare` and `twin runs`: what to do with runs that are done."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from twin.report.words import duration
from twin.results.folder import baseline_of, find_run
from twin.results.view import RunView


def report_command(run: Path, against: Path | None, figures: bool, open_it: bool = False) -> int:
    """Write the page (and the figures) of a run and say where; exit code 0."""
    from twin.report.page import build_report

    view = RunView(find_run(str(run)))
    known = baseline_of(view.path) if against is None else None
    base = RunView(find_run(str(against))) if against else RunView(known) if known else None
    page = build_report(view, base)
    print(f"report  {page}")
    if known is not None:
        print(f"held against {known.name}, which was run beside it; `--against RUN` names another", file=sys.stderr)
    elif base is None and any(line.startswith("baseline:") for line in view.scenario_text().splitlines()):
        print("this run alone: `--against RUN` holds it against its baseline", file=sys.stderr)
    if figures:
        from twin.report.figures import write_figures

        for path in write_figures(view, base):
            print(f"figure  {path}")
    if open_it:
        import webbrowser

        webbrowser.open(page.resolve().as_uri())
    return 0


def compare_command(run_a: Path, run_b: Path, same: bool, as_json: bool, out: Path | None) -> int:
    """Hold run B against run A; exit code 1 with `same` when their results are not equal to the bit."""
    from twin.report.terminal import comparison_table
    from twin.results.compare import compare, write_csv
    from twin.results.plain import plain

    found = compare(RunView(find_run(str(run_a))), RunView(find_run(str(run_b))))
    if out is not None:
        write_csv(out, found)
    if as_json:
        print(json.dumps(plain(found.as_dict()), indent=2, ensure_ascii=False))
    else:
        Console(highlight=False).print(comparison_table(found))
    return 1 if same and not found.same else 0


def runs_command(runs: Path, as_json: bool) -> int:
    """List the runs of a folder, the latest first."""
    from twin.results.catalogue import Catalogue

    rows = Catalogue(runs).runs()
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return 0
    if not rows:
        print(f"no runs in {runs}/ yet. `twin run SCENARIO` makes one")
        return 0
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in ("run", "status", "seed", "finished", "took", "hash"):
        table.add_column(column, justify="right" if column in ("seed", "took") else "left", no_wrap=True)
    for row in rows:
        finished = str(row["finished"]).replace("T", " ").replace("+00:00", " UTC")
        took = duration(round(row["wall_s"], 1)) if row["wall_s"] else "–"
        table.add_row(row["id"], row["status"], str(row["seed"]), finished, took, row["result_hash"][:8])
    Console(highlight=False).print(table)
    return 0
