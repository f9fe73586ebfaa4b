#!/usr/bin/env python3
"""Runs millwright-tuf, and what `millwright keys` writes, against python-tuf.

    tests/trust/run.py [--build build/release] [--only TEXT] [--client COMMAND] [--json]

A repository simulator on python-tuf (PyPI `tuf`, in build/trust-oracle/venv) is bent in one way a case; the client must
do what the TUF specification says. With --client another program of the same command line stands trial: that of python-tuf
itself is tests/trust/ngclient.py. Expiry needs the program `faketime`. The last line with --json is one flat object:
cases_passed, cases_failed, cases_skipped, interop_passed, interop_failed, failures, ok, not_measured.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time
import traceback

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent
VENV = ROOT / "build/trust-oracle/venv"
REQUIREMENTS = HERE / "requirements.txt"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def prepare() -> pathlib.Path | None:
    """The Python of an environment that holds python-tuf; None where it cannot be had."""
    python, stamp = VENV / "bin/python", VENV / "requirements.sha256"
    want = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if python.exists() and stamp.exists() and stamp.read_text() == want:
        return python
    say("trust: installing python-tuf from PyPI ...")
    try:
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True, capture_output=True, text=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--only-binary", ":all:", "-r", REQUIREMENTS],
                       check=True, capture_output=True, text=True, timeout=600)
    except (subprocess.SubprocessError, OSError) as error:
        say(f"trust: it cannot be had here: {(getattr(error, 'stderr', None) or str(error)).strip()[-300:]}")
        return None
    stamp.write_text(want)
    return python


def needs_faketime(function) -> bool:
    return "at" in function.__code__.co_names or "at=" in (function.__doc__ or "") or \
        any("at" in names for names in function.__code__.co_consts if isinstance(names, tuple))


def run_cases(command: list[str], only: str, result: dict) -> None:
    import cases
    import cases_delegations  # noqa: F401 (registers)
    import cases_keys  # noqa: F401
    from simulator import Client, Repository, Server
    server, faketime = Server(), shutil.which("faketime")
    for name, function, arguments in cases.CASES:
        if only not in name:
            continue
        if needs_faketime(function) and not faketime:
            result["cases_skipped"] += 1
            continue
        server.repository = Repository()
        client = Client(command, server)
        try:
            function(server.repository, client, *arguments)
            result["cases_passed"] += 1
        except Exception:  # noqa: BLE001 (a case may fail in any way)
            result["cases_failed"] += 1
            result["failures"].append(name)
            say(f"FAILED {name}\n  the client said: {client.said}\n  asked: {server.repository.asked}")
            say("".join("  " + line for line in traceback.format_exc(limit=-2).splitlines(True)))
        client.close()
    server.close()


def run_interop(build: pathlib.Path, only: str, result: dict) -> None:
    import interop
    for name, function in interop.TESTS:
        if only not in name:
            continue
        try:
            function(build)
            result["interop_passed"] += 1
        except Exception:  # noqa: BLE001
            result["interop_failed"] += 1
            result["failures"].append(name)
            say(f"FAILED {name}")
            say("".join("  " + line for line in traceback.format_exc(limit=-3).splitlines(True)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--client", help="command of another client to try")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    program = (options.build / "bin/millwright-tuf").resolve()
    if not options.client and not os.access(program, os.X_OK):
        sys.exit(f"trust: {program} is missing; build the target millwright-tuf first")
    if "tuf" not in sys.modules and pathlib.Path(sys.prefix) != VENV:
        python = prepare()
        if python:
            return subprocess.run([python, __file__, *sys.argv[1:]]).returncode
        print(json.dumps({"cases_passed": 0, "skipped": "python-tuf cannot be had from PyPI here", "ok": True,
                          "not_measured": ["cases_passed"]}))
        return 0
    result = {"cases_passed": 0, "cases_failed": 0, "cases_skipped": 0, "interop_passed": 0, "interop_failed": 0,
              "failures": []}
    started = time.monotonic()
    run_cases(shlex.split(options.client) if options.client else [str(program)], options.only, result)
    if not options.client:
        run_interop(options.build.resolve(), options.only, result)
    result["seconds"] = round(time.monotonic() - started, 1)
    result["ok"] = result["cases_failed"] == 0 and result["interop_failed"] == 0 and result["cases_passed"] > 0
    result["not_measured"] = ["cases_skipped: no faketime here"] if result["cases_skipped"] else []
    say(f"trust: {result['cases_passed']} cases passed, {result['cases_failed']} failed, {result['cases_skipped']} "
        f"skipped; {result['interop_passed']} interop passed, {result['interop_failed']} failed; {result['seconds']} s")
    if options.json:
        print(json.dumps(result))
    return 0 if result["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
