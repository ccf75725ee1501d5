"""`twin traffic fit`: bring the queue engine nearer to SUMO on one network, by one run of SUMO."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson


@guarded
def fit(
    file: Annotated[Path, typer.Argument(help="SUMO configuration (.sumocfg)", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="parameters to write (.yaml)")] = Path("fitted.yaml"),
    rounds: Annotated[int, typer.Option(min=1, max=100, help="rounds of fitting")] = 14,
    seed: Annotated[int, typer.Option(help="of SUMO's run")] = 0,
    as_json: AsJson = False,
) -> None:
    """Fit the queue engine's paces of turns to a run of SUMO micro; use them by `traffic.queue.parameters`."""
    from rich.console import Console

    from traffic.queueing.fitting import fit_to_sumo
    from traffic.queueing.parameters import Parameters, write_parameters
    from twin.cli.show import as_json as text
    from twin.cli.show import print_table
    from twin.scenario.problems import ScenarioError

    if not file.is_file():
        raise ScenarioError([f"{file}: there is no such file"])
    if out.suffix not in (".yaml", ".yml") or not out.parent.is_dir():
        raise ScenarioError([f"--out {out}: write a .yaml file into a folder that there is"])
    with Console(stderr=True).status("SUMO micro …") as status:
        try:
            found = fit_to_sumo(file, seed, rounds, status.update)
        except ValueError as error:
            raise ScenarioError([str(error)]) from error
    rows: list[dict[str, Any]] = [
        {
            "parameters": name, "mean_trip_s": a.mean_s, "sumo_s": a.reference_s, "error_pct": 100 * a.error,
            "correlation": a.correlation, "geh_below_5_pct": 100 * a.geh_share,
        }
        for name, a in (("own rules", found.rounds[0]), ("fitted", found.agreement))
    ]  # fmt: skip
    fitted: dict[str, Any] = {"to": file.name, "seed": seed, "rounds": rounds, "turns": len(found.pace)}
    fitted |= {k: round(float(rows[1][k]), 4) for k in ("error_pct", "correlation", "geh_below_5_pct")}
    write_parameters(out, Parameters(found.rules, found.pace), fitted)
    if as_json:
        print(text({"file": file.name, "out": str(out), "turns": len(found.pace), "agreement": rows}))
        return
    use = f"traffic: {{engine: queue, queue: {{parameters: {out.name}}}}}"
    note = f"{len(found.pace)} turns with a pace of their own in {out}. Use it by  {use}"
    print_table(f"{file.name}: the queue engine against the run it was fitted to", rows, note)
