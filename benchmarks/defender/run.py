#!/usr/bin/env python3
"""Device Defender at the hub: reports judged and kept in a second, and how soon a violation is on disk.

    ./bench defender [--quick] [--build DIR] [--json]

10,000 devices, JSON and CBOR by turns, three behaviours, one device in a hundred in violation; through src/hub/defender and a
SQLite file that is synced at each turn of 256. There is no broker in it: violation_ms_p99 is from a turn's handing over to
its commit. With --json the last line is one flat object."""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def build(folder: Path | None) -> Path:
    if folder is not None:
        return folder.resolve() / "bin"
    subprocess.run(["cmake", "--preset", "release", "-DMW_BENCH=ON"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([ROOT / "scripts/build.sh", "release", "mw-defender-bench"], check=True)
    return ROOT / "build/release/bin"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--build", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    reports = 20_000 if options.quick else 200_000
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([build(options.build) / "mw-defender-bench", folder, str(reports)], check=True,
                              capture_output=True, text=True)
    figures: dict = json.loads(done.stdout)
    figures["bars_broken"] = [text for text, bad in {
        "reports_per_s is under 3500": figures["reports_per_s"] < 3500,
        "violation_ms_p99 is not under 1000": figures["violation_ms_p99"] >= 1000,
        "violations are not one device in a hundred": figures["violations"] != 100,
        "a report was refused": figures["accepted"] != reports}.items() if bad]
    figures["not_measured"] = ["the broker"]
    figures["ok"] = not figures["bars_broken"]
    print(json.dumps(figures) if options.json else "\n".join(f"{key}: {value}" for key, value in figures.items()))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
