"""Nothing lost: what every link carried, what every model holds, and a verdict.

A run whose ledger does not close is a failed run, and the message names the link or the model. Engines that report
an error of their own (SWMM's continuity) have it printed beside ours, never hidden in ours.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.links import Link
from twin.model import Balance
from twin.ports import Kind

VOLUME_TOLERANCE = 1e-9
"""Largest relative difference of sent and received on a link of amounts; counts must agree exactly."""


@dataclass
class LinkAccount:
    link: str
    kind: str
    unit: str
    sent: float
    received: float
    in_transit: float
    source: str = ""
    out: str = ""
    target: str = ""
    into: str = ""

    @property
    def error(self) -> float:
        return abs(self.sent - self.received - self.in_transit)

    @property
    def relative(self) -> float:
        return self.error / max(abs(self.sent), 1e-12) if self.error else 0.0

    @property
    def closed(self) -> bool:
        return bool(self.error == 0 if self.kind == Kind.ARRIVALS else self.relative <= VOLUME_TOLERANCE)


@dataclass
class ModelAccount:
    section: str
    balance: Balance

    @property
    def error(self) -> float:
        b = self.balance
        return math.fsum([b.stored_start, *b.inflow.values(), -b.stored_now, *(-v for v in b.outflow.values())])

    @property
    def relative(self) -> float:
        b = self.balance
        through = max(
            math.fsum(map(abs, b.inflow.values())), math.fsum(map(abs, b.outflow.values())), abs(b.stored_start), 1e-12
        )
        return abs(self.error) / through

    @property
    def closed(self) -> bool:
        return bool(math.isfinite(self.error) and self.relative <= self.balance.tolerance)


@dataclass
class Ledger:
    """The accounts of a run. `problems()` is empty when all close."""

    links: list[LinkAccount] = field(default_factory=list)
    models: list[ModelAccount] = field(default_factory=list)

    @classmethod
    def of(cls, links: Iterable[Link], balances: Mapping[str, Sequence[Balance]]) -> Ledger:
        return cls(
            [
                LinkAccount(
                    x.name, str(x.kind), x.unit, x.sent, x.received, x.in_transit, x.source, x.out, x.target, x.into
                )
                for x in links
                if x.kind is not Kind.STATE
            ],
            [ModelAccount(section, b) for section, several in balances.items() for b in several],
        )

    @property
    def closed(self) -> bool:
        return not self.problems()

    def problems(self) -> list[str]:
        """One sentence for each account that does not close."""
        found = [
            f"the ledger does not close: {a.link} lost {a.error:.6g} of {a.sent:.6g} {a.unit} "
            f"(relative {a.relative:.1e}, allowed {VOLUME_TOLERANCE:.0e})"
            for a in self.links
            if not a.closed
        ]
        found += [
            f"the ledger does not close: {a.section} has {a.error:+.6g} {a.balance.unit} of {a.balance.substance} too "
            f"{'much' if a.error < 0 else 'little'} (relative {a.relative:.1e}, allowed {a.balance.tolerance:.0e})"
            for a in self.models
            if not a.closed
        ]
        return found + [text for account in self.links for text in self._told_otherwise(account)]

    def _told_otherwise(self, account: LinkAccount) -> list[str]:
        """Where a model's own account of a link (`link:<port>` in its balance) differs from what the link carried."""
        found = []
        for model in self.models:
            b = model.balance
            said = []
            if model.section == account.target and f"link:{account.into}" in b.inflow:
                said.append((b.inflow[f"link:{account.into}"], account.received, "received"))
            if model.section == account.source and f"link:{account.out}" in b.outflow:
                said.append((b.outflow[f"link:{account.out}"], account.sent, "given"))
            for own, carried, verb in said:
                allowed = 0.0 if account.kind == Kind.ARRIVALS else VOLUME_TOLERANCE * max(abs(carried), 1e-6)
                if abs(own - carried) > allowed:
                    found.append(
                        f"the ledger does not close: {model.section} says it has {verb} {own:.9g} {b.unit} of "
                        f"{b.substance}, {account.link} carried {carried:.9g} {account.unit}"
                    )
        return found

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` carries under `ledger`."""
        worst = max(self.links, key=lambda a: a.relative, default=None)
        return {
            "closed": self.closed,
            "worst": {"link": worst.link, "relative": worst.relative} if worst else None,
            "links": [
                {
                    "link": a.link,
                    "kind": a.kind,
                    "unit": a.unit,
                    "sent": a.sent,
                    "received": a.received,
                    "in_transit": a.in_transit,
                    "relative": a.relative,
                    "closed": a.closed,
                }
                for a in self.links
            ],
            "balances": [
                {
                    "section": a.section,
                    "substance": a.balance.substance,
                    "unit": a.balance.unit,
                    "stored_start": a.balance.stored_start,
                    "stored_now": a.balance.stored_now,
                    "inflow": dict(a.balance.inflow),
                    "outflow": dict(a.balance.outflow),
                    "error": a.error,
                    "relative": a.relative,
                    "tolerance": a.balance.tolerance,
                    "closed": a.closed,
                    "noted": dict(a.balance.noted),
                }
                for a in self.models
            ],
        }

    def write_csv(self, path: Path) -> None:
        """`ledger.csv`: one row an item, so that a spreadsheet adds it up again."""
        with path.open("w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["account", "item", "direction", "amount", "unit"])
            for a in self.links:
                for item, value in (("sent", a.sent), ("received", a.received), ("in transit", a.in_transit)):
                    rows.writerow([a.link, item, "", repr(float(value)), a.unit])
            for m in self.models:
                b, account = m.balance, f"{m.section}: {m.balance.substance}"
                rows.writerow([account, "stored at start", "stock", repr(float(b.stored_start)), b.unit])
                rows.writerows([account, k, "in", repr(float(v)), b.unit] for k, v in b.inflow.items())
                rows.writerows([account, k, "out", repr(float(v)), b.unit] for k, v in b.outflow.items())
                rows.writerow([account, "stored at end", "stock", repr(float(b.stored_now)), b.unit])
                rows.writerow([account, "error", "", repr(m.error), b.unit])
