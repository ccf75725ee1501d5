"""The queue engine against SUMO's micro simulation on Bologna (11,176 trips of one hour), same trips and routes.

SUMO runs in processes of its own; every figure is printed. Measured (SUMO 1.25.0, seeds 1 to 3, queue seeds 0 and 1):

|                               | mean trip, s   | error      | correlation with seed 1, 2, 3   | GEH < 5 |
|-------------------------------|----------------|------------|---------------------------------|---------|
| micro, one seed to another    | 382 - 386      |            | 0.91 - 0.92 (the ceiling)       |         |
| queue, rules as they are      | 368 - 374      | -2 to -5 % | 0.83-0.86, 0.83-0.85, 0.81-0.83 | 98 %    |
| queue, fitted to seed 1       | 380 - 383      | -2 to +1 % | 0.88-0.89, 0.88-0.89, 0.87-0.88 | 99 %    |
| SUMO meso, junction control   | 326            | -15 %      | 0.76, 0.72, 0.72                | 94 %    |

Correlation and mean are of the time on the road, without the wait before a trip begins. 0.8 holds by the rules alone,
with nothing fitted.
"""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from traffic.fast.calibrate import calibrate
from traffic.fast.compare import agreement, geh, journeys_of, link_flows, read_vehroutes
from traffic.fast.demand import Demand
from traffic.fast.engine import run
from traffic.fast.layout import CANCELLED
from traffic.fast.network import QueueNetwork
from traffic.fast.state import Options
from traffic.fast.stepper import Bound, QueueRun
from traffic.network import open_xml

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
SEEDS = (1, 2, 3)
OURS = (0, 1)
CLOSED = ("a122", "a72[0]", "a77bc")
"""Three streets with 1,192, 1,110 and 996 trips in the hour, all of which find a detour.

Chosen from nine that were tried: changes over 100 s that SUMO comes through with eight vehicles lifted at most. By the
rules alone (s, micro, queue, meso): a122 +192 +166 +134, a72[0] +193 +209 +156, a77bc +113 +116 +3. Where micro locks
(a22 155 and a40 245 vehicles lifted) it is no measure for a model that lifts nobody."""
MORE = ("bus_stops", "vtypes", "tls")


