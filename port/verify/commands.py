"""`twin verify port TERMINAL.yaml`: how far to trust the compiled engine on a user's own terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson


@guarded
def verify(
    terminal: Annotated[Path, typer.Argument(help="terminal file (YAML)", show_default=False)],
    policy: Annotated[str, typer.Option(help="dispatch rule or policy")] = "fifo_nearest",
    hours: Annotated[float, typer.Option(min=0.1, max=744, help="length of a run")] = 8.0,
    replications: Annotated[int, typer.Option(min=1, max=100, help="seeds to run")] = 3,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None, typer.Option("--out", metavar="FILE", help="the table of queues (.csv); repeatable")
    ] = None,
) -> None:
    """Hold the compiled engine against SimPy on this terminal: logs row by row, laws of queues, bounds.

    Exit code 1 when the logs part, or a law, a balance or a bound does not hold.
    """
    from rich.console import Console

    from port.dispatch import policy_names
    from port.verify.report import verify as hold
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, write_csv
    from twin.scenario.problems import ScenarioError, choose

    if not terminal.is_file():
        raise ScenarioError([f"{terminal}: there is no such file"])
    if policy not in policy_names():
        raise ScenarioError([f"--policy: there is no policy '{policy}'.{choose(policy, policy_names())}"])
    check_outs(out or [], (".csv",))
    with Console(stderr=True).status("reading …") as status:
        report = hold(terminal, hours, replications, policy, status.update)
    for path in out or []:
        write_csv(path, report["queues"])
    if as_json:
        print(text(report))
    else:
        show(report)
    if report["verdict"] != "agrees":
        raise typer.Exit(1)


def show(report: dict[str, Any]) -> None:
    """Print the report as tables."""
    from twin.cli.show import print_table

    runs = [
        {
            "seed": run["seed"],
            "run": "wind, fog, broken crane" if run["disturbed"] else "undisturbed",
            "log_rows": f"{run['rows']:,}",
            "logs": "the same" if run["difference"] is None else "differ",
            "SimPy_s": run["simpy_s"],
            "compiled_s": run["fast_s"],
            "times_faster": run["ratio"],
            "ended": run["gridlock"] or "",
        }
        for run in report["runs"]
    ]
    title = f"{report['file']}: both engines, {report['hours']:g} h each, {report['policy']} (processor times)"
    print_table(title, runs)
    if report["queues"]:
        print_table("Queues of the last undisturbed run, and the laws on them", kinds(report["queues"]), LAWS)
    if report["balances"]:
        print_table("Balances", report["balances"])
    theory = report["theory"]
    if theory.get("kind") == "exact":
        print_table("Against exact mean-value analysis", theory["rows"])
    elif theory:
        rows = [{k: v for k, v in row.items() if k != "half_width_95"} for row in theory["rows"]]
        note = "Not exact here: " + "; ".join(theory["why_not_exact"])
        print_table("Upper bounds from the terminal's own means, and the share that was reached", rows, note)
    print(f"{report['verdict']}: {report['reason']}")


LAWS = (
    "Little: integral of the length = sum of the waits. Utilisation: integral of the servers at work = sum of the "
    "services. Left over: 0 when they hold. At the gate the wait includes the service."
)


def kinds(queues: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row for each kind of queue: sums over its queues, and the worst of what is left over."""
    found = []
    for kind in dict.fromkeys(row["kind"] for row in queues):
        rows = [row for row in queues if row["kind"] == kind]
        came = sum(row["came"] for row in rows)
        if not came:
            continue
        waits = sum((row["mean_wait_s"] or 0.0) * row["came"] for row in rows)
        busy = [row["busy_share"] for row in rows if row["busy_share"] is not None]
        found.append(
            {
                "queues": kind,
                "number": len(rows),
                "arrivals_per_h": sum(row["arrivals_per_h"] for row in rows),
                "mean_wait_s": waits / came,
                "mean_length": sum(row["mean_length"] for row in rows),
                "busy_pct": 100 * sum(busy) / len(busy) if busy else None,
                "left_over_s": max(abs(row["left_over_us"]) for row in rows) / 1e6,
                "work_left_over_s": max(abs(row["work_left_over_us"]) for row in rows) / 1e6,
                "broken": next((row["broken"][0] for row in rows if row["broken"]), ""),
            }
        )
    return found
