#!/usr/bin/env python3
"""A model that is as sure as the old one and ten points worse: how many labels until it goes back.

    ./bench label-rollback [--quick] [--build DIR] [--json]

Accuracy 0.95 -> 0.85; labels come 100 labelled windows late on average and in another order, one in ten is wrong. The decision is
drift::LabelTrial: both models' answers to a labelled window, and the old model's labelled error rate on the gateways that
still run it. A label here says right or wrong; keys with a suffix tell other cases. With --json the last line is one flat
object."""
import argparse
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FULL = {"healthy": 40_000, "worse": 5000}
QUICK = {"healthy": 5000, "worse": 1000}


def bars(plan: dict) -> dict:
    """key: (at least, at most)"""
    return {"healthy_trials": (plan["healthy"], None), "labels_p95": (None, 450), "false_rate": (None, 0.001)}


def build(folder: Path | None) -> Path:
    if folder is not None:
        return folder.resolve() / "bin"
    subprocess.run(["cmake", "--preset", "release", "-DMW_BENCH=ON"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([ROOT / "scripts/build.sh", "release", "mw-label-rollback-bench"], check=True)
    return ROOT / "build/release/bin"


def broken(figures: dict, wanted: dict) -> list:
    out = []
    for key, (least, most) in wanted.items():
        if least is not None and figures[key] < least:
            out.append(f"{key} is {figures[key]}, under {least}")
        if most is not None and figures[key] > most:
            out.append(f"{key} is {figures[key]}, over {most}")
    return out


def main() -> int:
    parser = argparse.ArgumentParser(prog="./bench label-rollback", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer trials")
    parser.add_argument("--build", type=Path, help="a folder configured with -DMW_BENCH=ON and built; nothing is built")
    parser.add_argument("--json", action="store_true", help="the figures as the last line of standard output")
    options = parser.parse_args()
    plan = QUICK if options.quick else FULL
    tool = build(options.build) / "mw-label-rollback-bench"
    argv = [str(tool), *(str(v) for k, n in plan.items() for v in (f"--{k}", n))]
    figures = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    figures |= {"bars_broken": broken(figures, bars(plan)), "not_measured": []}
    figures["ok"] = not figures["bars_broken"]
    for key, value in figures.items():
        if not isinstance(value, list):
            print(f"  {key:<40} {value}")
    for what in figures["bars_broken"]:
        print(f"  does not hold: {what}")
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
