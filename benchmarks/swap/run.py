#!/usr/bin/env python3
"""A thousand changes of model under the running agent, and back again: what they cost the windows around them.

    ./bench swap [--quick] [--build DIR] [--json]

One process: the agent with its real threads, brokers, a hub with jobs, streams and signed metadata, and the sensors of 20
machines. Each cycle delivers a new signed model that is sure of itself while its machines are quiet; it passes shadow
and decides; then the machines become loud, it no longer is sure, and probation takes it back. The agent's clock runs
eight times as fast as real time, so that a window comes every 25 ms of each machine; threads, locks and all measured times
are real. Every window is counted by its end; latency runs from its last sample's publish to its decision's. Near: within a
second of real time of a change. With --json the last line is one flat object; what misses its bar is in `bars_broken`."""
import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FULL = {"cycles": 1000, "rest": 3.0, "limit": 2250}
QUICK = {"cycles": 20, "rest": 4.0, "limit": 300}
STALL_MS_MAX = 1.0
ADDED = "added_ms_p999"


def bars(quick: bool) -> dict:
    """key: (at least, at most)"""
    cycles, windows = (QUICK["cycles"], 5_000) if quick else (FULL["cycles"], 100_000)
    return {"swaps": (cycles, None), "rollbacks": (cycles, None), "windows_missed": (None, 0), "windows_scored_twice": (None, 0),
            "windows_near_swap": (windows, None), "windows_far": (windows, None), "windows_per_s": (100, None),
            ADDED: (None, 1)}


def build(folder: Path | None) -> Path:
    if folder is not None:
        return folder.resolve()
    subprocess.run(["cmake", "--preset", "release", "-DMW_BENCH=ON"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([ROOT / "scripts/build.sh", "release", "mw-swap-bench"], check=True)
    return ROOT / "build/release"


def scratch() -> str | None:
    """A tmpfs, so that no disk's moods are in the figures; None: wherever temporary files go here."""
    shm = Path("/dev/shm")
    return str(shm) if shm.is_dir() and os.access(shm, os.W_OK) else None


def run(program: Path, plan: dict) -> dict:
    with tempfile.TemporaryDirectory(prefix="millwright-swap-", dir=scratch()) as folder:
        done = subprocess.run(["setpriv", "--pdeathsig", "KILL", program, "--folder", folder, "--cycles", str(plan["cycles"]),
                               "--rest-seconds", str(plan["rest"]), "--limit-seconds", str(plan["limit"])],
                              stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"mw-swap-bench ended with status {done.returncode}")
    return json.loads(done.stdout.splitlines()[-1])


def judge(figures: dict, quick: bool) -> None:
    added = round(figures["near_ms_p999"] - figures["far_ms_p999"], 4)
    figures["swap_share"] = round(figures["windows_near_swap"] / max(1, figures["windows"]), 4)
    figures |= {k: round(v, 4) for k, v in figures.items() if isinstance(v, float)}
    figures |= {ADDED: added, "not_measured": [], "bars_broken": []}
    if added >= 1 and figures["stall_ms_p999"] > STALL_MS_MAX:
        figures["not_measured"].append(f"{ADDED}: {added} ms, but this machine itself let a thread that only sleeps wait "
                                       f"{figures['stall_ms_p999']} ms (p99.9)")
        figures["added_ms_p999_unsettled"] = figures.pop(ADDED)
    for key, (least, most) in bars(quick).items():
        value = figures.get(key)
        if value is None:
            continue
        if least is not None and value < least:
            figures["bars_broken"].append(f"{key} is {value}, under {least}")
        if most is not None and (value > most or key == ADDED and value >= most):
            figures["bars_broken"].append(f"{key} is {value}, over {most}")
    figures["ok"] = not figures["bars_broken"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./bench swap", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="twenty swaps instead of a thousand: a minute")
    parser.add_argument("--build", type=Path, help="a folder configured with -DMW_BENCH=ON and built; nothing is built")
    parser.add_argument("--json", action="store_true", help="the figures as the last line of standard output")
    options = parser.parse_args()
    figures = run(build(options.build) / "bin/mw-swap-bench", QUICK if options.quick else FULL)
    judge(figures, options.quick)
    for key, value in figures.items():
        if not isinstance(value, list):
            print(f"  {key:<24} {value}")
    for what in figures["bars_broken"]:
        print(f"  does not hold: {what}")
    for what in figures["not_measured"]:
        print(f"  not measured: {what}")
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
