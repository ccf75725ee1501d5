"""Quantities that only a terminal needs."""

from __future__ import annotations

from twin.scenario.quantities import quantity

Angle = quantity("deg", -360.0, 360.0)
Braking = quantity("m/s2", 0.1, 10.0)
Shift = quantity("s", -86400.0, 86400.0)
