#!/usr/bin/env python3
"""The drift room against live river, scipy and statsmodels: the same alarms, the same figures; half a minute.

    tests/oracles/drift.py [--build build/release] [--seed N] [--json]

river_mismatches, statistics_mismatches, ok, not_measured. The three come from PyPI into build/oracles/drift-venv."""
import argparse
import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
VENV = ROOT / "build/oracles/drift-venv"
REQUIREMENTS = HERE / "drift-requirements.txt"
KEYS = ("river_mismatches", "statistics_mismatches")


def prepare_peer() -> Path | None:
    """The Python of an environment with river in it; None where it cannot be had."""
    python, stamp = VENV / "bin/python", VENV / "requirements.sha256"
    want = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == want:
        return python
    print("oracles: installing river, scipy and statsmodels from PyPI ...", file=sys.stderr, flush=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True, capture_output=True, text=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--only-binary", ":all:", "-r", REQUIREMENTS], check=True,
                       capture_output=True, text=True, timeout=600)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"oracles: they cannot be had here: {getattr(error, 'stderr', None) or error}", file=sys.stderr)
        return None
    stamp.write_text(want)
    return python


def compare(tool: Path, seed: int = 1) -> dict:
    """What drift_compare.py says; `not_measured` names the keys that are missing."""
    python = prepare_peer()
    if python is None:
        return {"not_measured": list(KEYS)}
    done = subprocess.run([python, HERE / "drift_compare.py", "--tool", tool, "--seed", str(seed)], capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"oracles: drift_compare.py ended with {done.returncode}: {last}", file=sys.stderr)
        return {"not_measured": list(KEYS), "failures": [last]}
    return json.loads(done.stdout.splitlines()[-1]) | {"not_measured": []}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build/release")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = compare((options.build / "bin/mw-drift-oracle").resolve(), options.seed)
    figures["ok"] = all(figures.get(key) == 0 for key in KEYS)
    print("  " + ", ".join(f"{key} {figures.get(key, 'not measured')}" for key in ("river_streams", *KEYS)), file=sys.stderr)
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
