"""`twin traffic …`: questions to a road network. Everything heavy is imported when a command runs."""

from __future__ import annotations

import typer

from traffic.assignment.commands import assign, counts
from traffic.closing.commands import closures, critical
from traffic.queueing.fit import fit

traffic_app = typer.Typer(
    name="traffic", help="Questions to a road network (SUMO).", no_args_is_help=True, add_completion=False
)
traffic_app.command("assign")(assign)
traffic_app.command("counts")(counts)
traffic_app.command("critical")(critical)
traffic_app.command("closures")(closures)
traffic_app.command("fit")(fit)
