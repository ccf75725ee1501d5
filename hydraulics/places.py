"""Where the ports' values live, and what people call the place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hydraulics.inp import Tags, spoken
from hydraulics.network import Network, along
from hydraulics.outlets import Outlets
from twin.places import City, Lines, Places, Points


@dataclass(frozen=True)
class Streets:
    """Names by junction id and by link id; only where the file's [TAGS] give one."""

    nodes: dict[str, str]
    links: dict[str, str]


def streets(network: Network, tags: Tags) -> Streets:
    """A link without a tag takes that of its first tagged end."""
    nodes = {name: spoken(tag) for name, tag in tags.nodes.items()}
    links = {name: spoken(tag) for name, tag in tags.links.items()}
    for name, ends in zip(network.link_ids, network.link_nodes.tolist(), strict=True):
        found = [nodes[network.node_ids[end]] for end in ends if network.node_ids[end] in nodes]
        if found:
            links.setdefault(name, found[0])
    return Streets(nodes, links)


def make_places(network: Network, names: Streets, pipes: list[int], outlets: Outlets) -> dict[str, Places]:
    """The model's places; gives every outlet the id of its place.

    outlet    the middle of every pipe (a burst elsewhere on it moves it there), then hydrants and further bursts
    """
    ids = [network.link_ids[k] for k in pipes]
    xy = [along(network.shapes[k], 0.5) for k in pipes]
    label = [names.links.get(name, "") for name in ids]
    row = {name: k for k, name in enumerate(ids)}
    moved: set[str] = set()
    for (pipe, share), outlet in outlets.bursts.items():
        if pipe not in moved:
            moved.add(pipe)
            outlet.place, xy[row[pipe]] = pipe, outlet.xy
        else:
            outlet.place = _free(f"{pipe}@{share:g}", ids)
            ids.append(outlet.place)
            xy.append(outlet.xy)
            label.append(names.links.get(pipe, ""))
    for junction, outlet in outlets.hydrants.items():
        outlet.place = _free(junction, ids)
        ids.append(outlet.place)
        xy.append(outlet.xy)
        label.append(names.nodes.get(junction, ""))

    junction_names = tuple(names.nodes.get(name, "") for name in network.junction_ids)
    pipe_names = tuple(names.links.get(network.link_ids[k], "") for k in pipes)
    pumps = network.pick("PUMP").tolist()
    return {
        "outlet": Points(tuple(ids), np.array(xy, dtype=float).reshape(-1, 2), tuple(label) if any(label) else ()),
        "junction": Points(network.junction_ids, network.junction_xy, junction_names if any(junction_names) else ()),
        "pipe": Lines(
            tuple(network.link_ids[k] for k in pipes),
            tuple(network.shapes[k] for k in pipes),
            pipe_names if any(pipe_names) else (),
        ),
        "tank": Points(network.tank_ids, network.tank_xy),
        "pump": Points(
            tuple(network.link_ids[k] for k in pumps),
            np.array([network.shapes[k][0] for k in pumps], dtype=float).reshape(-1, 2),
            tuple(names.links.get(network.link_ids[k], "") for k in pumps),
        ),
        "city": City(),
    }


def _free(name: str, taken: list[str]) -> str:
    """`name`, or `node:name` where a pipe has the same id."""
    return name if name not in taken else f"node:{name}"
