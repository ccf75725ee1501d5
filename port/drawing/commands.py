"""`twin port layout`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson


@guarded
def layout(
    terminal: Annotated[Path, typer.Argument(help="terminal file (YAML)", show_default=False)],
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None,
        typer.Option(
            "--out", metavar="FILE", help="figures (.csv), a map (.png, .pdf, .svg) or a drawing (.geojson); repeatable"
        ),
    ] = None,
) -> None:
    """What a terminal's file describes: quay, yard, lanes and gate in figures, and whether they fit together.

    The drawing opens in a GIS; changed there, `layout: FILE.geojson` in a terminal's file reads it again.

    Example:  twin port layout terminal.yaml --out map.png --out site.geojson
    """
    from port.drawing.facts import facts
    from port.drawing.features import features
    from port.drawing.figure import draw_layout
    from port.reading import read_terminal
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, print_table, write_out
    from twin.scenario.problems import ScenarioError

    if not terminal.is_file():
        raise ScenarioError([f"{terminal}: there is no such file"])
    outs = out or []
    check_outs(outs)
    place, problems = read_terminal(terminal)
    lines = [(p.warn, f"{p.where}  {p.text}".strip()) for p in problems]
    if place is None:
        raise ScenarioError([line for warn, line in lines if not warn])
    rows = facts(place)
    write_out(outs, rows, lambda: features(place), lambda path: draw_layout(place, path))
    warnings = [line for _, line in lines]
    if as_json:
        print(text({"terminal": place.name, "figures": rows, "warnings": warnings}))
        return
    shown = [{k: v for k, v in row.items() if k != "key"} for row in rows]
    print_table(f"{place.name} ({terminal.name})", [{**r, "value": _number(r["value"])} for r in shown])
    for line in warnings:
        print(f"warning  {line}")


def _number(value: float) -> str:
    """Whole where the number is or is large, else one decimal."""
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:,.1f}"
