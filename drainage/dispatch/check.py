"""What can be wrong with a section `dispatch` when it is held against the sewer file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from drainage.config import DrainageConfig
from drainage.dispatch.config import Dispatch
from drainage.network import SewerFile
from twin.model import Setup
from twin.scenario.problems import Problem, choose

GATES = ("orifice", "weir", "outlet")
Name = tuple[tuple[str | int, ...], str, str]
"""(key path within the section, id, what it must be)"""


def check_dispatch(setup: Setup, sewer: SewerFile) -> Iterator[Problem]:
    """Every problem of the section `dispatch`; nothing where there is none."""
    config: DrainageConfig = setup.config
    if (dispatch := config.dispatch) is None:
        return
    at: tuple[str | int, ...] = (setup.section, "dispatch")
    bad = list(_unknown(at, _names(dispatch), sewer))
    yield from bad
    if bad:
        return
    yield from _levels(at, dispatch, sewer)
    yield from _plant(at, dispatch)
    yield from _weather(setup, at, dispatch)
    if dispatch.policy == "mpc":
        yield from _mpc(setup, at, dispatch)


def _names(dispatch: Dispatch) -> Iterator[Name]:
    """Every id of the section and what kind of object it names."""
    for name, station in dispatch.stations.items():
        yield from ((("stations", name, "pumps", k), id, "pump") for k, id in enumerate(station.pumps))
        if station.well:
            yield ("stations", name, "well"), station.well, "node"
    for name, gate in dispatch.gates.items():
        yield ("gates", name, "link"), gate.link, "gate"
    for name, basin in dispatch.basins.items():
        yield ("basins", name, "node"), basin.node, "storage unit"
        for key in ("inlet", "outlet"):
            if id := getattr(basin, key):
                yield ("basins", name, key), id, "pump or gate"
        if basin.watch:
            yield ("basins", name, "watch"), basin.watch, "node"
    if dispatch.plant is not None:
        yield ("plant", "at"), dispatch.plant.at, "link or outfall"
    yield from ((("cso", k), id, "link or outfall") for k, id in enumerate(dispatch.cso))


def _unknown(at: tuple[str | int, ...], names: Iterable[Name], sewer: SewerFile) -> Iterator[Problem]:
    def links(*kinds: str) -> list[str]:
        return [x.id for x in sewer.links.values() if not kinds or x.kind in kinds]

    outfalls = [n.id for n in sewer.of_kind("outfall")]
    known: dict[str, Callable[[], list[str]]] = {
        "pump": lambda: links("pump"),
        "gate": lambda: links(*GATES),
        "pump or gate": lambda: links("pump", *GATES),
        "node": lambda: [n.id for n in sewer.nodes.values() if n.kind != "outfall"],
        "storage unit": lambda: [n.id for n in sewer.of_kind("storage")],
        "link or outfall": lambda: [*links(), *outfalls],
    }
    words = {"gate": "orifice, weir or outlet", "pump or gate": "pump, orifice, weir or outlet"}
    for path, id, kind in names:
        found = known[kind]()
        if id not in found:
            text = f"no {words.get(kind, kind)} '{id}' in {sewer.path.name}.{choose(id, found)}"
            yield Problem((*at, *path), text)


def _levels(at: tuple[str | int, ...], dispatch: Dispatch, sewer: SewerFile) -> Iterator[Problem]:
    """Levels that a node never reaches: a switch at them would never be thrown."""
    for path, node, level in _switches(dispatch, sewer):
        deep = sewer.nodes[node].depth_m
        if 0 < deep <= level:
            text = f"{level:g} m is never reached: {node} is {deep:g} m deep in {sewer.path.name}. Give a lower depth"
            yield Problem((*at, *path), text)


def _switches(dispatch: Dispatch, sewer: SewerFile) -> Iterator[tuple[tuple[str | int, ...], str, float]]:
    links = sewer.links
    for name, station in dispatch.stations.items():
        well = station.well or links[station.pumps[0]].nodes[0]
        yield from ((("stations", name, "start", k), well, level) for k, level in enumerate(station.start))
    for name, gate in dispatch.gates.items():
        yield ("gates", name, "open_above"), links[gate.link].nodes[0], gate.open_above
    for name, basin in dispatch.basins.items():
        yield ("basins", name, "keep"), basin.node, basin.keep
        if basin.inlet and basin.fill_above is not None:
            yield ("basins", name, "fill_above"), basin.watch or links[basin.inlet].nodes[0], basin.fill_above


def _plant(at: tuple[str | int, ...], dispatch: Dispatch) -> Iterator[Problem]:
    if dispatch.plant is None:
        return
    commanded = [id for _, id in dispatch.links()]
    for k, id in enumerate(dispatch.plant.feeds):
        if id not in commanded:
            text = f"'{id}' is no pump or gate of the stations, gates and basins here.{choose(id, commanded)}"
            yield Problem((*at, "plant", "feeds", k), text)
    if not dispatch.plant.feeds:
        text = "the plant has no `feeds`, so its limit is counted but nothing is throttled for it"
        yield Problem((*at, "plant"), text, warn=True)


def _weather(setup: Setup, at: tuple[str | int, ...], dispatch: Dispatch) -> Iterator[Problem]:
    config: DrainageConfig = setup.config
    if dispatch.river is not None and "tide" not in setup.linked and config.river_level is None:
        text = "the river has no stage to compare with its warning: add `tide` to `weather`, or `river_level` here"
        yield Problem((*at, "river"), text)
    if "rain_forecast" not in setup.linked and dispatch.policy != "file" and dispatch.lowers:
        text = "no rain is forecast (the scenario's weather has none), so nothing is ever drawn down before a storm"
        yield Problem((*at, "forecast"), text, warn=True)


def _mpc(setup: Setup, at: tuple[str | int, ...], dispatch: Dispatch) -> Iterator[Problem]:
    from drainage.dispatch.branch import supported

    mpc, exchange_s = dispatch.mpc, setup.exchange_us / 1e6
    if not supported():
        yield Problem((*at, "policy"), "`mpc` needs a system that can fork (Linux): use `rules`")
    if mpc.interval * 1e6 % setup.exchange_us:
        text = f"must be a multiple of the exchange ({exchange_s:g} s), or decisions fall between two exchanges"
        yield Problem((*at, "mpc", "interval"), text)
    if mpc.horizon < dispatch.forecast.lead:
        text = (
            f"branches look {mpc.horizon / 60:g} min ahead, operators {dispatch.forecast.lead / 60:g} min: plans may "
            "save pumping before a storm that they do not see. Lengthen `horizon`"
        )
        yield Problem((*at, "mpc", "horizon"), text, warn=True)
