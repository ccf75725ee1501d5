"""The ground: a given raster or an invented relief, with the water in it, and streets a kerb lower than the rest.

The relief is stated, not random art: it rises from the water, has hills and shallow hollows, and streets dip under
railways. Hollows without a way out are filled up to a limit, except the underpasses, which real cities have too.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.build.recipe import TerrainRecipe
from twin.build.site import River, Site
from twin.build.streets import Streets, points_along
from twin.places import Grid

FloatArray = NDArray[np.float64]
Mask = NDArray[np.bool_]

HALF_WIDTH_M = {0: 3.0, 1: 3.5, 2: 4.5, 3: 6.0, 4: 7.5, 5: 9.0}
"""Half the width of a street by rank (carriageway and parking)."""
DIP_RADIUS_M = 35.0
"""Standard deviation of an underpass's dip along the street."""


@dataclass
class Terrain:
    """Rasters of shape (ny, nx), row 0 in the south.

    z        ground with streets, underpasses, bed of the river (m)
    to_water distance from the river's edge (m); water, street: masks
    dips     (k, 2) m, deepest points of the underpasses
    """

    grid: Grid
    z: FloatArray
    to_water: FloatArray
    water: Mask
    street: Mask
    level_m: float
    dips: FloatArray = field(default_factory=lambda: np.zeros((0, 2)))
    roof: Mask | None = None

    def at(self, xy: FloatArray, layer: FloatArray | None = None) -> FloatArray:
        """Values of a layer (default the ground) at (n, 2) points; points outside take the nearest cell."""
        g = self.grid
        xy = np.atleast_2d(xy)
        col = np.clip(((xy[:, 0] - g.x0) / g.cell_m).astype(int), 0, g.nx - 1)
        row = np.clip(((xy[:, 1] - g.y0) / g.cell_m).astype(int), 0, g.ny - 1)
        return np.asarray((self.z if layer is None else layer)[row, col])

    def sink(self, xy: FloatArray, radius_m: float, by_m: float) -> None:
        """Lower the dry ground within a radius of a place, as a yard is cut into it."""
        g = self.grid
        x = g.x0 + (np.arange(g.nx) + 0.5) * g.cell_m - xy[0]
        y = g.y0 + (np.arange(g.ny) + 0.5) * g.cell_m - xy[1]
        self.z = np.where((np.hypot(x[None, :], y[:, None]) <= radius_m) & ~self.water, self.z - by_m, self.z)


def extent(streets: Streets, site: Site, recipe: TerrainRecipe) -> Grid:
    """A grid over all streets and the terminal with its quay, plus the margin, on whole multiples of the cell."""
    points = np.vstack([streets.xy, *(s.shape for s in streets.streets), site.corners, site.quay - site.axis * -90])
    low = np.floor((points.min(axis=0) - recipe.margin) / recipe.cell).astype(int)
    high = np.ceil((points.max(axis=0) + recipe.margin) / recipe.cell).astype(int)
    c = recipe.cell
    return Grid(float(low[0] * c), float(low[1] * c), c, int(high[0] - low[0]), int(high[1] - low[1]))


def burn(grid: Grid, lines: list[FloatArray]) -> Mask:
    """Cells that lines pass through."""
    mask = np.zeros(grid.size, dtype=bool)
    for line in lines:
        cells = grid.cells_of(points_along(line, grid.cell_m / 2))
        mask[cells[cells >= 0]] = True
    return mask.reshape(grid.ny, grid.nx)


def distance_to(mask: Mask, cell_m: float) -> FloatArray:
    """Distance of each cell to the nearest marked one; very far where nothing is marked."""
    from scipy.ndimage import distance_transform_edt

    if not mask.any():
        return np.full(mask.shape, 1e9)
    return np.asarray(distance_transform_edt(~mask) * cell_m)


