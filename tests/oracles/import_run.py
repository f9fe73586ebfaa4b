#!/usr/bin/env python3
"""Proves that `millwright model import` keeps what a model decides: PyTorch trains networks, ONNX and
Keras files of them are imported, and INT8 is held against the originals and TensorFlow Lite.

    tests/oracles/import_run.py [--build build/release] [--json]

The last line with --json is one flat object: models, windows, windows_agreed, agreement_lowest,
float_error_max, bytes_compared, bytes_different, ok, not_measured. Needs Debian's python3-torch;
Keras and TensorFlow Lite come from PyPI into build/oracles/venv.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import import_cases
import run as engine_oracle

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # the one that Debian's torch belongs to
HALVES = 2  # of the cases, side by side


def say(text):
    print(text, file=sys.stderr, flush=True)


def has_torch():
    return subprocess.run([PYTHON, "-c", "import torch"], capture_output=True).returncode == 0


def make_models(python, folder):
    """Trains and exports, half of the cases beside the other; Keras follows each half."""
    names = list(import_cases.CASES)
    script = '"$0" -W ignore "$1/import_torch.py" "$3" "${@:4}" && "$2" "$1/import_keras.py" "$3" "${@:4}"'
    children = [
        subprocess.Popen(
            ["bash", "-c", script, PYTHON, str(HERE), str(python), folder, *names[half::HALVES]],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for half in range(HALVES)
    ]
    failed = []
    for child in children:
        text, _ = child.communicate(timeout=900)
        if child.returncode != 0:
            failed.append(text.strip().splitlines()[-1] if text.strip() else "no word")
    return failed


def skip(why, options):
    say(f"import: {why}")
    if options.json:
        print(json.dumps({"models": 0, "skipped": why, "ok": True, "not_measured": ["models"]}))
    sys.exit(0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    program = (options.build / "bin/millwright").resolve()
    if not os.access(program, os.X_OK):
        sys.exit(f"import: {program} is missing; build the target millwright first")
    started = time.monotonic()
    if not has_torch():
        skip("python3-torch is not installed", options)
    python = engine_oracle.prepare_peer()
    if python is None:
        skip("Keras and TensorFlow Lite cannot be had from PyPI here", options)
    with tempfile.TemporaryDirectory() as folder:
        failed = make_models(python, folder)
        done = subprocess.run(
            [python, HERE / "import_compare.py", folder, "--program", program],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=900,
        )
    if done.returncode != 0:
        failed.append(f"import_compare.py ended with {done.returncode}")
    result = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"failures": []}
    result["failures"] += failed
    result["seconds"] = round(time.monotonic() - started, 1)
    result["ok"] = not result["failures"] and result.get("models", 0) > 0
    result["not_measured"] = []
    for failure in result["failures"]:
        say(f"import: {failure}")
    say(
        f"import: {result.get('models', 0)} models, {result.get('windows_agreed', 0)} of "
        f"{result.get('windows', 0)} windows decide alike (the worst model: "
        f"{result.get('agreement_lowest', 0)}), {result.get('bytes_different', 0)} of "
        f"{result.get('bytes_compared', 0)} bytes differ, {result['seconds']} s"
    )
    if options.json:
        print(json.dumps(result))
    sys.exit(0 if result["ok"] else 1)


if __name__ == "__main__":
    main()
