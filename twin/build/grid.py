"""A checkerboard city of any size, for scaling measurements and quick trials: nodes and edges, joined by netconvert."""

from __future__ import annotations

from pathlib import Path

from twin.build.gate import run_sumo_tool, strip_header
from twin.build.recipe import GridStreets

MAIN_EVERY = 4
"""Every fourth street is a main street with two lanes each way that leads out of the city."""
STUB_M = 200.0


def grid_network(grid: GridStreets, scratch: Path) -> Path:
    """Write the network to `scratch` and give its path. Local metres, no projection."""
    nodes: dict[str, tuple[float, float]] = {}
    edges: list[str] = []

    def street(a: str, b: str, main: bool, name: str) -> None:
        kind = (
            'type="highway.secondary" numLanes="2" speed="13.89" priority="9"'
            if main
            else ('type="highway.residential" numLanes="1" speed="8.33" priority="3"')
        )
        for start, end in ((a, b), (b, a)):
            edges.append(f'<edge id="{start}_{end}" from="{start}" to="{end}" {kind} name="{name}"/>')

    for i in range(grid.columns):
        for j in range(grid.rows):
            nodes[f"x{i}y{j}"] = (i * grid.block, j * grid.block)
    for j in range(grid.rows):
        for i in range(grid.columns - 1):
            street(f"x{i}y{j}", f"x{i + 1}y{j}", _main(j), f"East Street {j + 1}")
    for i in range(grid.columns):
        for j in range(grid.rows - 1):
            street(f"x{i}y{j}", f"x{i}y{j + 1}", _main(i), f"North Street {i + 1}")
    for j in filter(_main, range(grid.rows)):
        for end, x in ((0, -STUB_M), (grid.columns - 1, (grid.columns - 1) * grid.block + STUB_M)):
            nodes[f"out_x{end}y{j}"] = (x, j * grid.block)
            street(f"x{end}y{j}", f"out_x{end}y{j}", True, f"East Street {j + 1}")
    rows = []
    for name, (x, y) in nodes.items():
        kind = "traffic_light" if _signals(name) else "priority"
        rows.append(f'<node id="{name}" x="{x:.2f}" y="{y:.2f}" type="{kind}"/>')
    (scratch / "grid.nod.xml").write_text("<nodes>\n" + "\n".join(rows) + "\n</nodes>\n", encoding="utf-8")
    (scratch / "grid.edg.xml").write_text("<edges>\n" + "\n".join(edges) + "\n</edges>\n", encoding="utf-8")
    target = scratch / "grid.net.xml"
    run_sumo_tool(
        "netconvert",
        [
            *("-n", str(scratch / "grid.nod.xml"), "-e", str(scratch / "grid.edg.xml"), "-o", str(target)),
            *("--offset.disable-normalization", "--no-turnarounds.except-deadend", "--no-warnings"),
            *("--output.street-names", "--default.disallow", "pedestrian,rail,rail_urban,tram,ship"),
        ],
    )
    strip_header(target)
    return target


def _main(number: int) -> bool:
    return number % MAIN_EVERY == MAIN_EVERY // 2


def _signals(name: str) -> bool:
    """Two main streets meet."""
    if name.startswith("out"):
        return False
    column, row = name[1:].split("y")
    return _main(int(column)) and _main(int(row))
