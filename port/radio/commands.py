"""`twin port radio`: who hears a roadside unit where, how fast trucks may drive on it, and where units serve best."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson, Top


@guarded
def radio(
    terminal: Annotated[Path, typer.Argument(help="terminal file (YAML)", show_default=False)],
    units: Annotated[Path | None, typer.Option("--units", help="roadside units, GeoJSON points")] = None,
    count: Annotated[int | None, typer.Option("--place", min=1, help="find good places for so many units")] = None,
    wanted: Annotated[float, typer.Option(min=0.01, max=0.99999, help="share of messages that must arrive")] = 0.99,
    fill: Annotated[float, typer.Option(min=0, max=1, help="how full the stacks stand")] = 0.7,
    height: Annotated[float, typer.Option(min=1, max=60, help="antenna height of the units, m")] = 5.0,
    latency: Annotated[float, typer.Option(min=0, max=5, help="from sender to wheel, s")] = 0.02,
    top: Top = 15,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None, typer.Option("--out", metavar="FILE", help="table (.csv), map (.png) or units (.geojson)")
    ] = None,
) -> None:
    """Reception over the terminal, lane by lane, with the stacks as obstacles (3GPP TR 37.885).

    Without --units and --place: the units of the file's `radio:` section, as it describes them.
    """
    import numpy as np

    from port.radio.answers import answer, draw, read_units
    from port.radio.control import Messages
    from port.reading import load_terminal
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, feature, print_table, write_csv, write_geojson
    from twin.scenario.problems import ScenarioError

    if units is not None and count is not None:
        raise ScenarioError(["give either --units FILE or --place N"])
    for file in (terminal, *([units] if units else [])):
        if not file.is_file():
            raise ScenarioError([f"{file}: there is no such file"])
    outs = out or []
    check_outs(outs, (".csv", ".geojson", ".png", ".pdf", ".svg"))
    place = load_terminal(terminal)
    own = place.radio if units is None and count is None else None
    if units is None and count is None and not (own is not None and own.units):
        raise ScenarioError(["give either --units FILE or --place N, or name units under `radio:` in the file"])
    try:
        places = read_units(units) if units is not None else None
        messages = Messages(latency_s=latency)
        if own is not None:
            if isinstance(own.units, int):
                count = own.units
            else:
                places = np.array([u.at for u in own.units], dtype=float)
            wanted, fill, height = own.wanted, own.fill, own.height
            messages = Messages(own.period, own.latency, own.slow, own.stop, own.quantile)
        found = answer(place, places, count or 0, wanted, fill, height, messages)
    except ValueError as error:
        raise ScenarioError([str(error)]) from error
    spots = [{"id": f"RSU{k + 1:02d}", "x_m": float(x), "y_m": float(y)} for k, (x, y) in enumerate(found.units)]
    for path in outs:
        if path.suffix == ".csv":
            write_csv(path, found.rows)
        elif path.suffix == ".geojson":
            write_geojson(path, [feature("Point", [s["x_m"], s["y_m"]], s) for s in spots])
        else:
            draw(found, path)
    if as_json:
        body = {"terminal": terminal.name, "units": spots, "covered": found.covered, "wanted": wanted}
        print(text({**body, "covered_after_each": list(found.curve), "lanes": found.rows, "budgets": found.budgets}))
        return
    share = f"{found.covered:.1%} of the lanes hear at least {wanted:.1%} of the messages"
    print_table(f"{terminal.name}: {len(spots)} roadside units, worst lanes first", found.rows[:top], share)
    if found.curve:
        print("with one unit more each: " + ", ".join(f"{c:.1%}" for c in found.curve))
    print_table("Latency budgets of 3GPP TS 22.186", found.budgets)
