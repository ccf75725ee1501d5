"""The demo drill measured: what the core costs, what the links lose, whether a run repeats.

    python benchmarks/core/demo.py [SCENARIO] [--runs FOLDER]

Runs the drill twice with its own seed and once with another, each in a process of its own (the engines hold one
simulation a process), and prints a table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

DRILL = Path(__file__).resolve().parents[2] / "scenarios" / "adlershof" / "drill.yaml"


def one_run(scenario: Path, runs: Path, *options: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Summary and timing of a run; the ledger and the expectations must hold."""
    command = [sys.executable, "-m", "twin.cli.main", "run", str(scenario), "--runs", str(runs), "--json", "--quiet"]
    done = subprocess.run([*command, "--no-baseline", "--no-report", *options], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the run failed with {done.returncode}:\n{done.stderr}")
    summary = json.loads(done.stdout.splitlines()[-1])
    return summary, json.loads((Path(summary["folder"]) / "timing.json").read_text(encoding="utf-8"))


def main() -> None:
    scenario = Path(sys.argv[1]) if len(sys.argv) > 1 and not sys.argv[1].startswith("-") else DRILL
    with tempfile.TemporaryDirectory() as scratch:
        runs = Path(sys.argv[sys.argv.index("--runs") + 1]) if "--runs" in sys.argv else Path(scratch)
        first, timing = one_run(scenario, runs)
        again, timing_again = one_run(scenario, runs)
        other, _ = one_run(scenario, runs, "--set", f"seed={first['seed'] + 1}")
    accounts = {(b["section"], b["substance"]): b for b in first["ledger"]["balances"]}
    print(f"{scenario.name}: {first['duration_s'] / 3600:g} h simulated, {timing['threads']} threads")
    for label, t in (("first run", timing), ("second run", timing_again)):
        print(f"  {label}: {t['wall_s']:.1f} s wall, {t['simulated_per_wall']:.0f} simulated s per wall s in the loop")
    loop = timing["loop_s"]
    for name, seconds in sorted(timing["models_s"].items(), key=lambda item: -item[1]):
        print(f"    {name:10s} {seconds:7.2f} s  {100 * seconds / loop:5.1f} % of the loop (models overlap)")
    core = {k: v for k, v in timing["core_s"].items() if not k.startswith("of which")}
    print(f"  core: {sum(core.values()):.2f} s = {100 * timing['core_share_of_wall']:.2f} % of the wall time {core}")
    print(f"  peak memory: {timing['peak_memory_mb']:.0f} MB")
    for link in first["ledger"]["links"]:
        print(
            f"  {link['link']}: sent {link['sent']:.9g}, received {link['received']:.9g}, "
            f"relative {link['relative']:.1e}"
        )
    for (section, substance), b in accounts.items():
        print(f"  {section} {substance}: relative error {b['relative']:.1e} (allowed {b['tolerance']:.0e})")
    print(f"  same seed, same hash: {first['hash'] == again['hash']}")
    print(f"  another seed, another hash: {first['hash'] != other['hash']}")


if __name__ == "__main__":
    main()
