"""A bay plan as a figure: one small section of the ship for each group of bays, coloured by what happens here."""

from __future__ import annotations

from pathlib import Path

from port.messages.boxes import DECK, BayPlan, Box

HERE, STAYS, EMPTY = "#d95f02", "#b8c4d0", "#ffffff"


def draw_bayplan(plan: BayPlan, path: Path) -> None:
    """Rows from port (even) to starboard (odd) across, tiers up; 20 ft boxes of a pair of bays are half cells."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch, Rectangle

    placed = [b for b in plan.boxes if b.cell is not None]
    groups = sorted({b.cell.group for b in placed if b.cell is not None})
    columns = min(4, max(1, len(groups)))
    lines = max(1, -(-len(groups) // columns))
    fig = Figure(figsize=(3.2 * columns + 0.4, 2.7 * lines + 1.1), layout="constrained")
    rows = sorted({_across(b) for b in placed}) or [0]
    tiers = sorted({b.cell.tier for b in placed if b.cell is not None}) or [2]
    level = {t: k + (0.6 if t >= DECK and tiers[0] < DECK else 0.0) for k, t in enumerate(tiers)}
    for at, group in enumerate(groups):
        axes = fig.add_subplot(lines, columns, at + 1)
        mine = [b for b in placed if b.cell is not None and b.cell.group == group]
        for box in mine:
            assert box.cell is not None
            leaves = bool(plan.arrives) and box.discharge_port == plan.arrives
            place = (_across(box) - 0.45, level[box.cell.tier] + 0.05)
            width, shift = (0.9, 0.0) if box.cell.bay % 2 == 0 else (0.42, 0.0 if box.cell.bay % 4 == 1 else 0.48)
            colour = HERE if leaves else STAYS
            style = "--" if box.full == "empty" else "-"
            face = (place[0] + shift, place[1])
            axes.add_patch(Rectangle(face, width, 0.85, facecolor=colour, edgecolor="#2b3440", linestyle=style, lw=0.6))
        here = sum(bool(plan.arrives) and b.discharge_port == plan.arrives for b in mine)
        low = min(b.cell.bay for b in mine if b.cell is not None)
        high = max(b.cell.bay for b in mine if b.cell is not None)
        name = f"bay {low}" if low == high else f"bays {low} to {high}"
        axes.set_title(f"{name}: {here} of {len(mine)} leave", fontsize=9)
        axes.set_xlim(rows[0] - 0.7, rows[-1] + 0.7)
        axes.set_ylim(-0.2, max(level.values()) + 1.2)
        axes.set_yticks([level[t] + 0.5 for t in tiers], [f"{t:02d}" for t in tiers], fontsize=7)
        axes.set_xticks(rows, [_row_name(r) for r in rows], fontsize=7)
        if tiers[0] < DECK <= tiers[-1]:
            axes.axhline(min(level[t] for t in tiers if t >= DECK) - 0.3, color="#2b3440", lw=1.2)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        if at % columns == 0:
            axes.set_ylabel("tier (deck above the line)", fontsize=8)
        axes.set_xlabel("row, port side left", fontsize=8)
    port = plan.arrives or "the next port (not named)"
    legend = [Patch(facecolor=HERE, label=f"discharged in {port}"), Patch(facecolor=STAYS, label="stays aboard")]
    legend.append(Patch(facecolor=EMPTY, edgecolor="#2b3440", linestyle="--", label="dashed: empty; half width: 20 ft"))
    fig.legend(handles=legend, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    title = f"{plan.vessel or 'Bay plan'}, voyage {plan.voyage or '-'}: {len(placed)} containers aboard"
    fig.suptitle(title, fontsize=11)
    fig.savefig(path, dpi=130)


def _across(box: Box) -> int:
    """Row 00 amidships, odd rows to starboard (right), even ones to port (left)."""
    assert box.cell is not None
    row = box.cell.row
    return (row + 1) // 2 if row % 2 else -row // 2


def _row_name(across: int) -> str:
    return f"{2 * across - 1 if across > 0 else -2 * across:02d}"