def street_mask(grid: Grid, streets: Streets) -> Mask:
    """Cells of the carriageways, each as wide as its rank."""
    mask = np.zeros((grid.ny, grid.nx), dtype=bool)
    for rank, half in HALF_WIDTH_M.items():
        lines = [s.shape for s in streets.streets if s.rank == rank]
        if lines:
            mask |= distance_to(burn(grid, lines), grid.cell_m) <= max(half, grid.cell_m / 2)
    return mask


def make_terrain(
    recipe: TerrainRecipe,
    streets: Streets,
    river: River,
    bank_m: float,
    depth_m: float,
    site: Site,
    platform_m: float,
    sag_m: float,
    rails: list[FloatArray],
    seed: int,
) -> Terrain:
    """Ground for the city. With a raster the ground is the raster's; only kerbs are cut and the river's bed is sunk."""
    grid = extent(streets, site, recipe)
    centre = distance_to(burn(grid, list(river.lines)), grid.cell_m)
    water = centre <= river.half_width_m
    to_water = np.maximum(centre - river.half_width_m, 0.0)
    street = street_mask(grid, streets)
    level = river.level_m
    dips = np.zeros((0, 2))
    if recipe.raster is not None:
        z = resample(recipe.raster, grid)
        if not river.invented:
            level = float(np.percentile(z[water], 20)) if water.any() else level
    else:
        z = _relief(recipe, grid, to_water, level + bank_m, seed)
        z = _platform(z, grid, site, level + platform_m, sag_m, water)
        dips = _choose_dips(recipe, grid, streets, rails, z, to_water)
    z = np.where(street, z - recipe.kerb, z)
    z = _dig(z, grid, street, dips, recipe.relief.dip)
    z = np.where(water, np.minimum(z, level - depth_m), z)
    return Terrain(grid, z, to_water, water, street, level, dips, _roofs(recipe, grid))


def _relief(recipe: TerrainRecipe, grid: Grid, to_water: FloatArray, shore_m: float, seed: int) -> FloatArray:
    """Shore + slope × distance (flatter beyond 600 m) + two octaves of smooth noise that fade towards the water."""
    from scipy.ndimage import gaussian_filter

    relief, c = recipe.relief, grid.cell_m
    z = shore_m + relief.slope * np.where(to_water < 600, to_water, 600 + 0.6 * (to_water - 600))
    z = gaussian_filter(z, 60 / c)
    rng = np.random.default_rng(seed)
    for width_m, share in ((300.0, 1.0), (90.0, 0.3)):
        noise = gaussian_filter(rng.standard_normal(z.shape), width_m / c)
        z = z + relief.hills * share * noise / noise.std() * np.clip(to_water / 300, 0, 1)
    z = np.maximum(z, shore_m)
    return _raise_hollows(z, relief.hollow, c)


def _raise_hollows(z: FloatArray, keep_m: float, cell_m: float) -> FloatArray:
    """Raise every hollow until it is at most `keep_m` deep. Found on a 20 m grid, which the relief's 90 m allow."""
    from scipy.ndimage import zoom

    k = max(1, round(20 / cell_m))
    ny, nx = -(-z.shape[0] // k) * k, -(-z.shape[1] // k) * k
    padded = np.pad(z, ((0, ny - z.shape[0]), (0, nx - z.shape[1])), mode="edge")
    coarse = padded.reshape(ny // k, k, nx // k, k).mean(axis=(1, 3))
    lift = np.maximum(flood_fill(coarse) - coarse - keep_m, 0.0)
    return z + zoom(lift, k, order=1, grid_mode=True, mode="nearest")[: z.shape[0], : z.shape[1]]


def flood_fill(z: FloatArray) -> FloatArray:
    """Every cell raised to the lowest level at which water runs off the edge of the raster.

    Priority flood: Barnes, Lehman and Mulla (2014), Computers & Geosciences 62, 117–127, algorithm 1.
    """
    ny, nx = z.shape
    filled = z.copy()
    seen = np.zeros(z.shape, dtype=bool)
    seen[[0, -1], :] = seen[:, [0, -1]] = True
    heap = [(float(z[i, j]), int(i), int(j)) for i, j in np.argwhere(seen)]
    heapq.heapify(heap)
    while heap:
        level, i, j = heapq.heappop(heap)
        for a, b in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)):
            if 0 <= a < ny and 0 <= b < nx and not seen[a, b]:
                seen[a, b] = True
                filled[a, b] = max(filled[a, b], level)
                heapq.heappush(heap, (float(filled[a, b]), a, b))
    return filled


