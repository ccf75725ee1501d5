"""The forecast is the weather that comes: the same bytes as what is later given."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from twin.clock import US
from twin.environment import WeatherModel
from twin.model import Event, Journal, Setup
from twin.weather.config import SetRainScale, Weather
from twin.weather.forecast import outlook

MINUTE = 60 * US


def weather(folder: Path) -> WeatherModel:
    config = Weather.model_validate(
        {
            "rain": {"design_storm": "suzhou", "return_period": "5 a", "duration": "2 h", "peak": 0.4},
            "tide": {"harmonic": [{"name": "M2", "amplitude": "1 m"}]},
        }
    )
    start = datetime(2026, 7, 1, tzinfo=UTC)
    return WeatherModel(Setup("weather", config, start, 180 * MINUTE, MINUTE, 1, folder, Journal()))


def test_what_is_forecast_is_what_comes_to_the_bit(tmp_path: Path) -> None:
    model = weather(tmp_path)
    model.advance(MINUTE)
    rain, tide = model.take("rain_forecast"), model.take("tide_forecast")
    assert rain.size == tide.size == outlook(MINUTE).size == 360
    for k in range(150):
        model.advance((k + 2) * MINUTE)
        assert model.take("rain")[0] == rain[k]
        assert model.take("tide")[0] == tide[k]


def test_a_change_of_the_rain_is_forecast_from_when_it_is_known(tmp_path: Path) -> None:
    model = weather(tmp_path)
    model.advance(MINUTE)
    before = model.take("rain_forecast")
    model.apply(Event("e", "set_rain_scale", SetRainScale(scale=2.0)))
    assert np.array_equal(model.take("rain_forecast"), 2.0 * before)


def test_only_what_the_weather_has_is_forecast() -> None:
    dry = Weather.model_validate({"wind": {"speed": "5 m/s"}})
    assert [p.name for p in dry.active_ports()] == ["wind"]
