#!/usr/bin/env python3
"""The decision to retrain: how often it is wrong on healthy fleets, how soon it is right.

    ./bench drift [--quick] [--build DIR] [--json]

Simulated gateways (benchmarks/drift/plant.h) under src/drift's whole decision: labels, features, the fleet's false
discoveries, confirmation, rest. Beside it ADWIN and Page-Hinkley with their usual settings, expected accuracy without labels,
and the detectors' alarms against live river from PyPI. With --json the last line is one flat object."""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/oracles"))
import drift as oracle

FULL = {"healthy-fleets": 100, "mixed-fleets": 120}
QUICK = {"healthy-fleets": 4, "mixed-fleets": 12}
TARGETS = ("mw-drift-bench", "mw-drift-oracle")
# key: (at least, at most)
BARS = {"labels_to_detect_median": (None, 90), "fdr": (None, 0.05), "cbpe_error": (None, 0.02), "river_mismatches": (None, 0),
        "river_streams": (50, None), "statistics_mismatches": (None, 0)}
FULL_BARS = {"healthy_device_weeks": (1_000_000, None), "false_retrain_bound_99": (None, 1e-5)}


def build(folder: Path | None) -> Path:
    if folder is not None:
        return folder.resolve() / "bin"
    subprocess.run(["cmake", "--preset", "release", "-DMW_BENCH=ON"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([ROOT / "scripts/build.sh", "release", *TARGETS], check=True)
    return ROOT / "build/release/bin"


def broken(figures: dict, wanted: dict) -> list:
    out = []
    for key, (least, most) in wanted.items():
        value = figures.get(key)
        if value is not None and least is not None and value < least:
            out.append(f"{key} is {value}, under {least}")
        if value is not None and most is not None and value > most:
            out.append(f"{key} is {value}, over {most}")
    return out


def measure(options: argparse.Namespace) -> dict:
    bins = build(options.build)
    plan = QUICK if options.quick else FULL
    print(f"drift: {plan['healthy-fleets'] * 500 * 52} healthy device-weeks, {plan['mixed-fleets'] * 8} weeks of mixed fleets",
          file=sys.stderr, flush=True)
    argv = [bins / "mw-drift-bench", "--threads", os.cpu_count() or 1, *(v for k, n in plan.items() for v in (f"--{k}", n))]
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=True)
    figures: dict = json.loads(done.stdout)
    figures |= {"not_measured": [], **oracle.compare(bins / "mw-drift-oracle")}
    wanted = BARS if options.quick else BARS | FULL_BARS
    missing = [key for key in wanted if key not in figures and key not in figures["not_measured"]]
    unproved = ["false_retrain_bound_99: so few weeks cannot show it"] if options.quick else []
    figures["bars_broken"] = broken(figures, wanted)
    figures["ok"] = not figures["bars_broken"] and not figures["not_measured"] and not missing
    figures["not_measured"] += missing + unproved
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="./bench drift", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer fleets: half a minute; the bound is not judged")
    parser.add_argument("--build", type=Path, help="a folder configured with -DMW_BENCH=ON and built; nothing is built")
    parser.add_argument("--json", action="store_true", help="the figures as the last line of standard output")
    options = parser.parse_args()
    figures = measure(options)
    for key, value in figures.items():
        if not isinstance(value, list):
            print(f"  {key:<40} {value}")
    for what in figures["bars_broken"]:
        print(f"  does not hold: {what}")
    for what in figures["not_measured"]:
        print(f"  not measured: {what}")
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