def _platform(z: FloatArray, grid: Grid, site: Site, height_m: float, sag_m: float, water: Mask) -> FloatArray:
    """The terminal's ground: falling 3 ‰ to the quay, its middle settled, with a smooth edge 40 m wide."""
    x = grid.x0 + (np.arange(grid.nx) + 0.5) * grid.cell_m
    y = grid.y0 + (np.arange(grid.ny) + 0.5) * grid.cell_m
    rx, ry = x[None, :] - site.quay.mean(axis=0)[0], y[:, None] - site.quay.mean(axis=0)[1]
    inland = -(rx * site.axis[0] + ry * site.axis[1])
    along = (site.quay[1] - site.quay[0]) / np.hypot(*(site.quay[1] - site.quay[0]))
    sideways = np.abs(rx * along[0] + ry * along[1]) - np.hypot(*(site.quay[1] - site.quay[0])) / 2
    depth = float(np.hypot(*(site.corners[0] - site.corners[3])))
    outside = np.maximum.reduce([inland - depth, -inland, sideways, np.zeros_like(inland)])
    share = np.clip(1 - outside / 40, 0, 1)
    half = np.hypot(*(site.quay[1] - site.quay[0])) / 2
    settled = np.sin(np.pi * np.clip(inland / depth, 0, 1)) * np.cos(np.pi / 2 * np.clip(sideways / half + 1, 0, 1))
    yard = height_m + 0.003 * np.clip(inland, 0, depth) - sag_m * settled
    return np.where(water, z, share * yard + (1 - share) * z)


def _choose_dips(
    recipe: TerrainRecipe,
    grid: Grid,
    streets: Streets,
    rails: list[FloatArray],
    z: FloatArray,
    to_water: FloatArray,
) -> FloatArray:
    """Underpasses: where an important street crosses a railway; without railways, at the lowest junctions
    that are no dead ends. At least 300 m apart and 150 m from the water.
    """
    wanted = recipe.relief.underpasses
    candidates = np.zeros((0, 2))
    if rails:
        near = distance_to(burn(grid, rails), grid.cell_m) <= grid.cell_m
        cells = np.argwhere(near & burn(grid, [s.shape for s in streets.streets if s.rank >= 2]))
        candidates = (cells[:, ::-1] + 0.5) * grid.cell_m + np.array([grid.x0, grid.y0])
    meeting = np.bincount([n for s in streets.streets for n in (s.a, s.b)], minlength=len(streets.xy))
    middle = streets.xy[(streets.ranks() >= 2) & (meeting >= 2)]
    low = z.ravel()[grid.cells_of(middle)] if len(middle) else np.zeros(0)
    candidates = np.vstack([candidates, middle[np.argsort(low, kind="stable")]])
    wet = to_water.ravel()[grid.cells_of(candidates)]
    chosen: list[FloatArray] = []
    for point, distance in zip(candidates, wet, strict=True):
        if len(chosen) == wanted:
            break
        if distance > 150 and all(np.hypot(*(point - other)) > 300 for other in chosen):
            chosen.append(point)
    return np.array(chosen).reshape(-1, 2)


def _dig(z: FloatArray, grid: Grid, street: Mask, dips: FloatArray, depth_m: float) -> FloatArray:
    """Lower the streets around each underpass by a bell of the given depth."""
    x = grid.x0 + (np.arange(grid.nx) + 0.5) * grid.cell_m
    y = grid.y0 + (np.arange(grid.ny) + 0.5) * grid.cell_m
    for dip in dips:
        square = (x[None, :] - dip[0]) ** 2 + (y[:, None] - dip[1]) ** 2
        z = np.where(street, z - depth_m * np.exp(-square / (2 * DIP_RADIUS_M**2)), z)
    return z


