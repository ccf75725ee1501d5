"""Makes terrain.asc and landuse.asc of this scenario: a brook's valley, 1.2 km × 0.7 km, that no map shows.

    python scenarios/valley/make.py

The same files come out each time. Any terrain of one's own takes their place: levels in metres, cells square.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

CELL_M, NX, NY = 10.0, 120, 70
WOOD, MEADOW, VILLAGE, ROAD = 1, 2, 3, 4


def main() -> None:
    folder = Path(__file__).resolve().parent
    x, y = np.meshgrid((np.arange(NX) + 0.5) * CELL_M, (np.arange(NY) + 0.5) * CELL_M)
    course = 350.0 + 60.0 * np.sin(x / 190.0)
    away = np.abs(y - course)
    rough = 0.15 * np.sin(x / 23.0) * np.cos(y / 31.0)
    z = 52.0 - 0.004 * x + 1.2e-4 * np.maximum(away - 60.0, 0.0) ** 2 + np.minimum(away, 60.0) * 0.008 + rough
    z -= 1.0 * np.clip((25.0 - away) / 15.0, 0.0, 1.0)
    use = np.where(away > 160.0, WOOD, MEADOW)
    use[(x > 480) & (x < 700) & (y > course + 30.0) & (y < course + 150.0)] = VILLAGE
    dam = np.abs(x - 760.0) < 10.0
    bridge = away < 8.0
    z = np.where(dam & ~bridge, np.maximum(z, 52.0 - 0.004 * 760.0 + 2.2), z)
    use[dam] = ROAD
    write(folder / "terrain.asc", z, "{:.2f}")
    write(folder / "landuse.asc", use, "{:d}")


def write(path: Path, values: np.ndarray, form: str) -> None:
    head = f"ncols {NX}\nnrows {NY}\nxllcorner 0\nyllcorner 0\ncellsize {CELL_M:g}\nNODATA_value -9999\n"
    rows = "\n".join(" ".join(form.format(v) for v in row) for row in values[::-1].tolist())
    path.write_text(head + rows + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