class City:
    """A Bologna scenario: its files, ours of it, and SUMO's runs."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.folder, self.out, self.name = folder, out, folder.name
        self.more = [folder / f"{self.name}_{kind}.add.xml" for kind in MORE]
        self.routes = [folder / f"{self.name}.rou.xml", folder / f"{self.name}_busses.rou.xml"]
        self.net = folder / f"{self.name}_buslanes.net.xml"
        self.network = QueueNetwork.read(self.net, self.more)
        self.demand = Demand.read(self.routes, self.more)

    def sumo(self, tag: str, seed: int = 1, meso: bool = False, routes: list[Path] | None = None):
        """Journeys of a run of SUMO, and the s that each trip waited before it began."""
        import sumo

        path, wait = self.out / f"{self.name}_{tag}.xml", self.out / f"{self.name}_{tag}_trips.xml"
        command = [
            f"{sumo.SUMO_HOME}/bin/sumo", "-n", str(self.net), "-r", ",".join(map(str, routes or self.routes)),
            "-a", ",".join(map(str, self.more)), "--seed", str(seed), "--no-step-log", "--no-warnings",
            "--end", "14400", "--ignore-route-errors", "true",
            "--vehroute-output", str(path), "--vehroute-output.exit-times", "true", "--tripinfo-output", str(wait),
        ]  # fmt: skip
        if meso:
            command += ["--mesosim", "true", "--meso-junction-control", "true"]
        subprocess.run(command, check=True, capture_output=True)
        import re

        text = wait.read_text()
        delay = [float(x) for x in re.findall(r'departDelay="([^"]*)"', text)]
        return read_vehroutes(path), float(np.mean(delay)) if delay else 0.0

    def ours(self, seed: int = 0, pace=None, demand: Demand | None = None):
        """Journeys, mean wait before the start, and counts of a run of ours."""
        bound = Bound.of(self.network, demand or self.demand, seed=seed, pace=pace)
        result = run(bound, Options(exits=True))
        wait = float(np.nanmean(result.trips.depart - result.trips.planned))
        return journeys_of(bound, result), wait, result.counts


def city(shared, name, tmp_path_factory) -> City:
    folder = shared / "traffic" / "sumo-scenarios" / "bologna" / name
    if not folder.is_dir():
        pytest.skip("needs the Bologna scenarios")
    return City(folder, tmp_path_factory.mktemp(name))


@pytest.fixture(scope="module")
def joined(shared, tmp_path_factory) -> City:
    return city(shared, "joined", tmp_path_factory)


@pytest.fixture(scope="module")
def micro(joined):
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda seed: joined.sumo(f"micro{seed}", seed), SEEDS))


@pytest.fixture(scope="module")
def meso(joined):
    return joined.sumo("meso", meso=True)


@pytest.fixture(scope="module")
def fit(joined, micro):
    return calibrate(joined.network, joined.demand, micro[0][0])


def test_by_its_rules_alone_it_meets_micro_and_meso_does_not(joined, micro, meso):
    """Mean within 5 %, correlation at least 0.8, GEH < 5 on 85 % of links and quarter hours, nobody stuck; SUMO meso is
    farther off in all of these."""
    for seed in OURS:
        ours, _, counts = joined.ours(seed)
        assert counts["finished"] == counts["trips"] == 11_176
        assert counts["relieved"] <= 5
        for journeys, _ in micro:
            found, theirs = agreement(ours, journeys), agreement(meso[0], journeys)
            print(f"rules, seed {seed}: {found.error:+.1%}, correlation {found.correlation:.3f} "
                  f"(meso {theirs.error:+.1%}, {theirs.correlation:.3f}), GEH < 5 {found.geh_share:.1%}")  # fmt: skip
            assert abs(found.error) < 0.05
            assert found.geh_share > 0.85
            assert found.correlation >= 0.8 > theirs.correlation
            assert abs(found.error) < abs(theirs.error)
            assert found.geh_share > theirs.geh_share


def test_fitted_to_one_seed_it_holds_on_seeds_it_has_not_seen(joined, micro, meso, fit, figures):
    """Correlation at least 0.85 and the mean within 3 % on seeds 2 and 3; the ceiling is what two micro seeds have."""
    ceiling = agreement(micro[1][0], micro[2][0]).correlation
    print(f"between two seeds of micro {ceiling:.3f}; fitted to seed 1: {fit.agreement}")
    runs = [joined.ours(seed, fit.pace)[0] for seed in OURS]
    for ours in runs:
        for seed, (journeys, _) in zip(SEEDS, micro, strict=True):
            found = agreement(ours, journeys)
            print(f"against seed {seed}: {found.error:+.1%}, {found.correlation:.3f}, GEH < 5 {found.geh_share:.1%}")
            assert abs(found.error) < 0.03
            assert found.geh_share > 0.95
            assert found.correlation > 0.85
    draw(figures, runs[0], meso[0], micro)


def test_change_by_closures(joined, micro, meso, figures):
    """Three streets closed all hour; in all models the trips concerned take the fastest way on empty roads instead.

    The change in mean time from planned departure to arrival has micro's sign and is within 25 % of it. (Time on the
    road alone hides the queue that does not fit on the network: it waits to begin.)"""
    base = np.mean([mean_total(j, w) for j, w in micro])
    meso_base = mean_total(*meso)
    ours_base = np.mean([mean_total(*joined.ours(seed)[:2]) for seed in OURS])
    rows = []
    for edge in CLOSED:
        demand, files = detoured(joined, edge)
        theirs = mean_total(*joined.sumo(f"closed_{edge}", routes=files)) - base
        coarse = mean_total(*joined.sumo(f"meso_{edge}", routes=files, meso=True)) - meso_base
        ours = np.mean([mean_total(*joined.ours(seed, demand=demand)[:2]) for seed in OURS]) - ours_base
        print(f"{edge}: micro {theirs:+.0f} s, ours {ours:+.0f} s ({ours / theirs - 1:+.0%}), "
              f"meso {coarse:+.0f} s ({coarse / theirs - 1:+.0%})")  # fmt: skip
        rows.append((edge, theirs, ours, coarse))
    bars(figures, rows)
    for _, theirs, ours, _ in rows:
        assert np.sign(ours) == np.sign(theirs)
        assert abs(ours / theirs - 1) < 0.25


def test_a_network_at_capacity_is_met_by_the_rules(shared, tmp_path_factory):
    """Acosta: a quarter of Bologna with a demand of its own that its entries cannot take (SUMO's trips wait 182 s
    before they begin, then take 280 s), where small differences at a line become long queues. Measured by the rules:
    mean -2 to +2 % (meso +19 %), correlation 0.68-0.72 (meso 0.32, two seeds of micro 0.90), GEH < 5 on 95 % of links
    (meso 84 %)."""
    acosta = city(shared, "acosta", tmp_path_factory)
    (micro, _), (meso, _) = acosta.sumo("micro"), acosta.sumo("meso", meso=True)
    coarse = agreement(meso, micro)
    print(f"meso: {coarse}")
    for seed in OURS:
        plain = agreement(acosta.ours(seed)[0], micro)
        print(f"seed {seed}: {plain}")
        assert abs(plain.error) < 0.05 < abs(coarse.error)
        assert plain.geh_share > 0.92 > coarse.geh_share
        assert plain.correlation > 0.6 > coarse.correlation


def mean_total(journeys, wait_s) -> float:
    """Mean s from planned departure to arrival."""
    return float(np.mean([j.duration_s for j in journeys.values()]) + wait_s)


def detoured(joined: City, edge: str):
    """The demand with detours around a closed edge, and the same as route files for SUMO."""
    import re

    queue = QueueRun(Bound.of(joined.network, joined.demand))
    queue.close([edge], ahead_s=1e9)
    states = dict(zip(queue.bound.fleet.ids, queue.state.vehicle["state"], strict=True))
    assert not any(state == CANCELLED for state in states.values())
    trips = [replace(trip, edges=queue.route(trip.id)) for trip in joined.demand.trips]
    ways = {trip.id: " ".join(trip.edges) for trip in trips}

    def swap(match):
        vid = re.search(r'\bid="([^"]*)"', match.group(0)).group(1)
        return re.sub(r'edges="[^"]*"', f'edges="{ways[vid]}"', match.group(0)) if vid in ways else match.group(0)

    files = []
    for file in joined.routes:
        with open_xml(file) as stream:
            text = stream.read().decode()
        files.append(joined.out / f"{edge.replace('[', '_').replace(']', '_')}_{file.name}")
        files[-1].write_text(re.sub(r"<vehicle [^>]*>\s*<route [^>]*>", swap, text))
    return Demand(trips, joined.demand.types), files


def draw(figures, ours, meso, micro) -> None:
    """Trip times, and the share of links by GEH."""
    import matplotlib.pyplot as plt

    truth = micro[1][0]
    fig, axes = plt.subplots(1, 3, figsize=(15, 4.6))
    for ax, (name, other, colour) in zip(
        axes[:2], (("Queue engine, fitted to seed 1", ours, "#0077bb"), ("SUMO meso", meso, "#cc3311")), strict=True
    ):
        both = sorted(other.keys() & truth.keys())
        x, y = (np.array([d[k].duration_s for k in both]) / 60 for d in (truth, other))
        ax.plot(x, y, ".", ms=1.5, alpha=0.35, color=colour)
        ax.plot([0, 40], [0, 40], "k", lw=0.8)
        ax.set(xlim=(0, 40), ylim=(0, 40), xlabel="trip in SUMO micro, seed 2 (min)", ylabel="same trip (min)")
        found = agreement(other, truth)
        ax.set_title(f"{name}: correlation {found.correlation:.2f}, mean {found.error:+.0%}", fontsize=10)
    flows = link_flows(truth, 900.0, 3600.0)
    pairs = (("queue engine", ours, "#0077bb"), ("SUMO meso", meso, "#cc3311"), ("micro, seed 3", micro[2][0], "0.4"))
    for name, other, colour in pairs:
        g = np.sort(geh(link_flows(other, 900.0, 3600.0), flows, 900.0))
        axes[2].plot(g, np.arange(1, g.size + 1) / g.size * 100, color=colour, label=name)
    axes[2].axvline(5, color="k", lw=0.8, ls=":")
    axes[2].axhline(85, color="k", lw=0.8, ls=":")
    axes[2].set(xlim=(0, 12), ylim=(0, 101), xlabel="GEH of a link in a quarter hour", ylabel="links below (%)")
    axes[2].set_title("Flows against micro, seed 2 (wanted: 85 % below 5)", fontsize=11)
    axes[2].legend(loc="lower right")
    fig.savefig(figures / "traffic_queue_bologna.png", dpi=110, bbox_inches="tight")
    plt.close(fig)


def bars(figures, rows) -> None:
    """Change of mean time by closure."""
    import matplotlib.pyplot as plt

    fig, ax = plt.subplots(figsize=(7, 4))
    for k, (name, colour) in enumerate((("SUMO micro", "0.3"), ("queue engine", "#0077bb"), ("SUMO meso", "#cc3311"))):
        ax.bar(np.arange(len(rows)) + 0.27 * (k - 1), [row[1 + k] for row in rows], 0.25, label=name, color=colour)
    for k, row in enumerate(rows):
        ax.plot([k - 0.4, k + 0.4], [0.75 * row[1]] * 2, "k:", [k - 0.4, k + 0.4], [1.25 * row[1]] * 2, "k:", lw=0.8)
    ax.set_xticks(range(len(rows)), [f"{row[0]} closed" for row in rows])
    ax.set(
        ylabel="longer from planned start to arrival (s)",
        title="What a closure costs the mean trip (dotted: micro ± 25 %)",
    )
    ax.axhline(0, color="k", lw=0.8)
    ax.legend()
    fig.savefig(figures / "traffic_queue_closures.png", dpi=120, bbox_inches="tight")
    plt.close(fig)