def resample(path: Path, grid: Grid) -> FloatArray:
    """A raster file on the grid, bilinear. ValueError where it does not cover the city."""
    import rasterio
    from scipy.interpolate import RegularGridInterpolator

    with rasterio.open(path) as source:
        band = source.read(1, masked=True).astype(float).filled(np.nan)[::-1]
        left, bottom, right, top = source.bounds
        dx, dy = (right - left) / source.width, (top - bottom) / source.height
    west, south, east, north = grid.bounds
    if left > west or bottom > south or right < east or top < north:
        raise ValueError(
            f"{path.name} covers x {left:.0f} to {right:.0f}, y {bottom:.0f} to {top:.0f}, but the city with its "
            f"margin is x {west:.0f} to {east:.0f}, y {south:.0f} to {north:.0f}: take a larger raster, a smaller "
            "terrain.margin or a streets.window"
        )
    x = left + (np.arange(band.shape[1]) + 0.5) * dx
    y = bottom + (np.arange(band.shape[0]) + 0.5) * dy
    look = RegularGridInterpolator((y, x), band, bounds_error=False, fill_value=None)
    gx = np.clip(grid.x0 + (np.arange(grid.nx) + 0.5) * grid.cell_m, x[0], x[-1])
    gy = np.clip(grid.y0 + (np.arange(grid.ny) + 0.5) * grid.cell_m, y[0], y[-1])
    z = np.asarray(look(np.stack(np.meshgrid(gy, gx, indexing="ij"), axis=-1)))
    if np.isnan(z).any():
        raise ValueError(f"{path.name} has {int(np.isnan(z).sum())} empty cells within the city: fill them first")
    return z


def _roofs(recipe: TerrainRecipe, grid: Grid) -> Mask | None:
    """Cells under buildings, from SUMO polygons; None without a file."""
    if recipe.buildings is None:
        return None
    import xml.etree.ElementTree as ET

    from rasterio.features import rasterize
    from rasterio.transform import Affine

    root = ET.parse(recipe.buildings).getroot()
    place = root.find("location")
    offset = (
        np.array([float(v) for v in place.get("netOffset", "0,0").split(",")]) if place is not None else np.zeros(2)
    )
    rings = []
    for polygon in root.iter("poly"):
        if polygon.get("type", "").startswith("building"):
            ring = np.array([[float(v) for v in p.split(",")[:2]] for p in polygon.get("shape", "").split()]) - offset
            if len(ring) > 3:
                rings.append({"type": "Polygon", "coordinates": [[*ring.tolist(), ring[0].tolist()]]})
    if not rings:
        raise ValueError(f"{recipe.buildings.name} has no polygon of a type that begins with 'building'")
    transform = Affine(grid.cell_m, 0, grid.x0, 0, grid.cell_m, grid.y0)
    return np.asarray(rasterize(rings, out_shape=(grid.ny, grid.nx), transform=transform), dtype=bool)


def write_terrain(terrain: Terrain, path: Path, crs: str | None) -> None:
    """GeoTIFF, float32, deflated, north up, rounded to the millimetre. The same ground gives the same bytes."""
    import warnings

    import rasterio
    from rasterio.transform import from_origin

    g = terrain.grid
    band = np.round(terrain.z[::-1], 3).astype(np.float32)
    transform = from_origin(g.x0, g.y0 + g.ny * g.cell_m, g.cell_m, g.cell_m)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        with rasterio.open(
            path,
            "w",
            driver="GTiff",
            width=g.nx,
            height=g.ny,
            count=1,
            dtype="float32",
            crs=crs,
            transform=transform,
            compress="deflate",
            predictor=3,
        ) as target:
            target.write(band, 1)
