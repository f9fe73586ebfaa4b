#!/usr/bin/env python3
"""Proves "same bits as TensorFlow Lite": on random models and, where present, converter outputs.

    tests/oracles/run.py [--build build/release] [--quick] [--seed N] [--json]

The last line with --json is one flat object: models_compared, models_unsupported, steps_compared,
bytes_compared, bytes_different, ok, not_measured. TensorFlow Lite itself comes from PyPI
(ai-edge-litert) into build/oracles/venv.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
VENV = ROOT / "build/oracles/venv"
REQUIREMENTS = HERE / "requirements.txt"
SHARED = ROOT / "../shared/models"
UNSUPPORTED = 3  # mw-oracle's exit status for a model that is sound but outside the engine
FULL = {"models": 240, "op_models": 2000, "steps": 1_350_000, "seed": 1}
QUICK = {"models": 24, "op_models": 200, "steps": 60_000, "seed": 1}


def say(text):
    print(text, file=sys.stderr, flush=True)


def prepare_peer():
    """The Python of an environment that holds TensorFlow Lite; None where it cannot be had."""
    python = VENV / "bin/python"
    stamp = VENV / "requirements.sha256"
    want = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == want:
        return python
    say("oracles: installing TensorFlow Lite (ai-edge-litert) from PyPI ...")
    try:
        subprocess.run(
            [sys.executable, "-m", "venv", VENV], check=True, capture_output=True, text=True
        )
        subprocess.run(
            [python, "-m", "pip", "install", "-q", "--only-binary", ":all:", "-r", REQUIREMENTS],
            check=True,
            capture_output=True,
            text=True,
            timeout=900,
        )
    except (subprocess.SubprocessError, OSError) as error:
        say(f"oracles: it cannot be had here: {getattr(error, 'stderr', None) or error}")
        return None
    stamp.write_text(want)
    return python


def compare_random(python, tool, plan):
    command = [
        python,
        HERE / "tflite_compare.py",
        "--tool",
        tool,
        "--seed",
        str(plan["seed"]),
        "--models",
        str(plan["models"]),
        "--op-models",
        str(plan["op_models"]),
        "--steps",
        str(plan["steps"]),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode != 0:
        return {
            "bytes_different": 1,
            "failures": [f"tflite_compare.py ended with {done.returncode}"],
        }
    return json.loads(done.stdout.splitlines()[-1])


def count_different(want, got):
    return sum(a != b for a, b in zip(want, got)) + abs(len(want) - len(got))


def run_tool(tool, stem, suffix, carry, tensor, folder):
    """(bytes compared, bytes different, why); None for both where the model is unsupported."""
    out = folder / "out.bin"
    command = [tool, "tensor", f"{stem}.tflite", f"{stem}.in.bin", out, str(tensor)] + (
        ["carry"] if carry else []
    )
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        want, got = pathlib.Path(f"{stem}{suffix}").read_bytes(), out.read_bytes()
        return len(want), count_different(want, got[: len(want)]), ""
    if done.returncode == UNSUPPORTED:
        return None, None, done.stderr.strip()
    return 0, 1, done.stderr.strip()


def compare_shared(tool, result):
    """Recorded answers on converter outputs: fresh, carried, and the first LSTM's sequence."""
    for info_path in sorted(SHARED.glob("*.json")):
        info = json.loads(info_path.read_text())
        stem = info_path.with_suffix("")
        parts = (
            (".out.bin", False, -1),
            (".carry.bin", True, -1),
            (".lstm.bin", False, info["lstm_tensor"]),
        )
        with tempfile.TemporaryDirectory() as name:
            for suffix, carry, tensor in parts:
                compared, different, why = run_tool(
                    tool, stem, suffix, carry, tensor, pathlib.Path(name)
                )
                if compared is None:
                    result["models_unsupported"].append(f"{info['name']}: {why.split('nn: ')[-1]}")
                    break
                result["bytes_compared"] += compared
                result["bytes_different"] += different
                if different:
                    result["failures"].append(
                        f"{info['name']}{suffix}: {why or f'{different} bytes differ'}"
                    )
            else:
                result["models_compared"] += 1
                result["shared_models_compared"] += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--quick", action="store_true", help="a slice of a minute")
    parser.add_argument("--seed", type=int, help="first seed of the random models")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    tool = (options.build / "bin/mw-oracle").resolve()
    if not os.access(tool, os.X_OK):
        sys.exit(f"oracles: {tool} is missing; build the target mw-oracle first")
    plan = dict(QUICK if options.quick else FULL)
    if options.seed is not None:
        plan["seed"] = options.seed
    result = {
        "models_compared": 0,
        "shared_models_compared": 0,
        "models_unsupported": [],
        "steps_compared": 0,
        "bytes_compared": 0,
        "bytes_different": 0,
        "failures": [],
    }
    not_measured = []
    started = time.monotonic()
    if SHARED.is_dir():
        compare_shared(tool, result)
    else:
        say("oracles: ../shared/models is not there; only random models are compared")
        not_measured.append("shared_models_compared")
    python = prepare_peer()
    if python is None:
        not_measured.append("steps_compared")
    else:
        for key, value in compare_random(python, tool, plan).items():
            result[key] = (
                result.get(key, 0) + value if isinstance(value, int) else result[key] + value
            )
    result["seconds"] = round(time.monotonic() - started, 1)
    enough = python is None or options.quick or result["steps_compared"] >= 1_000_000
    result["ok"] = bool(result["bytes_different"] == 0 and result["models_compared"] > 0 and enough)
    result["not_measured"] = not_measured
    for failure in result["failures"]:
        say(f"oracles: {failure}")
    say(
        f"oracles: {result['models_compared']} models, {result['steps_compared']} LSTM steps, "
        f"{result['bytes_compared']} bytes compared, {result['bytes_different']} differ, "
        f"{result['seconds']} s"
    )
    if options.json:
        print(json.dumps(result))
    sys.exit(0 if result["ok"] else 1)


if __name__ == "__main__":
    main()
