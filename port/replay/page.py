"""One page that plays a terminal's run. It opens from disk without a network."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import Any

import numpy as np

from port.replay import states
from port.replay.coverage import underlay
from port.replay.record import YardLog, read_yard_log
from port.replay.scene import Scene
from port.replay.tracks import Track, make_tracks
from twin.clock import offset_text
from twin.report.pack import blob, pack_text
from twin.results.view import RunView

SCRIPTS = ("data.js", "view.js", "draw.js", "play.js")


def replay_page(run: RunView, begin: float = 0.0, end: float | None = None) -> str:
    """The page as text, from `begin` to `end` in s since the run's start.

    Raises `ScenarioError` when the run has not kept its trucks' ways.
    """
    log = read_yard_log(run)
    end = log.end_us / 1e6 if end is None else min(end, log.end_us / 1e6)
    content = payload(run, log, begin, end)
    text = _asset("page.html")
    parts = {
        "title": html.escape(run.title),
        "style": _asset("page.css"),
        "script": "\n".join(_asset(name) for name in SCRIPTS),
        "payload": json.dumps(content, separators=(",", ":")).replace("<", "\\u003c"),
    }
    for key, value in parts.items():
        text = text.replace("{{ " + key + " }}", value)
    return text


def payload(run: RunView, log: YardLog, begin: float, end: float) -> dict[str, Any]:
    """What the page's script reads. Seconds count from `begin`, metres from the scene's origin."""
    scene = log.scene
    tracks = make_tracks(log)
    shown = [k for k, track in enumerate(tracks) if k < len(scene["trucks"]) or is_there(track, begin, end)]
    cut = [cut_track(tracks[k], begin, end) for k in shown]
    corner = np.array([p for lane in scene["lanes"] for p in lane["line"]]).min(axis=0)
    broken = states.stopped_trucks(log, run)
    names = [*scene["trucks"], *scene["road_trucks"]]

    def steps(found: states.Steps, before: int = 0) -> list[list[float]]:
        return [[round(t - begin, 1), v] for t, v in states.window(found, begin, end, before)]

    cranes, gantries = states.machine_steps(log, run)
    rest = {
        **_standing(scene, corner),
        "names": [names[k] for k in shown],
        "own": len(scene["trucks"]),
        "boxes": [steps(tracks[k].boxes) for k in shown],
        "helpless": [steps(tracks[k].helpless) for k in shown],
        "broken": [steps(broken.get(names[k], [])) for k in shown],
        "left": [bool(tracks[k].left and tracks[k].t[-1] <= end) for k in shown],
        "crane_steps": [steps(s) for s in cranes],
        "gantry_steps": [steps(s) for s in gantries],
        "lane_steps": [steps(s) for s in states.lane_steps(log, run)],
        "gate_queue": steps(states.series_steps(run, "gate_queue")),
        "gate_closed": steps(states.gate_closed(run)),
        "ships": _ships(log, run, begin, end),
        "moves": _moves(run, begin, end),
        "stock": _stock(run, begin, end),
        "told": [{**e, "s": round(e["s"] - begin, 1)} for e in states.told(run, begin, end)],
    }
    cover = underlay(scene, run, begin, end)
    if cover is not None:
        cover["low"] = [cover["low"][0] - corner[0], cover["low"][1] - corner[1]]
        cover["steps"] = [[round(t - begin, 1), v] for t, v in cover["steps"]]
        for unit in cover["units"]:
            unit["at"] = [unit["at"][0] - corner[0], unit["at"][1] - corner[1]]
            unit["silent"] = steps(unit["silent"])
    return {
        "title": run.title,
        "terminal": scene["terminal"],
        "day": f"{run.start:%A %d %B %Y}",
        "clock_s": run.start.hour * 3600 + run.start.minute * 60 + run.start.second + begin,
        "span": f"{offset_text(round(begin * 1e6))} to {offset_text(round(end * 1e6))}",
        "length_s": end - begin,
        "before_s": begin,
        "cover": cover,
        "rest": pack_text(rest),
        **{f"key_{name}": column(values) for name, values in _keys(cut, begin).items()},
        **{f"act_{name}": column(values) for name, values in _acts(tracks, shown, begin, end).items()},
    }


def is_there(track: Track, begin: float, end: float) -> bool:
    """Whether a truck is in the terminal at some time between the two."""
    return len(track.t) > 0 and track.t[0] < end and (track.t[-1] > begin or not track.left)


def column(values: Sequence[int]) -> str:
    """Whole numbers as compressed differences."""
    return blob(np.diff(np.array(values, dtype=np.int64), prepend=0).astype("<i4").tobytes())


def cut_track(track: Track, begin: float, end: float) -> np.ndarray:
    """Keys (n, 5) between two times, with one at each of them where the truck was there."""
    rows = np.column_stack([track.t, track.lane, track.back, track.s, track.lat])
    inside = rows[(track.t > begin) & (track.t < end)]
    edges = []
    for moment in (begin, end):
        if track.t[0] <= moment and (moment <= track.t[-1] or not track.left):
            k = max(int(np.searchsorted(track.t, moment, side="right")) - 1, 0)
            lane, s, lat = track.at(moment)
            edges.append((moment, [[moment, lane, track.back[k], s, lat]]))
    first = [row for moment, row in edges if moment == begin]
    last = [row for moment, row in edges if moment == end]
    return np.concatenate([*first, inside, *last])


def _keys(cut: list[np.ndarray], begin: float) -> dict[str, list[int]]:
    table = np.concatenate(cut) if cut else np.zeros((0, 5))
    return {
        "n": [len(rows) for rows in cut],
        "t": _tenths(table[:, 0] - begin),
        "arc": (2 * table[:, 1] + table[:, 2]).astype(int).tolist(),
        "s": _tenths(table[:, 3]),
        "lat": _tenths(table[:, 4]),
    }


def _acts(tracks: list[Track], shown: list[int], begin: float, end: float) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {"n": [], "t": [], "what": [], "at": []}
    for k in shown:
        acts = tracks[k].acts
        past = [a for a in acts if a[0] <= begin][-1:]
        rows = [*((begin, what, at) for _, what, at in past), *(a for a in acts if begin < a[0] <= end)]
        found["n"].append(len(rows))
        found["t"] += _tenths(np.array([a[0] for a in rows]) - begin)
        found["what"] += [a[1] for a in rows]
        found["at"] += [a[2] for a in rows]
    return found


def _tenths(values: Any) -> list[int]:
    return np.round(np.asarray(values, dtype=float) * 10).astype(int).tolist()


def _standing(scene: Scene, corner: np.ndarray) -> dict[str, Any]:
    """What does not move, in m from the corner; `up` points from the yard to the water."""

    def near(points: Iterable[Any]) -> list[list[float]]:
        return [[round(float(p[0] - corner[0]), 2), round(float(p[1] - corner[1]), 2)] for p in points]

    ends = np.array([b["line"] for b in scene["berths"]], dtype=float)
    along = (ends[:, 1] - ends[:, 0]).sum(axis=0)
    up = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    yard = np.array([p for lane in scene["lanes"] for p in lane["line"]]).mean(axis=0)
    if (ends.reshape(-1, 2).mean(axis=0) - yard) @ up < 0:
        up = -up
    return {
        "up": up.tolist(),
        "vehicle_m": scene["vehicle_m"],
        "lanes": [
            {"id": lane["id"], "oneway": lane["oneway"], "for": lane["for"], "line": near(lane["line"])}
            for lane in scene["lanes"]
        ],
        "places": scene["places"],
        "berths": [{"id": b["id"], "line": near(b["line"])} for b in scene["berths"]],
        "cranes": [{**c, "at": near([c["at"]])[0]} for c in scene["cranes"]],
        "blocks": [{**b, "middle": near([b["middle"]])[0]} for b in scene["blocks"]],
        "gantries": scene["gantries"],
        "gate": {**scene["gate"], "at": near([scene["gate"]["at"]])[0]},
        "stations": [{**s, "at": near([s["at"]])[0]} for s in scene["stations"]],
    }


def _ships(log: YardLog, run: RunView, begin: float, end: float) -> list[dict[str, Any]]:
    """Ships that lie at a berth in the window; `done` counts the moves before it."""
    found = []
    for ship in states.ships(log, run):
        if ship["berthed"] > end or (ship["left"] is not None and ship["left"] < begin):
            continue
        times = {key: None if ship[key] is None else ship[key] - begin for key in ("at", "berthed", "work", "left")}
        moves = [round(t - begin, 1) for t in ship["moves"] if t <= end]
        found.append({**ship, **times, "moves": moves})
    return found


def _moves(run: RunView, begin: float, end: float) -> list[list[float]]:
    """(second, crane's number) of every container over the quay up to the window's end; below 0 before the window."""
    number = {str(row["crane"]): k for k, row in enumerate(run.table("port", "cranes"))}
    return [
        [round(float(row["end_s"]) - begin, 1), number[str(row["che"])]]
        for row in run.table("port", "moves")
        if row["che"] in number and float(row["end_s"]) <= end
    ]


def _stock(run: RunView, begin: float, end: float) -> dict[str, Any] | None:
    """Boxes in every block, as recorded."""
    if not run.has("port", "block_stock"):
        return None
    times, values = run.field("port", "block_stock")
    kept = (times <= end) & (times >= begin - 3600)
    return {"t": (times[kept] - begin).tolist(), "boxes": values[kept].astype(int).tolist()}


def _asset(name: str) -> str:
    return (files("port.replay") / name).read_text(encoding="utf-8")
