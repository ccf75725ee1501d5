"""`twin port replay`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson, RunFolder


@guarded
def replay(
    run: RunFolder,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="the page (.html); else replay.html in the run's folder"),
    ] = None,
    begin: Annotated[str, typer.Option("--from", help="where it begins, since the run's start, e.g. 1h")] = "0 s",
    end: Annotated[str | None, typer.Option("--to", help="where it ends; else with the run")] = None,
    as_json: AsJson = False,
) -> None:
    """The yard in motion: trucks, cranes, lines and ships as one page that opens from disk.

    The run must have been told to keep its trucks' ways: `port: {record: trucks}`.
    """
    from port.replay.page import replay_page
    from port.run_folder import the_run
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs
    from twin.scenario.problems import ScenarioError
    from twin.scenario.quantities import parse
    from twin.whole import write_text_whole

    view = the_run(run)
    page = run / "replay.html" if out is None else out
    check_outs([page], (".html", ".htm"))
    times = {}
    for name, given in (("--from", begin), ("--to", end)):
        try:
            times[name] = None if given is None else parse(given, "s")
        except ValueError as error:
            raise ScenarioError([f"{name}: {error}"]) from error
    last = view.duration_us / 1e6
    first, until = times["--from"] or 0.0, times["--to"]
    stop = last if until is None else until
    if not 0.0 <= first < min(stop, last):
        raise ScenarioError([f"--from {begin} --to {end or 'the end'}: the run lasts from 0 to {last / 3600:g} h"])
    content = replay_page(view, first, stop)
    write_text_whole(page, content)
    size = len(content.encode())
    found = {"run": view.name, "file": str(page), "bytes": size, "from_s": first, "to_s": min(stop, last)}
    print(text(found) if as_json else f"{page}  {size / 1e6:.1f} MB")
