"""Numbers, units and durations as people read them; which figures come first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNITS = {
    "m3": "m³",
    "m2": "m²",
    "m3/s": "m³/s",
    "m3/h": "m³/h",
    "1/h": "/h",
    "1": "",
    "km*h": "km·h",
    "person": "people",
    "person*h": "people·h",
}


def unit(text: str) -> str:
    """`m3` as `m³`; a plain number has none."""
    return UNITS.get(text, text)


def number(value: Any, digits: int = 1, sign: bool = False) -> str:
    """`3,180`, `−2.6`; text as it is; `–` for nothing. A true minus sign, so that columns line up."""
    if value is None:
        return "–"
    if isinstance(value, (bool, str)):
        return str(value)
    if round(value, digits) == 0:
        return f"{0:.{digits}f}" if not sign else "±0"
    text = f"{value:{'+' if sign else ''},.{digits}f}"
    return text.replace("-", "−")


def figure(value: Any, unit_text: str, digits: int = 1) -> str:
    """A number with its unit."""
    return f"{number(value, digits)} {unit(unit_text)}".rstrip()


def label(doc: str, longest: int = 46) -> str:
    """A figure's meaning as a label: without the full stop, and cut before an aside where it is long."""
    text = doc.rstrip(".")
    if len(text) <= longest:
        return text
    cuts = [at for mark in (" (", ": ", "; ", ", ") if (at := text.find(mark)) >= 16]
    return text[: min(cuts)] if cuts else text


def duration(seconds: float) -> str:
    """`6 h`, `1 h 40 min`, `58 s`, `0.8 s`."""
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds % 1 else f"{seconds:.0f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    hours, minutes = divmod(minutes, 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "") if part)


def headline_names(summary: Mapping[str, Any], domains: Mapping[str, Any], most: int = 4) -> dict[str, list[str]]:
    """Section -> at most `most` figures in order: those that the domain puts first, else the first it has."""
    chosen: dict[str, list[str]] = {}
    for section in summary.get("sections", []):
        has = [name for name in summary["metrics"] if name.startswith(f"{section}.")]
        domain = domains.get(section)
        wanted = [f"{section}.{name.removeprefix(section + '.')}" for name in (domain.headlines if domain else ())]
        names = ([name for name in wanted if name in has] or has)[:most]
        if names:
            chosen[section] = names
    return chosen


def section_title(section: str, domains: Mapping[str, Any]) -> str:
    """The domain's own title, or the section's key."""
    return domains[section].title if section in domains else section.capitalize()


def ledger_verdict(ledger: Mapping[str, Any]) -> str:
    """`closed (worst link 2e-13)`, or what is open."""
    worst = ledger.get("worst") or {}
    if ledger.get("closed"):
        relative = worst.get("relative")
        return f"closed (worst link {relative:.0e})" if relative else "closed (every link exact)"
    open_models = [
        f"{b['section']} ({b['substance']})" for b in ledger.get("balances", []) if not b.get("closed", True)
    ]
    where = ", ".join(open_models) or worst.get("link", "see ledger.csv")
    return f"DOES NOT CLOSE: {where}"
