"""What an import has repaired: every rule, how often it was used, and on what."""

from __future__ import annotations

from dataclasses import dataclass, field

SHOWN = 5


@dataclass
class Log:
    """Rules in the order of their first use."""

    uses: dict[str, list[str]] = field(default_factory=dict)

    def note(self, rule: str, id: str) -> None:
        """`rule` was used on the object `id`."""
        self.uses.setdefault(rule, []).append(id)

    def count(self, words: str) -> int:
        """How often the rules were used whose text holds `words`."""
        return sum(len(ids) for rule, ids in self.uses.items() if words in rule)

    def rows(self) -> list[dict[str, object]]:
        """A row for each rule: `rule`, `count`, `first` (some ids)."""
        return [{"rule": rule, "count": len(ids), "first": ids[:SHOWN]} for rule, ids in self.uses.items()]

    def lines(self) -> list[str]:
        """The log as text, every id in it."""
        return [f"{rule} ({len(ids)}): {' '.join(ids)}" for rule, ids in self.uses.items()]
