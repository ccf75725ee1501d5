"""What a scenario says about rescue stations and the people whom they must reach."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from twin.scenario.base import InputFile, Section
from twin.scenario.quantities import Duration


class Reach(Section):
    """How many people an ambulance and a fire engine can reach in time, on the roads as they are at each moment."""

    stations: InputFile
    """GeoJSON points with `kind` (`ambulance` or `fire`) and `name`, in the scenario's coordinate system."""
    people: InputFile
    """GeoJSON points with `people` (1 where it is left out)."""
    ambulance: Annotated[Duration, Field(gt=0)] = 480.0
    """Time in which an ambulance must be there: 8 min (NHESS 17, 1-16, 2017)."""
    fire: Annotated[Duration, Field(gt=0)] = 600.0
    """Time in which a fire engine must be there: 10 min (as above)."""
    turnout: Annotated[Duration, Field(ge=0)] = 60.0
    """From the call to the wheels turning. An assumption."""
    turn: Annotated[Duration, Field(ge=0)] = 2.0
    """Time lost at each junction. An assumption."""
    speed_factor: Annotated[float, Field(gt=0, le=2)] = 1.0
    """Speed on an open road, in limits. 1: nobody drives faster than allowed."""
