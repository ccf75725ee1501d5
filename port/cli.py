"""`twin port …`: questions to a terminal. Everything heavy is imported when a command runs."""

from __future__ import annotations

import typer

from port.compare.commands import compare
from port.drawing.commands import layout
from port.figures.commands import figures
from port.layers.commands import layers
from port.messages.commands import bayplan, messages
from port.radio.commands import radio
from port.replay.commands import replay

port_app = typer.Typer(
    name="port", help="Questions to a container terminal (YAML file).", no_args_is_help=True, add_completion=False
)


@port_app.callback()
def _questions() -> None:
    """Keeps `twin port` a group while it has a single command."""


port_app.command("layout")(layout)
port_app.command("radio")(radio)
port_app.command("messages")(messages)
port_app.command("bayplan")(bayplan)
port_app.command("figures")(figures)
port_app.command("compare")(compare)
port_app.command("replay")(replay)
port_app.command("layers")(layers)
