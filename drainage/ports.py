"""What drainage gives and takes. A run without terrain, streets or pumps has the ports that it can fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from twin.places import Places
from twin.ports import Direction, Join, Kind, Port, Record

IN, OUT, STATE = Direction.IN, Direction.OUT, Kind.STATE

PORTS = (
    Port("rain", "mm/h", IN, STATE, "city", "Rain on the city or its zones, mean over the coming interval.",
         quantity="atmosphere__rainfall_rate", join=Join.ALL),
    Port("tide", "m", IN, STATE, "city", "Level of river and sea: of the water bodies, and of tidal outfalls.",
         quantity="river__water_level", join=Join.ALL),
    Port("leaked", "m3", IN, Kind.AMOUNT, "cell",
         "Water that mains have lost onto the street; without a terrain it runs into the nearest manhole.",
         quantity="main__leaked_volume", join=Join.NEAREST),
    Port("power", "1", IN, STATE, "pump", "Power at the pumping stations; below one half a pump stands still.",
         quantity="power__available", join=Join.SAME_ID, default=1.0),
    Port("rain_forecast", "mm/h", IN, STATE, "outlook", "Rain of the coming exchanges, for whoever dispatches.",
         quantity="atmosphere__rainfall_forecast", join=Join.SAME_ID),
    Port("tide_forecast", "m", IN, STATE, "outlook", "Level of the river at the ends of the coming exchanges.",
         quantity="river__water_level_forecast", join=Join.SAME_ID),
    Port("depth", "m", OUT, STATE, "cell", "Depth of water on land; 0 in water bodies and closed buildings.",
         quantity="surface__depth", record=Record.FIELD),
    Port("street_depth", "m", OUT, STATE, "street", 
         "Deepest water on the street, among the cells that its line crosses.",
         record=Record.FIELD),
    Port("hazard", "1", OUT, STATE, "cell", "Worst hazard so far, classes 1 to 6 of Australian Rainfall and Runoff.",
         record=Record.FIELD),
    Port("gauge_depth", "m", OUT, STATE, "gauge", "Depth of water at the gauges.", record=Record.SERIES),
    Port("gauge_level", "m", OUT, STATE, "gauge", "Level of the water at the gauges; of the ground where it is dry.",
         record=Record.SERIES),
    Port("gauge_speed", "m/s", OUT, STATE, "gauge", "Speed of the water at the gauges.", record=Record.SERIES),
    Port("surcharge", "m", OUT, STATE, "manhole", "Water level in the manhole against its rim; negative below it.",
         record=Record.FIELD),
    Port("open_manholes", "1", OUT, STATE, "manhole", "1 where a manhole stands open: its cover is lifted or gone.",
         quantity="manhole__open", record=Record.FIELD),
    Port("flooded_area_15cm", "ha", OUT, STATE, "city", "Land under more than 15 cm: a lane is no longer passable.",
         record=Record.SERIES),
    Port("flooded_area_27cm", "ha", OUT, STATE, "city", "Land under more than 27 cm: roads are closed.",
         record=Record.SERIES),
    Port("surface_volume", "m3", OUT, STATE, "city", "Water on the surface.", record=Record.SERIES),
    Port("sewer_volume", "m3", OUT, STATE, "city", "Water in pipes, manholes and storage.", record=Record.SERIES),
    Port("outfall_flow", "m3/s", OUT, STATE, "city", "Flow through all outfalls.", record=Record.SERIES),
    Port("exchange_up", "m3/s", OUT, STATE, "city", "Out of the manholes onto the streets, mean of the last interval.",
         record=Record.SERIES),
    Port("exchange_down", "m3/s", OUT, STATE, "city", "From the streets into the manholes, mean of the last interval.",
         record=Record.SERIES),
    Port("sewer_flooding", "m3/s", OUT, STATE, "city",
         "Lost over the rims of manholes without a surface, mean of the last interval.", record=Record.SERIES),
    Port("pumps_out", "1", OUT, STATE, "city", "Pumps that do not run: no power, drowned or failed.",
         record=Record.SERIES),
)  # fmt: skip

_SURFACE = {"flooded_area_15cm", "flooded_area_27cm", "surface_volume"}
_SEWER = {"sewer_volume", "outfall_flow", "sewer_flooding"}
_BOTH = {"exchange_up", "exchange_down"}


def ports_for(places: Mapping[str, Places], has_surface: bool, has_sewer: bool) -> tuple[Port, ...]:
    """The ports that a run with these places has."""
    found = []
    for port in PORTS:
        if port.name == "rain" and "rain_zone" in places:
            port = replace(port, at="rain_zone")
        if port.name == "leaked" and not has_surface:
            port = replace(port, at="manhole")
        missing = (
            port.at not in places
            or (port.name in _SURFACE and not has_surface)
            or (port.name in _SEWER and not has_sewer)
            or (port.name in _BOTH and not (has_surface and has_sewer))
            or (port.name == "pumps_out" and "pump" not in places)
        )
        if not missing:
            found.append(port)
    return tuple(found)
