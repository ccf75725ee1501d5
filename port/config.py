"""The scenario's `port:` section, and what a timeline may do to a terminal."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from twin.scenario.base import InputFile, Section, Verb


class PortSection(Section):
    """A container terminal."""

    terminal: InputFile
    """The terminal's file: its layout, equipment, vessels (see docs/port.md)."""
    engine: Literal["simpy", "fast"] = "simpy"
    """The reference engine, or the compiled one: the same log to the bit, many times faster."""
    dispatch: str = "fifo_nearest"
    """Who drives next: `fifo_nearest` gives the oldest order to the nearest idle truck; `hungarian`, `pairing`,
    `chains` and `milp` plan; see docs/port.md for all."""
    trucks: Literal["auto", "road", "profile"] = "auto"
    """Where road trucks come from: the road network, or the terminal's own hourly profile. `auto`: the road network
    when the scenario has one."""
    fleet: Annotated[int, Field(ge=1, le=2000)] | None = None
    """Driverless trucks; overrides the terminal's file."""
    record: Literal["moves", "trucks"] = "moves"
    """`trucks`: the run also keeps every truck's way over the lanes, for `twin port replay`."""


class CraneBreakdown(Verb):
    """A quay crane fails; the running move is finished."""

    crane: str


class GantryBreakdown(Verb):
    """A yard gantry fails; the running move is finished."""

    gantry: str


class TruckBreakdown(Verb):
    """A driverless truck stops on its lane; where `roads.occupation` is on, it takes up room there."""

    truck: str


class GateClose(Verb):
    """The gate lets nobody in; trucks that are being served still pass, those inside may leave."""


class StopCranes(Verb):
    """The duty manager stops all quay cranes, whatever the wind."""


class UnitOutage(Verb):
    """A roadside unit (radio or sensor) fails."""

    unit: str


class CellularOutage(Verb):
    """The terminal's 5G network is down."""


VERBS: dict[str, type[Verb]] = {
    "crane_breakdown": CraneBreakdown,
    "gantry_breakdown": GantryBreakdown,
    "truck_breakdown": TruckBreakdown,
    "gate_close": GateClose,
    "stop_cranes": StopCranes,
    "unit_outage": UnitOutage,
    "cellular_outage": CellularOutage,
}
