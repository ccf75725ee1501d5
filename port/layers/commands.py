"""`twin port layers`: what each layer and rule of a terminal costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson, Quiet


@guarded
def layers(
    terminal: Annotated[Path, typer.Argument(help="terminal file (YAML)", show_default=False)],
    replications: Annotated[int, typer.Option("--replications", min=2, max=10_000, help="runs of each kind")] = 20,
    hours: Annotated[float, typer.Option("--hours", min=0.25, max=720, help="measured in each run")] = 24.0,
    warm: Annotated[float, typer.Option("--warm", min=0, max=168, help="hours before that are not measured")] = 1.0,
    dispatch: Annotated[str, typer.Option("--dispatch", help="rule or policy; see docs/port.md")] = "fifo_nearest",
    rain: Annotated[float | None, typer.Option("--rain", min=0, max=1000, help="rain all the time, mm/h")] = None,
    visibility: Annotated[float | None, typer.Option("--visibility", min=0, help="fog all the time, m")] = None,
    what_if: Annotated[bool, typer.Option("--what-if", help="also switch on what the file leaves off")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="of the first run")] = 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None, typer.Option("--out", metavar="FILE", help="table (.csv) or figure (.png, .pdf, .svg)")
    ] = None,
) -> None:
    """Take each layer and rule away in turn: what it costs in crane rate, road trucks' time and energy.

    With --what-if, those that are off are added in turn, marked + in the table.

    All runs share their luck, so differences are paired; ± are 95 % intervals of the mean.
    """
    import sys

    from port.dispatch import policy_names
    from port.layers.figure import draw_prices
    from port.layers.price import price, table
    from port.layers.whatif import additions
    from port.reading import load_terminal
    from port.simulate import Change
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, print_table, write_csv
    from twin.scenario.problems import ScenarioError, suggest

    if not terminal.is_file():
        raise ScenarioError([f"{terminal}: there is no such file"])
    if dispatch not in policy_names():
        raise ScenarioError([f"there is no dispatch policy '{dispatch}'.{suggest(dispatch, policy_names())}"])
    outs = out or []
    check_outs(outs, (".csv", ".png", ".pdf", ".svg"))
    given = {"rain": rain, "visibility": visibility}
    weather = [Change(0, what, value) for what, value in given.items() if value is not None]

    def tell(name: str) -> None:
        if not quiet and not as_json:
            print(f"  {name} …", file=sys.stderr)

    place = load_terminal(terminal)
    more = tuple(additions(place)) if what_if else ()
    found = price(place, replications, hours, weather, warm, dispatch, seed, tell, more)
    title = f"{place.name}: price of each layer and rule, {replications} runs of {hours:g} h"
    rows, base = table(found), found.base
    means = {"crane_rate": base.crane_rate, "truck_turn_time_min": base.turn_min, "kwh_a_move": base.kwh_a_move}
    for path in outs:
        if path.suffix == ".csv":
            write_csv(path, rows)
        else:
            draw_prices(rows, title, path)
    if as_json:
        body = {"terminal": place.name, "replications": replications, "hours": hours, "dispatch": dispatch}
        as_is = {key: {"mean": mean, "ci": half} for key, (mean, half) in means.items()}
        print(text({**body, "weather": {c.what: c.value for c in weather}, "as_it_is": as_is, "layers": rows}))
        return
    shown = [
        {
            "layer": ("" if row["on"] else "+ ") + row["layer"].replace("_", " "),
            "moves/h lost": _with(row["crane_rate_lost"], row["crane_rate_lost_ci"], 2),
            "%": f"{row['crane_rate_lost_pct'] + 0.0:.1f}",
            "visit min longer": _with(row["turn_time_added_min"], row["turn_time_added_ci_min"], 2),
            "kWh/move more": _with(row["energy_added_kwh_a_move"], row["energy_added_ci_kwh_a_move"], 3),
        }
        for row in rows
    ]  # fmt: skip
    rate, turn, energy = (_with(*pair, 2) for pair in means.values())
    note = f"as it is: {rate} moves/h and crane, {turn} min a road truck's visit, {energy} kWh a move"
    print_table(title, shown, note)


def _with(mean: float, half: float, digits: int) -> str:
    if mean != mean:
        return "-"
    if abs(mean) + abs(half) < 0.5 * 10**-digits:
        return "0"
    return f"{mean:.{digits}f} ± {half:.{digits}f}"
