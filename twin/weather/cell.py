"""A rain cell's share in a zone's rain: the mean of its profile over square zones, wherever the cell's middle is.

The uniform profile is an ellipse cut by squares, whose areas are exact. The Gaussian is summed at Gauss-Legendre
points, close enough together that the error is below 1e-7 of the middle's rain (a test holds it to that).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twin.places import FloatArray, Grid

POINTS = 4
"""Gauss-Legendre points along a zone's side for each radius that it is long."""
FAR = 9.0
"""Radii beyond which a Gaussian has less than 1e-17 of its middle's rain: none."""
PIECES = 20
"""Steps of time in which a moving cell's middle goes one radius (or, if uniform, one side of a zone) at the least."""


@dataclass(frozen=True)
class Profile:
    """An oval of rain: radii in m along `angle_rad` (clockwise from north) and across it."""

    along_m: float
    across_m: float
    angle_rad: float
    gaussian: bool

    @property
    def plane_m2(self) -> float:
        """Integral of the profile over the plane: what the whole cell brings for each mm of its middle."""
        return (2.0 if self.gaussian else 1.0) * math.pi * self.along_m * self.across_m

    @property
    def least_m(self) -> float:
        return min(self.along_m, self.across_m)

    def at(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """Share of the middle's rain at points x, y from the middle (m, east and north)."""
        u, v = self.own_axes(x, y)
        far = u * u + v * v
        return np.exp(-0.5 * far) if self.gaussian else (far <= 1.0).astype(float)

    def own_axes(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Along and across the oval, in radii."""
        east, north = math.sin(self.angle_rad), math.cos(self.angle_rad)
        return (x * east + y * north) / self.along_m, (x * north - y * east) / self.across_m


@dataclass(frozen=True)
class ZoneMeans:
    """Means of a profile over the zones of a grid."""

    profile: Profile
    zones: Grid

    def around(self, x: float, y: float) -> FloatArray:
        """(zones,) mean share in each zone when the middle stands at (x, y)."""
        return self._gaussian(x, y) if self.profile.gaussian else self._oval(x, y)

    @cached_property
    def _sums(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """x and y (zones, k) of the points of each zone, and their weights (k,)."""
        side = self.zones.cell_m
        points, weights = np.polynomial.legendre.leggauss(POINTS * max(math.ceil(side / self.profile.least_m), 1))
        dx, dy = np.meshgrid(0.5 * (points + 1.0) * side, 0.5 * (points + 1.0) * side)
        weight = 0.25 * np.outer(weights, weights).ravel()
        x, y = self._corners
        return x[:, None] + dx.ravel(), y[:, None] + dy.ravel(), weight

    @cached_property
    def _corners(self) -> tuple[FloatArray, FloatArray]:
        """South-west corners of the zones."""
        rows, columns = np.divmod(np.arange(self.zones.size), self.zones.nx)
        return self.zones.x0 + columns * self.zones.cell_m, self.zones.y0 + rows * self.zones.cell_m

    def _gaussian(self, x: float, y: float) -> FloatArray:
        px, py, weight = self._sums
        west, south = self._corners
        half = 0.5 * self.zones.cell_m
        u, v = self.profile.own_axes(west + half - x, south + half - y)
        near = np.hypot(u, v) < FAR + 1.5 * half / self.profile.least_m
        means = np.zeros(self.zones.size)
        means[near] = self.profile.at(px[near] - x, py[near] - y) @ weight
        return means

    def _oval(self, x: float, y: float) -> FloatArray:
        """Area of ellipse and square in common, over the square's: in the ellipse's axes a disc and a parallelogram."""
        west, south = self._corners
        side = self.zones.cell_m
        corners = [
            self.profile.own_axes(west + dx - x, south + dy - y)
            for dx, dy in ((0, 0), (side, 0), (side, side), (0, side))
        ]
        area = np.zeros(self.zones.size)
        for k in range(4):
            area += disc_and_triangle(*corners[k], *corners[(k + 1) % 4])
        return np.clip(np.abs(area) * self.profile.along_m * self.profile.across_m / side**2, 0.0, 1.0)


def disc_and_triangle(px: FloatArray, py: FloatArray, qx: FloatArray, qy: FloatArray) -> FloatArray:
    """Signed area that the unit disc shares with the triangles (0, p, q); positive where p to q turns leftward.

    The side p to q is cut by the circle into parts inside, which bound triangles, and outside, which bound sectors.
    Summed over the sides of a polygon this is its area in the disc.
    """
    dx, dy = qx - px, qy - py
    a, b, c = dx * dx + dy * dy, px * dx + py * dy, px * px + py * py - 1.0
    root = b * b - a * c
    cuts = root > 0.0
    half = np.sqrt(np.where(cuts, root, 0.0))
    first = np.clip(np.where(cuts, (-b - half) / a, 0.0), 0.0, 1.0)
    last = np.clip(np.where(cuts, (-b + half) / a, 0.0), 0.0, 1.0)
    fx, fy, lx, ly = px + first * dx, py + first * dy, px + last * dx, py + last * dy
    return 0.5 * (_turn(px, py, fx, fy) + (fx * ly - fy * lx) + _turn(lx, ly, qx, qy))


def _turn(px: FloatArray, py: FloatArray, qx: FloatArray, qy: FloatArray) -> FloatArray:
    """Angle from p to q, seen from the disc's middle."""
    return np.arctan2(px * qy - py * qx, px * qx + py * qy)
