"""Options that every command spells and means alike, written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="print JSON with stable keys")]
Top = Annotated[int, typer.Option("--top", min=1, help="rows to print")]
Threads = Annotated[int, typer.Option("--threads", min=1, max=64, help="threads")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="no progress")]
ScenarioFile = Annotated[Path, typer.Argument(help="scenario file (YAML)", show_default=False, readable=False)]
RunFolder = Annotated[Path, typer.Argument(help="a run's folder", show_default=False)]
Maps = Annotated[
    list[Path] | None,
    typer.Option(
        "--out",
        metavar="FILE",
        help="write a table (.csv), a map (.geojson) or a figure (.png, .pdf, .svg); repeatable",
    ),
]
