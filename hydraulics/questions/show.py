"""How an answer about a network is shown: the tables of `twin.cli.show`, and where a link lies."""

from __future__ import annotations

from hydraulics.fast.arrays import Network
from twin.cli.show import Row, as_json, feature, heading, plain, print_table, write_csv, write_geojson, write_out

__all__ = [
    "Row", "as_json", "feature", "heading", "line_of", "plain", "print_table", "write_csv", "write_geojson",
    "write_out",
]  # fmt: skip


def line_of(network: Network, link: int) -> list[list[float]]:
    """A link as a straight line between its nodes."""
    return [network.xy[network.first[link]].tolist(), network.xy[network.second[link]].tolist()]
