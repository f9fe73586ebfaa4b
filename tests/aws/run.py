#!/usr/bin/env python3
"""Holds `millwright aws export` and the hub's IoT Jobs against AWS's own clients.

    tests/aws/run.py [--build build/release] [--only TEXT] [--json]

Exports are compared with the AWS command line's service model (PyPI `botocore`); a device that AWS's device SDK plays
(PyPI `awsiotsdk`) takes a job from our hub over TLS; the SDK's Greengrass client accepts a small nucleus of ours, under which
the agent then runs as a component. Both come from PyPI into build/aws-oracle/venv; where that cannot be
reached the run is skipped and says so. The last line with --json is one flat object: cases_passed, cases_failed, answers
(parsed by the SDK), failures, ok, not_measured.
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
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
VENV = ROOT / "build/aws-oracle/venv"
REQUIREMENTS = HERE / "requirements.txt"
PROGRAMS = ("millwright", "millwright-agent", "millwright-hub", "mw-test-bundle")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def prepare() -> pathlib.Path | None:
    """The Python of an environment that holds AWS's clients; None where it cannot be had."""
    python, stamp = VENV / "bin/python", VENV / "requirements.sha256"
    want = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == want:
        return python
    say("aws: installing botocore and awsiotsdk from PyPI ...")
    try:
        subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", VENV], check=True, capture_output=True,
                       text=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--only-binary", ":all:", "-r", REQUIREMENTS], check=True,
                       capture_output=True, text=True, timeout=600)
    except (subprocess.SubprocessError, OSError) as error:
        say(f"aws: they cannot be had here: {(getattr(error, 'stderr', None) or str(error)).strip()[-300:]}")
        return None
    stamp.write_text(want)
    return python


def run(cases: list, only: str, result: dict) -> None:
    for case in cases:
        if only not in case.__name__:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                result["answers"] += case(pathlib.Path(folder)) or 0
                result["cases_passed"] += 1
            except Exception:  # noqa: BLE001 (a case may fail in any way)
                result["cases_failed"] += 1
                result["failures"].append(case.__name__)
                say(f"FAILED {case.__name__}")
                say("".join("  " + line for line in traceback.format_exc(limit=-4).splitlines(True)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    build = options.build.resolve()
    missing = [name for name in PROGRAMS if not os.access(build / "bin" / name, os.X_OK)]
    if missing:
        sys.exit(f"aws: {build}/bin has no {', '.join(missing)}; build the target first")
    if pathlib.Path(sys.prefix) != VENV:
        python = prepare()
        if python:
            return subprocess.run([python, __file__, *sys.argv[1:]]).returncode
        print(json.dumps({"cases_passed": 0, "skipped": "botocore and awsiotsdk cannot be had from PyPI here",
                          "ok": True, "not_measured": ["cases_passed"]}))
        return 0
    os.environ["MW_BUILD"] = str(build)
    import export_oracle
    import ipc_oracle
    import jobs_oracle
    result = {"cases_passed": 0, "cases_failed": 0, "answers": 0, "failures": []}
    started = time.monotonic()
    run(export_oracle.CASES + ipc_oracle.CASES + jobs_oracle.CASES, options.only, result)
    result["seconds"] = round(time.monotonic() - started, 1)
    result["ok"] = result["cases_failed"] == 0 and result["cases_passed"] > 0
    result["not_measured"] = []
    say(f"aws: {result['cases_passed']} cases passed, {result['cases_failed']} failed; {result['answers']} answers of "
        f"ours parsed by AWS's SDK; {result['seconds']} s")
    if options.json:
        print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
