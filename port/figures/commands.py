"""`twin port figures`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson, RunFolder


@guarded
def figures(
    run: RunFolder,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="where the pictures go; made if need be")],
    as_json: AsJson = False,
) -> None:
    """Gantt of ships and quay cranes, and a map of how full the lanes were."""
    from port.figures.gantt import draw_gantt
    from port.figures.lanes import draw_lanes
    from port.run_folder import open_run
    from twin.cli.show import as_json as text
    from twin.whole import whole

    view = open_run(run, out)
    made = []
    for name, draw in (("gantt.png", draw_gantt), ("lanes.png", draw_lanes)):
        with whole(out / name) as part:
            draw(view, part)
        made.append(str(out / name))
    print(text({"run": view.name, "files": made}) if as_json else "\n".join(made))
