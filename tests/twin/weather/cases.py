"""Weather sections as a scenario would give them, without a scenario."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from twin.environment import DOMAIN, WeatherModel
from twin.model import Journal, Setup
from twin.weather.config import Rain, Tide, Weather

MINUTE = 60_000_000
HOUR = 60 * MINUTE
START = datetime(2026, 7, 1, 16, tzinfo=timezone(timedelta(hours=8)))
STORM = {"design_storm": "suzhou", "return_period": "20 a", "duration": "2 h", "peak": 0.45}
CITY = (10_000.0, 20_000.0, 14_000.0, 23_000.0)
"""West, south, east, north of a city of 4 by 3 km."""


def rain_of(folder: Path = Path(), **keys: Any) -> Rain:
    return Rain.model_validate(keys, context={"folder": folder, "root": folder})


def tide_of(folder: Path = Path(), **keys: Any) -> Tide:
    return Tide.model_validate(keys, context={"folder": folder, "root": folder})


def setup_of(
    config: dict[str, Any], folder: Path = Path(), hours: float = 5.0, extent: Any = CITY, crs: str | None = None
) -> Setup:
    section = Weather.model_validate(config, context={"folder": folder, "root": folder})
    duration = round(hours * HOUR)
    return Setup("weather", section, START, duration, MINUTE, 1, folder, Journal(), crs=crs, extent=extent)


def model_of(config: dict[str, Any], folder: Path = Path(), hours: float = 5.0, extent: Any = CITY) -> WeatherModel:
    return WeatherModel(setup_of(config, folder, hours, extent))


def problems_of(config: dict[str, Any], folder: Path = Path(), hours: float = 5.0, extent: Any = CITY) -> list[Any]:
    return list(DOMAIN.check(setup_of(config, folder, hours, extent)))
