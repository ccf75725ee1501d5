"""A run's answer on the terminal: one line a figure, plain words, readable at 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from twin.report.words import duration, figure, headline_names, label, ledger_verdict, number, section_title, unit
from twin.results.compare import Comparison, row

STYLES = {"better": "cyan", "worse": "bold yellow", "same": "dim", "": ""}
"""Blue against yellow: told apart by every kind of colour vision; the arrow says the same without colour."""
LABEL = 48
"""Characters of a figure's label: indented, beside a comparison such as `0 → 40,655 people·h (worse)`, 80 in all."""
MOST = 3
"""Figures of a section on the terminal: an answer that is read in ten seconds."""
ARROWS = {"better": " (better)", "worse": " (worse)"}
SHORT = {"better": " better", "worse": " worse"}


def headline(
    summary: Mapping[str, Any],
    base: Mapping[str, Any] | None = None,
    timing: Mapping[str, Any] | None = None,
    domains: Mapping[str, Any] | None = None,
) -> Group:
    """The headline figures of `summary`, each beside that of `base` where there is one.

    timing   the run's timing.json, to tell its speed
    domains  section -> `Domain`; by default those that are installed
    """
    if domains is None:
        from twin.domains import INSTALLED

        domains = INSTALLED
    top = Text(summary["name"], style="bold")
    top.append(f"   {duration(summary['duration_s'])} simulated", style="not bold")
    wall_s = (timing or {}).get("wall_s")
    if wall_s:
        top.append(f" in {duration(wall_s)} ({summary['duration_s'] / wall_s:.0f}×)", style="not bold")
    top.append(f"   seed {summary['seed']}   hash {summary['hash'][:8]}…", style="not bold")
    parts: list[Any] = [top]
    if base is not None:
        parts.append(Text(f"held against {base.get('title') or base['name']}: before → now", style="dim"))
    parts.append(_figures(summary, base, domains))
    lost = [e for e in summary.get("expect", []) if not e["ok"]]
    if summary.get("expect"):
        kept = len(summary["expect"]) - len(lost)
        parts.append(_verdict("expectations", f"{kept} of {len(summary['expect'])} hold", not lost))
    parts += [Padding(Text(f"fails: {e['text']}", style=STYLES["worse"]), (0, 0, 0, 2)) for e in lost]
    if "ledger" in summary:
        parts.append(_verdict("ledger", ledger_verdict(summary["ledger"]), bool(summary["ledger"].get("closed"))))
    return Group(*parts)


def _figures(summary: Mapping[str, Any], base: Mapping[str, Any] | None, domains: Mapping[str, Any]) -> Table:
    """One line a figure under its section's heading: a label that may fold, and a value that stays whole."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(max_width=LABEL + 2)
    table.add_column(no_wrap=True)
    for section, names in headline_names(summary, domains, MOST).items():
        table.add_row(Text(section_title(section, domains), style="bold"), "")
        for name in names:
            told = label(summary["metrics"][name]["doc"], LABEL) or name
            table.add_row(Padding(told, (0, 0, 0, 2)), _value(name, summary, base))
    return table


def _verdict(what: str, text: str, good: bool) -> Text:
    return Text.assemble((f"{what}  ", "bold"), (text, "" if good else STYLES["worse"]))


def _value(name: str, summary: Mapping[str, Any], base: Mapping[str, Any] | None) -> Text:
    metric = summary["metrics"][name]
    now = figure(metric["value"], metric["unit"] if metric["value"] is not None else "", metric.get("digits", 1))
    before = (base or {"metrics": {}})["metrics"].get(name)
    if before is None:
        return Text(now)
    told = row(name, before, metric)
    if told.verdict == "same":
        return Text(f"{now} (unchanged)", style=STYLES["same"])
    then = number(told.a, metric.get("digits", 1))
    return Text(f"{then} → {now}{ARROWS.get(told.verdict, '')}", style=STYLES[told.verdict])


def comparison_table(comparison: Comparison) -> Group:
    """Two runs figure by figure, what differs in their scenarios, and where they part."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("figure", no_wrap=True)
    for name in ("A", "B"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("B − A", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    words = [r for r in comparison.rows if isinstance(r.a, str) or isinstance(r.b, str)]
    for r in comparison.rows:
        if r in words:
            continue
        difference = "–" if r.difference is None else number(r.difference, r.digits, sign=True)
        table.add_row(
            r.metric,
            number(r.a, r.digits),
            number(r.b, r.digits),
            Text(difference + SHORT.get(r.verdict, ""), style=STYLES[r.verdict]),
            unit(r.unit),
        )
    head = [Text.assemble(("A  ", "bold"), comparison.a), Text.assemble(("B  ", "bold"), comparison.b), Text("")]
    told = Table.grid(padding=(0, 2, 0, 0))
    for r in words:
        told.add_row(r.metric, Text("A", style="bold"), number(r.a) or "–")
        told.add_row("", Text("B", style="bold"), number(r.b) or "–")
    lines = [Text("results    equal to the bit" if comparison.same else "results    differ", style="bold")]
    if comparison.split is not None:
        lines.append(Text(f"part at    {comparison.split.text()}"))
    elif not comparison.same:
        lines.append(Text("part at    not in what both recorded; the difference is in events, figures or tables"))
    lines += [Text(f"only one   {text}") for text in comparison.only]
    if comparison.scenario:
        lines.append(Text("scenarios"))
        lines += [Text(f"  {text}", style="yellow" if text[0] == "-" else "cyan") for text in comparison.scenario]
    else:
        lines.append(Text("scenarios  equal"))
    parts: list[Any] = [*head, table, *((Text(""), told) if words else ()), Text(""), *lines]
    return Group(*parts)
