"""`twin port messages` and `twin port bayplan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from twin.cli.guard import guarded
from twin.cli.options import AsJson, RunFolder, Top


@guarded
def messages(
    run: RunFolder,
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="where the files go; made if need be")],
    sender: Annotated[str, typer.Option(help="code of the terminal in the messages")] = "TERMINAL",
    recipient: Annotated[str, typer.Option(help="code of who gets them")] = "LINE",
    as_json: AsJson = False,
) -> None:
    """Gate and quay reports of a run (CODECO, COARRI; EDIFACT D.95B), and its cycles in TIC4.0's form."""
    from port.messages.report import files_of
    from port.run_folder import open_run
    from port.tic40.events import events
    from twin.cli.show import as_json as text
    from twin.cli.show import print_table
    from twin.whole import write_text_whole

    view = open_run(run, out)
    rows = []
    for name, body, count in files_of(view, sender, recipient):
        write_text_whole(out / name, body)
        rows.append({"file": name, "containers": count, "bytes": len(body)})
    lines = list(events(view, sender))
    write_text_whole(out / "tic40_events.jsonl", "".join(line + "\n" for line in lines))
    rows.append({"file": "tic40_events.jsonl", "containers": None, "bytes": sum(len(line) + 1 for line in lines)})
    if as_json:
        print(text({"run": view.name, "folder": str(out), "files": rows}))
        return
    print_table(f"{view.name}: messages in {out}", rows, f"{len(lines)} cycles in tic40_events.jsonl")


@guarded
def bayplan(
    file: Annotated[Path, typer.Argument(help="bay plan (BAPLIE)", show_default=False)],
    top: Top = 20,
    as_json: AsJson = False,
    out: Annotated[
        list[Path] | None, typer.Option("--out", metavar="FILE", help="table (.csv) or figure (.png)")
    ] = None,
) -> None:
    """What is aboard, bay by bay, in the order in which it would be discharged."""
    from port.messages.boxes import read_bayplans
    from port.messages.figure import draw_bayplan
    from port.messages.stowage import in_order
    from twin.cli.show import as_json as text
    from twin.cli.show import check_outs, print_table, write_csv
    from twin.scenario.problems import ScenarioError
    from twin.whole import whole

    outs = out or []
    check_outs(outs, (".csv", ".png", ".pdf", ".svg"))
    try:
        plans = read_bayplans(file)
    except ValueError as error:
        raise ScenarioError([str(error)]) from error
    plan = plans[0]
    rows = [
        {
            "cell": b.cell.code if b.cell else None,
            "container": b.number or None,
            "size_type": b.size_type or None,
            "weight_kg": b.weight_kg,
            "full": b.full or None,
            "loaded_at": b.load_port or None,
            "for": b.discharge_port or None,
            "leaves_here": bool(plan.arrives) and b.discharge_port == plan.arrives,
        }
        for b in in_order(plan.boxes, load=False)
    ]
    for path in outs:
        if path.suffix == ".csv":
            write_csv(path, rows)
        else:
            with whole(path) as part:
                draw_bayplan(plan, part)
    here = sum(bool(r["leaves_here"]) for r in rows)
    if as_json:
        head = {"vessel": plan.vessel, "voyage": plan.voyage, "departs": plan.departs, "arrives": plan.arrives}
        print(text({**head, "boxes": rows, "notes": list(plan.notes)}))
        return
    title = (
        f"{plan.vessel or file.name}, voyage {plan.voyage or '-'}: {len(rows)} containers from {plan.departs or '-'}"
    )
    print_table(title, rows[:top], f"{here} are for the next port, {plan.arrives or 'which the plan does not name'}")
    if len(rows) > top:
        print(f"{len(rows) - top} more rows: --top, --json or --out FILE.csv")
    if len(plans) > 1:
        print(f"the file holds {len(plans) - 1} more bay plan(s); the first is shown")
    for note in plan.notes:
        print(f"note: {note}")
