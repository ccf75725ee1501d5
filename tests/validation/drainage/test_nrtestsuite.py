"""All of SWMM's regression suite by our stepping, node by node and link by link against plain SWMM."""

from __future__ import annotations

from pathlib import Path

import pytest

from drainage.questions.verify import verify

REFUSED = {"update_v5111/ncdc_format": "ambiguous station ID"}
"""Files that SWMM itself refuses (ERROR 156: its rain files are not where it says)."""
COUNT = 35


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_the_whole_regression_suite_is_plain_swmm_byte_for_byte(shared: Path, figures: Path) -> None:
    """35 files (swmm-nrtestsuite, CC BY 4.0): 34 run, and all 34 give equal bytes; one is refused by SWMM itself."""
    import matplotlib.pyplot as plt

    root = shared / "drainage" / "swmm" / "nrtestsuite" / "public"
    files = sorted(root.glob("*/*.inp"))
    assert len(files) == COUNT
    rows = []
    for file in files:
        name = f"{file.parent.name}/{file.stem}"
        report = verify(file)
        if report["verdict"] == "refused":
            print(f"{name:32s} refused: {report['reason']}")
            assert REFUSED[name] in report["reason"]
            continue
        head = report["node"].get("head", {}).get("largest", 0.0)
        flow = report["link"].get("flow", {}).get("largest", 0.0)
        error = report["continuity_pct"]["swmm"].get("routing", 0.0)
        print(
            f"{name:32s} {report['verdict']}, {report['times']} times, head {head:g} m, flow {flow:g} m3/s, {error:g} %"
        )
        assert report["verdict"] == "identical"
        assert report["continuity_pct"]["ours"] == report["continuity_pct"]["swmm"]
        rows.append((name, head, error))
    assert len(rows) == COUNT - len(REFUSED)
    figure, axes = plt.subplots(1, 2, figsize=(11, 8), sharey=True, layout="constrained")
    names = [r[0] for r in rows]
    axes[0].barh(names, [r[1] for r in rows])
    axes[0].set(xlabel="m", title="Largest difference of a head", xlim=(0, max(1e-6, *(r[1] for r in rows))))
    axes[1].barh(names, [r[2] for r in rows], color="#8f98a3")
    axes[1].set(xlabel="%", title="SWMM's routing continuity error (both)")
    axes[0].invert_yaxis()
    figure.savefig(figures / "swmm_regression_suite.png", dpi=110)
    plt.close(figure)
