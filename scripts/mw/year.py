"""./demo --scenario year: twelve monthly releases on a virtual clock (tests/year), one gateway away for two of them, one
whose clock begins at 1970 again."""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import report
from report import Bar
from screen import Screen

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/release/bin/mw-year"
BARS = [Bar("cycles", low=12, high=12), Bar("stuck", high=0), Bar("devices_missing", high=0), Bar("devices", low=2),
        Bar("rollouts_scheduled", low=12), Bar("rollouts_superseded", low=1),
        Bar("clock_behind_years_max", low=50), Bar("virtual_days", low=360)]


def run(options: argparse.Namespace, screen: Screen) -> int:
    subprocess.run([ROOT / "scripts/build.sh", "release", "mw-year"], check=True, stdout=sys.stderr)
    screen.line("  year        five gateways, a release every 30 days; virtual time, real agents, hub and files")
    # Thousands of small durable writes: in memory where there is a place for that.
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="mw-year-", dir=memory if memory.is_dir() else None))
    log = ROOT / "build/logs/year.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(log, "w") as errors:
            done = subprocess.run(["setpriv", "--pdeathsig", "KILL", PROGRAM, folder], stdout=subprocess.PIPE,
                                  stderr=errors, text=True, timeout=1200)
        figures = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise RuntimeError(f"mw-year ended with {done.returncode} and no figures; see {log}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures["devices_missing"] = figures["devices"] - figures["devices_current"]
    broken = report.judge(figures, BARS, [])
    screen.line(f"  year        {figures['cycles']} cycles, {figures['devices_current']} of {figures['devices']} gateways are "
                f"current, {figures['stuck']} stuck; {figures['updates_committed']} updates in {figures['virtual_days']:.0f} "
                f"days that took {figures['seconds']:.0f} s", "good" if figures["ok"] else "bad")
    for bar in broken:
        screen.line(f"  BROKEN  {bar}", "bad")
    report.deliver(figures, options.json, options.report)
    return 0 if figures["ok"] else 1
