"""The log of cycles in TIC4.0's form: header, subject (`che`), concept (`cycle`), one JSON object a line.

A cycle of a machine begins where the one before it has ended, so waiting belongs to it, and ends when the payload is
handed over (TIC4.0, "Cycle": the basic cycle of a CHE). Types of machines: STS (quay crane), RMG (yard gantry). Two
boxes under a twin spreader are one cycle.

A terminal operating system in the loop would answer dispatch decisions in place of a policy: `port.dispatch.Policy` is
that seam. Its `assign(decision)` gets the open orders and idle trucks and gives the pairs, at the same moments in both
engines; this log is what such a system would be told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from port.messages.iso6346 import made_up
from port.state import DELIVER, DISCHARGE, LOAD, RECEIVE, RETRIEVE, STORE
from twin.results.view import RunView

VERSION = "2025.017"
TYPES = {DISCHARGE: "STS", LOAD: "STS", STORE: "RMG", RETRIEVE: "RMG", RECEIVE: "RMG", DELIVER: "RMG"}


def events(run: RunView, sender: str) -> Iterator[str]:
    """A line for every finished cycle of a quay crane or gantry, by time of its end."""
    papers = {row["box"]: row for row in run.table("port", "containers")}
    ended: dict[str, float] = {}
    moves = (row for row in run.table("port", "moves") if row["cycle"] in TYPES)
    lifts = groupby(moves, key=lambda r: (float(r["end_s"]), str(r["che"]), str(r["cycle"]), str(r["truck"])))
    for number, ((end_s, che, kind, truck), rows) in enumerate(lifts, 1):
        boxes = [int(row["container"]) for row in rows]
        names = [papers.get(box, {}).get("container") or made_up(box) for box in boxes]
        begin, end = (_stamp(run.start, s) for s in (ended.get(che, 0.0), end_s))
        cycle: dict[str, Any] = {
            "id": f"{che}-{number}",
            "starttimestamp": begin,
            "endtimestamp": end,
            "duration": {"output": {"actual": {"value": round(end_s - ended.get(che, 0.0), 3), "unit": "second"}}},
            "move": {"type": kind.lower(), "counter": {"output": {"actual": {"box": len(boxes)}}}},
            "cargo": [{"id": name, "unit": "box"} for name in names],
            "transport": {"id": truck},
        }
        header = {"id": str(number), "sender": sender, "topic": "che.cycle", "timestamp": end, "version": VERSION}
        yield json.dumps({"msg": header, "che": [{"id": che, "type": TYPES[kind], "cycle": [cycle]}]})
        ended[che] = end_s


def _stamp(start: datetime, seconds: float) -> str:
    return (start + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
