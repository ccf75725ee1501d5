"""The page's text: summary, story, tables and facts as HTML. Every word that a user wrote is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from twin.clock import hhmm
from twin.model import Beat
from twin.report.curves import COLOURS, Chart
from twin.report.plots import second_colour
from twin.report.words import duration, figure, headline_names, label, ledger_verdict, number, section_title, unit
from twin.results.compare import row, scenario_differences
from twin.results.view import RunView

MOST_BEATS = 40
MOST_IN_SHORT = 4
"""Sentences that a story shows at once; the heaviest are kept, the rest unfold."""


@dataclass(frozen=True)
class Told:
    """A beat and the section that tells it."""

    section: str
    beat: Beat


def told(view: RunView, base: RunView | None, domains: Mapping[str, Any]) -> list[Told]:
    """The beats of all sections by time; those without a time come last."""
    beats = [
        Told(section, beat)
        for section in view.sections
        if section in domains and domains[section].story is not None
        for beat in domains[section].story(view, base)
    ]
    return sorted(beats, key=lambda t: (t.beat.time_us is None, t.beat.time_us or 0))


def header(view: RunView, base: RunView | None) -> str:
    """Title, when and how long, and the two verdicts."""
    summary = view.summary
    end = hhmm(view.start, view.duration_us)
    when = f"{view.start:%A}, {view.start.day} {view.start:%B %Y}, {hhmm(view.start, 0)}–{end}"
    against = f" · against <b>{escape(base.title)}</b>" if base else ""
    chips = []
    expect = summary.get("expect", [])
    if expect:
        kept = sum(bool(e["ok"]) for e in expect)
        chips.append(_chip(kept == len(expect), f"{kept} of {len(expect)} expectations hold"))
    if "ledger" in summary:
        closed = bool(summary["ledger"].get("closed"))
        chips.append(_chip(closed, "ledger closes" if closed else "ledger does not close"))
    return (
        f"<div><h1>{escape(view.title)}</h1><p>{escape(when)} · {escape(view.name)}{against}</p></div>"
        f'<div class="chips">{"".join(chips)}</div>'
    )


def _chip(good: bool, text: str) -> str:
    return f'<span class="chip {"good" if good else "bad"}">{"✓" if good else "✗"} {escape(text)}</span>'


def in_short(beats: Sequence[Told], view: RunView) -> str:
    """The heaviest sentence of each section, the worst first: what a mayor is told on the stairs.

    Among equals the one that sums up (it has no time) speaks for its section.
    """
    heaviest: dict[str, Told] = {}
    for told in sorted(beats, key=lambda t: (-t.beat.weight, t.beat.time_us is not None)):
        heaviest.setdefault(told.section, told)
    worst = sorted(heaviest.values(), key=lambda t: -t.beat.weight)[:MOST_IN_SHORT]
    if not worst:
        return ""
    said = " ".join(_sentence(t.beat, view) for t in worst)
    return f'<p class="short">{said}</p>'


def _sentence(beat: Beat, view: RunView) -> str:
    at = f"<b>{hhmm(view.start, beat.time_us)}</b> " if beat.time_us is not None else ""
    text = beat.text if beat.text.rstrip().endswith((".", "!", "?")) else beat.text.rstrip() + "."
    return f"<span>{at}{escape(text)}</span>"


def headlines(view: RunView, base: RunView | None, domains: Mapping[str, Any]) -> str:
    """The headline table, grouped by section; with a second run also its values and the difference."""
    columns = 4 if base else 2
    body = []
    chosen = headline_names(view.summary, domains)
    for section, names in chosen.items():
        title = escape(section_title(section, domains))
        body.append(f'<tr class="group"><th colspan="{columns}" scope="rowgroup">{title}</th></tr>')
        body += [_headline(view, base, name) for name in names]
    if not body:
        return ""
    note, head = "", "<th>This run</th>"
    if base:
        head += "<th>Baseline</th><th>Difference</th>"
        note = (
            '<p class="note"><span class="worse">Orange ✗</span> is worse than the baseline, '
            '<span class="better">blue ✓</span> better.</p>'
        )
    return (
        f'<section><h2>Headline figures</h2><table class="figures"><thead><tr><th></th>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>{note}{_all_figures(view, base, chosen)}</section>"
    )


def _headline(view: RunView, base: RunView | None, name: str) -> str:
    metric = view.summary["metrics"][name]
    digits = int(metric.get("digits", 1))
    cells = _figure_cell(metric["value"], digits)
    if base:
        told_row = row(name, base.summary["metrics"].get(name), metric)
        mark = {"better": " ✓", "worse": " ✗"}.get(told_row.verdict, "")
        change = "–" if told_row.difference is None else number(told_row.difference, digits, sign=True)
        cells += _figure_cell(told_row.a, digits)
        cells += f'<td class="{told_row.verdict}">{escape(change)}{mark}</td>'
    in_unit = f' <span class="unit">{escape(unit(metric["unit"]))}</span>' if unit(metric["unit"]) else ""
    title = escape(f"{name}: {metric['doc']}")
    return f'<tr title="{title}"><th scope="row">{escape(label(metric["doc"]) or name)}{in_unit}</th>{cells}</tr>'


def _figure_cell(value: Any, digits: int) -> str:
    """A number keeps its line; words may wrap."""
    return f"<td{' class=text' if isinstance(value, str) else ''}>{escape(number(value, digits))}</td>"


def _all_figures(view: RunView, base: RunView | None, chosen: Mapping[str, Sequence[str]]) -> str:
    shown = {name for names in chosen.values() for name in names}
    rest = [name for name in view.summary["metrics"] if name not in shown]
    if not rest:
        return ""
    rows = "".join(_headline(view, base, name) for name in rest)
    table = f'<table class="figures"><tbody>{rows}</tbody></table>'
    return f"<details><summary>{_count(len(rest), 'more figure')}</summary>{table}</details>"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")


def story(beats: Sequence[Told], view: RunView, domains: Mapping[str, Any]) -> str:
    """What happened, by the clock; a click on a time moves the map there."""
    if not beats:
        return ""
    heavy = sorted(range(len(beats)), key=lambda i: -beats[i].beat.weight)[:MOST_BEATS]
    first = "".join(_beat(beats[i], view, domains) for i in sorted(heavy))
    rest = [t for i, t in enumerate(beats) if i not in set(heavy)]
    more = ""
    if rest:
        items = "".join(_beat(t, view, domains) for t in rest)
        more = f'<details><summary>{_count(len(rest), "more event")}</summary><ol class="story">{items}</ol></details>'
    return f'<section><h2>What happened</h2><ol class="story">{first}</ol>{more}</section>'


def _beat(item: Told, view: RunView, domains: Mapping[str, Any]) -> str:
    us = item.beat.time_us
    when = "<i>overall</i>"
    if us is not None:
        when = f'<button type="button" data-s="{us / 1e6:g}">{hhmm(view.start, us)[:5]}</button>'
    weight = " heavy" if item.beat.weight >= 4 else ""
    tag = escape(section_title(item.section, domains))
    return f'<li class="{weight.strip()}">{when}<span>{escape(item.beat.text)} <em>{tag}</em></span></li>'


def chart_heads(charts: Sequence[Chart], domains: Mapping[str, Any]) -> list[str]:
    """Above each chart: its title and unit, and a key where there is more than one line."""
    heads = []
    for chart in charts:
        keys = []
        if len(chart.runs[0]) > 1:
            keys = [_key(COLOURS[k % len(COLOURS)], t.label, False) for k, t in enumerate(chart.runs[0])]
        if len(chart.runs) > 1 and chart.runs[1]:
            one = len(chart.runs[0]) == 1
            keys += [_key(COLOURS[0], "this run", False)] if one else []
            keys += [_key(second_colour(chart, 0) if one else "#555", "baseline", True)]
        in_unit = f' <span class="unit">{escape(chart.unit)}</span>' if chart.unit else ""
        heads.append(f'<div class="head"><h3>{escape(chart.title)}{in_unit}</h3><div>{"".join(keys)}</div></div>')
    return heads


def _key(colour: str, label: str, dashed: bool) -> str:
    style = f"border-top: 3px {'dashed' if dashed else 'solid'} {colour}"
    return f'<span class="key"><i style="{style}"></i>{escape(label)}</span>'


def expectations(view: RunView) -> str:
    """What had to hold, and whether it did."""
    items = "".join(
        f'<li class="{"good" if e["ok"] else "bad"}">{"✓" if e["ok"] else "✗"} {escape(e["text"])}</li>'
        for e in view.summary.get("expect", [])
    )
    return f'<section><h2>Expectations</h2><ul class="expect">{items}</ul></section>' if items else ""


def ledger(view: RunView) -> str:
    """The accounts: what crossed each link, and in − out = change of storage for each model."""
    found = view.summary.get("ledger")
    if not found:
        return ""
    links = "".join(
        "<tr>"
        + f'<th scope="row">{escape(link["link"])} <span class="unit">{escape(unit(link["unit"]))}</span></th>'
        + "".join(f"<td>{escape(number(link.get(key), 3))}</td>" for key in ("sent", "received", "in_transit"))
        + f"<td>{link.get('relative') or 0:.0e}</td></tr>"
        for link in found.get("links", [])
    )
    balances = "".join(_balance(b) for b in found.get("balances", []))
    good, mark = ("good", "✓") if found.get("closed") else ("bad", "✗")
    return (
        f'<section><h2>Ledger</h2><p class="{good}">{mark} {escape(ledger_verdict(found))}</p>'
        f"<details><summary>What crossed each link</summary>"
        '<table class="figures"><thead><tr><th></th><th>Sent</th><th>Received</th><th>On its way</th>'
        f"<th>Relative error</th></tr></thead><tbody>{links}</tbody></table></details>"
        f"<details><summary>Balance of each model</summary>{balances}</details></section>"
    )


def _balance(b: Mapping[str, Any]) -> str:
    rows = [("stored at the start", b["stored_start"])]
    rows += [(f"+ {name}", value) for name, value in b["inflow"].items()]
    rows += [(f"− {name}", value) for name, value in b["outflow"].items()]
    rows += [("stored at the end", b["stored_now"]), ("error", b["error"])]
    lines = "".join(f'<tr><th scope="row">{escape(k)}</th><td>{escape(number(v, 3))}</td></tr>' for k, v in rows)
    noted = "".join(
        f'<tr><th scope="row">noted by the engine: {escape(k)}</th><td>{v:.3g}</td></tr>'
        for k, v in b.get("noted", {}).items()
    )
    verdict = "" if b.get("closed", True) else ' <span class="bad">✗ does not close</span>'
    title = f"{escape(b['section'])}: {escape(b['substance'])} ({escape(unit(b['unit']))}){verdict}"
    return f'<h3>{title}</h3><table class="figures"><tbody>{lines}{noted}</tbody></table>'


def facts(view: RunView, base: RunView | None) -> str:
    """What somebody needs to make this run again."""
    s = view.summary
    rows = [
        ("Run", view.name),
        ("Scenario", s["name"]),
        ("Seed", str(s["seed"])),
        ("Result hash", s["hash"]),
        ("Length", f"{duration(s['duration_s'])}, exchange every {duration(s['exchange_s'])}"),
        ("Coordinates", s.get("crs") or "as in the input files, m"),
        ("Versions", ", ".join(f"{k} {v}" for k, v in s.get("versions", {}).items())),
    ]
    if "wall_s" in view.timing:
        rows.insert(5, ("Took", figure(view.timing["wall_s"], "s", 1)))
    if base:
        rows += [("Baseline", f"{base.name}, hash {base.summary['hash']}")]
    body = "".join(f'<tr><th scope="row">{escape(k)}</th><td>{escape(v)}</td></tr>' for k, v in rows)
    differs = ""
    if base:
        lines = "\n".join(scenario_differences(base.scenario_text(), view.scenario_text()))
        if lines:
            differs = f"<details><summary>How the two scenarios differ</summary><pre>{escape(lines)}</pre></details>"
    text = view.scenario_text()
    whole = f"<details><summary>The whole scenario</summary><pre>{escape(text)}</pre></details>" if text else ""
    table = f'<table class="facts"><tbody>{body}</tbody></table>'
    return f"<section><h2>This run</h2>{table}{_beside(view)}{differs}{whole}</section>"


def _beside(view: RunView) -> str:
    """Links to the other pages that lie in the run's folder (a terminal's `replay.html`)."""
    names = sorted(p.name for p in view.path.glob("*.html") if p.name != "report.html" and not p.name.startswith("."))
    links = ", ".join(f'<a href="{quote(name)}">{escape(name)}</a>' for name in names)
    return f"<p>More of this run: {links}</p>" if links else ""
