"""Whether a raster is a terrain in metres, and what is done about the holes in it.

The rule for holes: a single cell without a height, known all around, becomes the mean of its four neighbours; a larger
hole stays closed, as a wall (a building, a lake outside the survey). Both are told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.places import FloatArray, Grid

LOWEST_M, HIGHEST_M = -500.0, 9000.0
"""Land lies between the Dead Sea's shore (−430 m) and Everest. What lies outside was meant as `no data`."""
METRES = ("metre", "meter", "metres", "meters", "m", "")
FOOT_M = 0.3048


@dataclass(frozen=True)
class Mended:
    """What was done to holes: `filled` single cells, `walls` (n, 2): cells and first cell of each larger hole."""

    filled: NDArray[np.int64]
    walls: NDArray[np.int64]

    def words(self, grid: Grid) -> list[str]:
        """Sentences for the log."""
        found = []
        if self.filled.size:
            first = place(grid, int(self.filled[0]))
            found.append(
                f"{self.filled.size} single cells without a height were filled with the mean of their neighbours "
                f"(first at {first})"
            )
        if len(self.walls):
            largest = self.walls[self.walls[:, 0].argmax()]
            found.append(
                f"{len(self.walls)} holes without heights ({int(self.walls[:, 0].sum())} cells; the largest has "
                f"{int(largest[0])}, at {place(grid, int(largest[1]))}) are closed like walls. Fill them where "
                " water should pass"
            )
        return found


def place(grid: Grid, cell: int) -> str:
    """Where a cell is, for messages."""
    j, i = divmod(cell, grid.nx)
    return f"x {grid.x0 + (i + 0.5) * grid.cell_m:.10g}, y {grid.y0 + (j + 0.5) * grid.cell_m:.10g}"


def mend(bed: FloatArray) -> tuple[FloatArray, Mended]:
    """Fill single holes of a bed (ny, nx; NaN: no height), find the larger ones inside it."""
    hole = ~np.isfinite(bed)
    if not hole.any():
        return bed, Mended(np.zeros(0, np.int64), np.zeros((0, 2), np.int64))
    from scipy.ndimage import label

    marks, count = label(hole)
    sizes = np.bincount(marks.ravel(), minlength=count + 1)
    border = np.unique(np.concatenate([marks[0], marks[-1], marks[:, 0], marks[:, -1]]))
    inside = np.ones(count + 1, dtype=bool)
    inside[border] = False
    inside[0] = False
    single = np.flatnonzero(inside[marks.ravel()] & (sizes[marks.ravel()] == 1))
    mended = bed.copy()
    flat, nx = bed.ravel(), bed.shape[1]
    mended.ravel()[single] = (flat[single - 1] + flat[single + 1] + flat[single - nx] + flat[single + nx]) / 4.0
    large = np.flatnonzero(inside & (sizes > 1))
    ids, firsts = np.unique(marks.ravel(), return_index=True)
    at = dict(zip(ids.tolist(), firsts.tolist(), strict=True))
    walls = np.array([(sizes[k], at[int(k)]) for k in large], dtype=np.int64).reshape(-1, 2)
    return mended, Mended(single.astype(np.int64), walls)


def unit_problem(source: Any, heights: bool) -> str | None:
    """What is wrong with the units of an open raster, in words with a way out; None where nothing is.

    heights : its values are levels, so that the vertical unit counts, too
    """
    crs = source.crs
    if crs is not None and crs.is_projected and str(crs.linear_units).lower() not in METRES:
        return (
            f"lies in {crs.to_string()[:40]}, whose unit is the {crs.linear_units}: project it to metres, the "
            "scenario's system (gdalwarp -t_srs)"
        )
    unit = vertical_unit(source) if heights else ""
    if unit.lower() not in METRES:
        return (
            f"has heights in {unit}: turn them into metres "
            f"(gdal_calc.py --calc='A*{FOOT_M}' for feet) and set the band's unit"
        )
    return None


def vertical_unit(source: Any) -> str:
    """Unit of the heights: the band's own, or that of a vertical reference; '' where neither says."""
    own = (source.units or ("",))[0] or ""
    if own or source.crs is None:
        return str(own)
    import pyproj

    try:
        parts = pyproj.CRS.from_wkt(source.crs.to_wkt()).sub_crs_list
    except pyproj.exceptions.CRSError:
        return ""
    vertical = [part for part in parts if part.is_vertical]
    return str(vertical[0].axis_info[0].unit_name) if vertical else ""


def height_problem(grid: Grid, bed: FloatArray) -> str | None:
    """Heights that no land has: `no data` that the file does not declare."""
    wrong = np.flatnonzero((bed < LOWEST_M) | (bed > HIGHEST_M))
    if not wrong.size:
        return None
    value = bed.ravel()[wrong[0]]
    return (
        f"has {wrong.size} heights that no land has (first {value:g} m at {place(grid, int(wrong[0]))}): if they mean "
        f"'no data', declare it (NODATA_value {value:g}, or gdal_edit.py -a_nodata {value:g})"
    )


def system_problem(source: Any, crs: str | None) -> str | None:
    """A raster that names another coordinate system than the scenario's."""
    if crs is None or source.crs is None or not source.crs.is_projected:
        return None
    import pyproj

    try:
        own, wanted = pyproj.CRS.from_wkt(source.crs.to_wkt()), pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        return None
    flat = next((part for part in own.sub_crs_list if part.is_projected), own)
    if flat.equals(wanted, ignore_axis_order=True) or flat.to_epsg() in (None, wanted.to_epsg()):
        return None
    return f"lies in EPSG:{flat.to_epsg()}, the scenario in {crs}: warp it (gdalwarp -t_srs {crs})"


def foot_ratio(bed: FloatArray, rim: FloatArray) -> str | None:
    """Ground and rims (n,) of the manholes that differ by the factor of feet and metres, in words."""
    usable = (np.abs(rim) > 3.0) & (np.abs(bed) > 3.0) & np.isfinite(bed)
    if usable.sum() < 3:
        return None
    ratio = float(np.median(bed[usable] / rim[usable]))
    for factor, which in ((1.0 / FOOT_M, "the terrain is in feet"), (FOOT_M, "the sewer file is in feet")):
        if abs(ratio / factor - 1.0) < 0.02:
            return f"the ground is {ratio:.2f} times as high as the manholes' rims: it seems that {which}"
    return None
