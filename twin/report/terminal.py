"""A run's answer on the terminal: ten lines, plain words, the comparison first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from twin.report.words import duration, figure, headline_names, label, ledger_verdict, number, section_title
from twin.results.compare import Comparison, row

STYLES = {"better": "cyan", "worse": "bold yellow", "same": "dim", "": ""}
"""Blue against yellow: told apart by every kind of colour vision; the arrow says the same without colour."""
MOST = 3
"""Figures of a section on the terminal: an answer that is read in ten seconds."""
ARROWS = {"better": " (better)", "worse": " (worse)"}


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
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column()
    table.add_column()
    table.add_column(overflow="fold")
    for section, names in headline_names(summary, domains, MOST).items():
        for i, name in enumerate(names):
            title = f"  {section_title(section, domains).lower()}" if i == 0 else ""
            table.add_row(title, label(summary["metrics"][name]["doc"]) or name, _value(name, summary, base))
    lost = [e for e in summary.get("expect", []) if not e["ok"]]
    if summary.get("expect"):
        kept = len(summary["expect"]) - len(lost)
        verdict = Text(f"{kept} of {len(summary['expect'])} hold", style="" if not lost else "bold yellow")
        table.add_row("  expectations", verdict, "")
    for e in lost:
        table.add_row("", Text("fails", style="bold yellow"), Text(e["text"]))
    if "ledger" in summary:
        closed = summary["ledger"].get("closed")
        table.add_row("  ledger", Text(ledger_verdict(summary["ledger"]), style="" if closed else "bold yellow"), "")
    parts: list[Any] = [top]
    if base is not None:
        parts.append(Text(f"  held against {base.get('title') or base['name']}: before → now", style="dim"))
    return Group(*parts, table)


def _value(name: str, summary: Mapping[str, Any], base: Mapping[str, Any] | None) -> Text:
    metric = summary["metrics"][name]
    now = figure(metric["value"], metric["unit"], metric.get("digits", 1))
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
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("figure")
    table.add_column("unit")
    for name in (comparison.a, comparison.b, "difference"):
        table.add_column(name, justify="right")
    for r in comparison.rows:
        difference = "–" if r.difference is None else number(r.difference, r.digits, sign=True)
        table.add_row(
            r.metric,
            r.unit if r.unit != "1" else "",
            number(r.a, r.digits),
            number(r.b, r.digits),
            Text(difference + ARROWS.get(r.verdict, ""), style=STYLES[r.verdict]),
        )
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
    return Group(table, Text(""), *lines)
