"""The report of `twin verify drainage` on the terminal."""

from __future__ import annotations

from typing import Any


def show(report: dict[str, Any], as_json: bool) -> None:
    """Print it as a table with what follows from it, or as JSON."""
    from twin.cli.show import as_json as text
    from twin.cli.show import print_table

    if as_json:
        print(text(report))
        return
    scale = {"m": ("mm", 1e3), "m/s": ("mm/s", 1e3), "m3/s": ("L/s", 1e3)}
    rows = []
    for kind in ("node", "link"):
        for variable, found in report.get(kind, {}).items():
            unit, factor = scale[found["unit"]]
            rows.append(
                {
                    "what": f"{kind} {variable}",
                    "unit": unit,
                    "median": f"{found['median'] * factor:.3g}",
                    "99th": f"{found['p99'] * factor:.3g}",
                    "largest": f"{found['largest'] * factor:.3g}",
                    "where": found["where"],
                    "after_h": None if found["at_s"] is None else round(found["at_s"] / 3600, 2),
                }
            )
    print_table(f"{report['file']}: our stepping against plain SWMM", rows, f"{report['verdict']}: {report['reason']}")
    if "continuity_pct" in report:
        errors = report["continuity_pct"]
        for kind in errors["swmm"]:
            print(f"continuity of {kind}: ours {errors['ours'].get(kind, 0.0):g} %, SWMM {errors['swmm'][kind]:g} %")
        seconds = report["seconds"]
        ratio = report["ours_over_swmm"]
        print(f"processor time: ours {seconds['ours']:.2f} s, SWMM {seconds['swmm']:.2f} s ({ratio:.2f} times)")
    if coupled := report.get("coupled"):
        print(
            f"with {coupled['terrain']} ({coupled['cells']:,} cells, {coupled['coupled_manholes']} manholes): "
            f"{coupled['seconds']:.2f} s, {coupled['coupled_over_swmm']:.1f} times plain SWMM, "
            f"{coupled['ms_per_step']:.2f} ms a step; {coupled['out_of_manholes_m3']:,.0f} m³ rose, "
            f"{coupled['back_into_manholes_m3']:,.0f} m³ ran back; "
            f"surface account {coupled['surface_account_error']:.1e}, "
            f"SWMM's routing {coupled['continuity_pct'].get('routing', 0.0):g} %"
        )
    for limit in report["limits"]:
        print(f"limit: {limit['what']}: {limit['effect']} ({limit['when']})")
