"""`twin port compare TERMINAL.yaml`: what dispatch policies are worth on a user's own terminal."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson, Quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from port.compare.paired import Comparison

PLAIN_EVERY_S = 10.0
"""Between two lines of progress where there is no terminal to draw on."""
DEFAULT = "fifo_nearest,least_covered,pairing,hungarian"


@guarded
def compare(
    terminal: Annotated[Path, typer.Argument(help="terminal file (YAML)", show_default=False)],
    policies: Annotated[
        str, typer.Option("--policies", metavar="A,B,…", help="dispatch policies; the first is what others are held to")
    ] = DEFAULT,
    replications: Annotated[
        int, typer.Option("--replications", "-n", help="seeds for each policy; with --precision, the most of them")
    ] = 12,
    trucks: Annotated[
        str | None,
        typer.Option("--trucks", metavar="3,4,…", help="driverless trucks a quay crane  [default: the file's fleet]"),
    ] = None,
    hours: Annotated[float, typer.Option(min=0.5, max=744, help="measured length of a run, h")] = 8.0,
    warm_up: Annotated[float, typer.Option(min=0.0, max=168, help="run before that and not measured, h")] = 1.0,
    precision: Annotated[
        str | None,
        typer.Option(
            metavar="1%", help="stop when crane rates' differences are known to this share of the rate (95 %)"
        ),
    ] = None,
    target_rate: Annotated[
        float | None,
        typer.Option(
            "--target-rate", min=0.1, metavar="R", help="tell the fleet each policy needs for R moves an hour and crane"
        ),
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="processes")] = 2,
    quiet: Quiet = False,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out", metavar="FILE", help="all figures (.csv) or a forest plot (.png, .pdf, .svg); repeatable"
        ),
    ] = None,
) -> None:
    """What dispatch policies are worth here: paired differences with 95 % intervals, and the fleet each one needs.

    Every policy runs with the same seeds, so with the same ships, boxes, cycle times and road trucks; a difference is
    then the policy's, and small ones show in few runs.

    Example:  twin port compare terminal.yaml --policies fifo_nearest,hungarian --trucks 3,4,5
    """
    from rich.console import Console

    from port.compare.figure import draw
    from port.compare.needed import as_measure, needed
    from port.compare.needed import rows as needed_rows
    from port.compare.paired import compare as compare_one
    from port.compare.paired import rows
    from port.compare.runner import Runner, Setting
    from port.network import Site
    from port.reading import load_terminal
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, write_csv
    from twin.scenario.problems import ScenarioError
    from twin.whole import whole

    outs = out or []
    names = read_policies(policies)
    if replications < 2:
        raise ScenarioError([f"--replications {replications}: an interval needs two or more"])
    share = read_share(precision)
    check_outs(outs, (".csv", ".png", ".pdf", ".svg"))
    if len(names) < 2 and any(p.suffix.lower() != ".csv" for p in outs):
        raise ScenarioError(["--out: a forest plot shows differences: name two policies or more"])
    if not terminal.is_file():
        raise ScenarioError([f"{terminal}: there is no such file"])
    place = load_terminal(terminal)
    cranes = len(Site.of(place).cranes)
    per_crane = read_numbers(trucks)
    fleets = [place.fleet.trucks or cranes] if per_crane is None else [max(1, round(x * cranes)) for x in per_crane]
    setting = Setting(place, hours, warm_up)
    console = Console(stderr=True)
    most = len(names) * replications * len(set(fleets))
    with console.status("loading …") as status:
        last = time.monotonic()

        def tell(done: int) -> None:
            nonlocal last
            known = f" of {'up to ' if share else ''}{most} runs" if done <= most else " runs, looking for the fleets"
            words = f"{done}{known}, {hours + warm_up:g} h each"
            if console.is_terminal:
                status.update(words)
            elif not quiet and time.monotonic() - last > PLAIN_EVERY_S:
                last = time.monotonic()
                console.print(words, highlight=False)

        with Runner(setting, workers, tell) as runner:
            found = [compare_one(runner, names, n, replications, share) for n in dict.fromkeys(fleets)]
            wanted = []
            if target_rate is not None:
                wanted = [needed(runner, name, cranes, target_rate, replications) for name in names]
    table = rows(found, cranes)
    fleet_table = needed_rows(wanted, cranes) if wanted else []
    for path in outs:
        if path.suffix.lower() == ".csv":
            write_csv(path, [*table, *(as_measure(row) for row in fleet_table)])
        else:
            runs = max(len(c.seeds) for c in found)
            title = f"{place.name}: policies against {names[0]} with the same luck, {runs} runs of {hours:g} h"
            with whole(path) as part:
                draw(found, cranes, title, part)
    if as_json:
        body: dict[str, Any] = {"terminal": place.name, "file": str(terminal), "cranes": cranes, "base": names[0]}
        body |= {"hours": hours, "warm_up_h": warm_up, "precision": share}
        body["fleets"] = [
            {"trucks": c.trucks, "seeds": list(c.seeds), "precision_reached": c.reached} for c in found
        ]  # fmt: skip
        body |= {"measures": table, "target_rate": target_rate, "needed": fleet_table}
        print(text(body))
        return
    for c in found:
        show(c, cranes, place.name, hours, share)
    if fleet_table:
        show_needed(fleet_table, target_rate or 0.0, replications)


def read_policies(given: str) -> tuple[str, ...]:
    """Names from `a,b,c`; ScenarioError with the nearest name for one that there is not."""
    from port.dispatch import policy_names
    from twin.scenario.problems import ScenarioError, choose

    names = tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    known = policy_names()
    bad = [f"--policies: there is no policy '{n}'.{choose(n, known)}" for n in names if n not in known]
    if bad or not names:
        raise ScenarioError(bad or [f"--policies: name at least one of {', '.join(known)}"])
    return names


def read_numbers(given: str | None) -> list[float] | None:
    """Trucks a crane from `3,4,5`."""
    from twin.scenario.problems import ScenarioError

    if given is None:
        return None
    try:
        numbers = [float(part) for part in given.split(",")]
    except ValueError:
        numbers = []
    if not numbers or not all(0.1 <= x <= 40 for x in numbers):
        raise ScenarioError([f"--trucks {given}: give trucks a quay crane from 0.1 to 40, such as 3,4,5"])
    return numbers


def read_share(given: str | None) -> float | None:
    """A precision from `1%` or `0.01`."""
    from twin.scenario.problems import ScenarioError

    if given is None:
        return None
    try:
        share = float(given.rstrip("% ")) / (100 if given.rstrip().endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0.0 < share < 1.0:
        raise ScenarioError([f"--precision {given}: write a share of the crane rate, such as 1%"])
    return share


def show(c: Comparison, cranes: int, name: str, hours: float, precision: float | None) -> None:
    """One fleet: the first policy's figures, and the others' differences from them."""
    from rich.console import Console
    from rich.table import Table

    from port.compare.measures import MEASURES
    from port.compare.paired import verdict

    colours = {"better": "green", "worse": "red", "open": "dim", "": "dim"}
    each = f"{c.trucks / cranes:.3g} trucks a crane ({c.trucks} for {cranes})"
    title = f"{name}: {each}, {len(c.seeds)} runs of {hours:g} h each"
    table = Table(box=None, header_style="bold")
    table.add_column("\n\npolicy", no_wrap=True)
    for m in MEASURES:
        table.add_column("\n".join([*m.title.split(), m.unit]), justify="right", no_wrap=True)
    for policy in c.policies:
        cells = []
        for k, m in enumerate(MEASURES):
            if policy == c.policies[0]:
                cells.append(_number(c.mean(policy, k)[0]))
                continue
            gap, half = c.difference(policy, k)
            colour = colours[verdict(gap, half, m.higher_is_better)]
            known = gap == gap
            cells.append(f"[{colour}]{_number(gap, '+')}\n±{_number(half)}[/{colour}]" if known else "–")
        table.add_row(policy, *cells)
    console = Console()
    console.print(title, style="italic", highlight=False)
    console.print(table)
    if len(c.policies) > 1:
        console.print(f"Below {c.policies[0]}: differences from it with the same luck, ± half of the 95 % interval.")
    if c.reached is not None and precision is not None:
        console.print(f"Precision of {precision:.2%} {'reached' if c.reached else 'not reached'}.")


def show_needed(rows: Sequence[dict[str, Any]], target: float, replications: int) -> None:
    """The fleet that each policy needs."""
    from twin.cli.show import print_table

    table = [
        {
            "policy": row["policy"],
            "trucks": "not reached" if row["trucks"] is None else row["trucks"],
            "a_crane": row["trucks_per_crane"],
            "saved": row["saved"],
            "moves_an_hour_and_crane": f"{_number(row['crane_rate'])} ±{_number(row['half_width_95'])}",
        }
        for row in rows
    ]
    note = "Not reached: no fleet up to 12 trucks a crane gets there; the best rate is shown."
    short = note if any(row["trucks"] is None for row in rows) else ""
    print_table(f"Fleet for {target:g} moves an hour and crane ({replications} runs a fleet)", table, short)


def _number(value: float, sign: str = "") -> str:
    """Three figures, so that a share of a minute shows and 24.18 moves do too."""
    if value != value:  # NaN
        return "–"
    digits = 2 if abs(value) < 100 else 0
    return f"{value:{sign}.{digits}f}"
