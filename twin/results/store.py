"""How places and ports stand in the Zarr store: CF names, so that xarray and GIS tools read them without us.

/                          start, crs
/<section>/time            times of SERIES ports; `time_field`: of FIELD ports
/<section>/<port>          (time, <at>_id), or (time_field, <at>_y, <at>_x) on a grid
/<section>/places/<at>/    ids, names, x, y; lines as ragged vertices
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.places import City, Grid, Lines, Places, Points
from twin.ports import Port, Record

STANDARD_NAMES = {
    "atmosphere__rainfall_rate": "rainfall_rate",
    "atmosphere__wind_speed": "wind_speed",
    "atmosphere__visibility": "visibility_in_air",
    "river__water_level": "water_surface_height_above_reference_datum",
    "surface__depth": "flood_water_thickness",
}
"""Quantities that the CF standard name table (version 83) knows; the others carry a long name only."""


def time_name(port: Port) -> str:
    """The time axis that the port is recorded on."""
    return "time_field" if port.record is Record.FIELD else "time"


def dimensions(port: Port, places: Places) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Shape and names of one moment's values."""
    if isinstance(places, Grid):
        return (places.ny, places.nx), (f"{port.at}_y", f"{port.at}_x")
    return (places.size,), (f"{port.at}_id",)


def port_attributes(port: Port, places: Places, crs: str | None) -> dict[str, Any]:
    """CF attributes of a port's array, and the port's own declaration."""
    found = {
        "units": port.unit,
        "long_name": port.doc,
        "kind": port.kind.value,
        "at": port.at,
        "record": port.record.value,
        "quantity": port.quantity,
    }
    if port.quantity in STANDARD_NAMES:
        found["standard_name"] = STANDARD_NAMES[port.quantity]
    if crs is not None and isinstance(places, Grid):
        found["grid_mapping"] = "crs"
    return found


def time_attributes(start: datetime) -> dict[str, str]:
    return {
        "units": f"microseconds since {start.isoformat()}",
        "calendar": "proleptic_gregorian",
        "standard_name": "time",
        "long_name": "time",
    }


def write_vector(group: Any, name: str, values: NDArray[Any], dim: str, attributes: dict[str, Any]) -> None:
    """A small array that is written once."""
    text = values.dtype.kind in "OU"
    shape = (max(len(values), 1),)
    array = group.create_array(
        name,
        shape=(len(values), *values.shape[1:]),
        chunks=shape,
        dtype="str" if text else values.dtype,
        dimension_names=(dim,),
        attributes=attributes,
        overwrite=True,
    )
    if len(values):
        array[:] = values.astype(object) if text else values


def write_places(section_group: Any, at: str, places: Places, crs: str | None) -> None:
    """Write `places/<at>` and, on a grid, the coordinates of its rows and columns beside the ports."""
    group = section_group.require_group(f"places/{at}")
    x = {"units": "m", "standard_name": "projection_x_coordinate", "long_name": "easting"}
    y = {"units": "m", "standard_name": "projection_y_coordinate", "long_name": "northing"}
    if isinstance(places, Grid):
        group.attrs.update(
            {
                "kind": "grid",
                "x0": places.x0,
                "y0": places.y0,
                "cell_m": places.cell_m,
                "nx": places.nx,
                "ny": places.ny,
            }
        )
        centre = places.cell_m / 2
        columns = places.x0 + centre + places.cell_m * np.arange(places.nx)
        rows = places.y0 + centre + places.cell_m * np.arange(places.ny)
        write_vector(section_group, f"{at}_x", columns, f"{at}_x", {**x, "axis": "X"})
        write_vector(section_group, f"{at}_y", rows, f"{at}_y", {**y, "axis": "Y"})
        if crs is not None:
            write_crs(section_group, crs)
        return
    ids = np.array(places.ids, dtype=object)
    write_vector(group, "ids", ids, f"{at}_id", {"long_name": "identifier"})
    write_vector(section_group, f"{at}_id", ids, f"{at}_id", {"long_name": f"identifier of the {at}"})
    if isinstance(places, City):
        group.attrs["kind"] = "city"
        return
    if places.names:
        write_vector(group, "names", np.array(places.names, dtype=object), f"{at}_id", {"long_name": "name"})
    if isinstance(places, Points):
        group.attrs["kind"] = "points"
        vertices = np.asarray(places.xy, dtype=float).reshape(-1, 2)
        dim = f"{at}_id"
    else:
        group.attrs["kind"] = "lines"
        shapes = [np.asarray(s, dtype=float).reshape(-1, 2) for s in places.shapes]
        vertices = np.concatenate([np.zeros((0, 2)), *shapes])
        counts = np.array([len(s) for s in shapes], dtype=np.int32)
        write_vector(group, "node_count", counts, f"{at}_id", {"long_name": "vertices of each line"})
        dim = "vertex"
        if places.width_m is not None:
            width = np.asarray(places.width_m, dtype=float)
            write_vector(group, "width", width, f"{at}_id", {"units": "m", "long_name": "width"})
    write_vector(group, "x", vertices[:, 0], dim, x)
    write_vector(group, "y", vertices[:, 1], dim, y)


def read_places(group: Any) -> Places:
    """The places that `write_places` wrote to `group`."""
    attributes = dict(group.attrs)
    if attributes["kind"] == "grid":
        return Grid(*(attributes[key] for key in ("x0", "y0", "cell_m", "nx", "ny")))
    ids = tuple(str(i) for i in group["ids"][:])
    if attributes["kind"] == "city":
        return City(ids)
    names = tuple(str(n) for n in group["names"][:]) if "names" in group else ()
    xy = np.column_stack([group["x"][:], group["y"][:]])
    if attributes["kind"] == "points":
        return Points(ids, xy, names)
    counts = group["node_count"][:]
    shapes = tuple(np.split(xy, np.cumsum(counts)[:-1])) if len(counts) else ()
    return Lines(ids, shapes, names, group["width"][:] if "width" in group else None)


def write_crs(section_group: Any, crs: str) -> None:
    """The CF grid mapping variable of the projected system."""
    if "crs" in section_group:
        return
    from pyproj import CRS

    section_group.create_array("crs", shape=(), dtype="int32", attributes=CRS(crs).to_cf(), dimension_names=())
