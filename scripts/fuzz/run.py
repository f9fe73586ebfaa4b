#!/usr/bin/python3
"""Feeds mutated models, payloads and configurations to every decoder under AddressSanitizer and UBSan, and mutated
uplink payloads to a running hub, whose /metrics must have counted them.

    scripts/fuzz/run.py [--quick] [--seed N] [--json]

Each input must end as an error or a correct run: a crash, a hang, a leak or an undefined operation counts in `crashes`,
and the input that did it is kept in build/fuzz/found/.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/asan"   # the fuzz preset's tree
FOUND = ROOT / "build/fuzz/found"
RESTARTS_MAX = 10  # after so many crashes a target has said enough


@dataclass
class Target:
    name: str
    figure: str       # the key its runs are counted under
    runs: int         # in full
    max_len: int
    timeout_s: int = 10


TARGETS = [
    Target("tflite", "mutated_models", 10_000, 65536),
    Target("kernels", "mutated_layers", 20_000, 4096),
    Target("reading", "mutated_payloads", 5_000, 16384),
    Target("uplink", "mutated_payloads", 5_000, 65536),
    Target("config", "mutated_configs", 1_000, 16384),
    Target("plant", "mutated_plants", 1_000, 16384),
    Target("recording", "mutated_recordings", 2_000, 16384),
    Target("http", "mutated_requests", 5_000, 16384),
    Target("trust", "mutated_metadata", 100_000, 16384),
    Target("backup", "mutated_backups", 5_000, 65536),
]
QUICK_SHARE = 10
HUB_PAYLOADS = 3_000


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def present(target: Target) -> bool:
    return (ROOT / f"fuzz/{target.name}_fuzz.cpp").exists()


def build(targets: list) -> None:
    names = [f"{t.name}_fuzz" for t in targets]
    subprocess.run([ROOT / "scripts/build.sh", "fuzz", *names], check=True)


def run_target(target: Target, runs: int, seed: int) -> tuple:
    """(inputs executed beyond the corpus, crashes)."""
    corpus = ROOT / f"fuzz/corpus/{target.name}"
    seeds = sum(1 for p in corpus.rglob("*") if p.is_file()) if corpus.is_dir() else 0
    FOUND.mkdir(parents=True, exist_ok=True)
    done = crashes = 0
    with tempfile.TemporaryDirectory(prefix="millwright-fuzz-") as fresh:
        while done < runs and crashes < RESTARTS_MAX:
            executed, crashed = _fuzz_once(target, runs - done + seeds + 1, seed + crashes, fresh, corpus)
            done += max(executed - seeds - 1, 0)
            crashes += crashed
            if not crashed and executed <= seeds + 1:
                raise RuntimeError(f"{target.name}_fuzz executed nothing; see build/logs/fuzz-{target.name}.log")
    say(f"  {target.name:<10} {done} mutated inputs, {crashes} crashes")
    return done, crashes


def _fuzz_once(target: Target, runs: int, seed: int, fresh: str, corpus: Path) -> tuple:
    log = ROOT / f"build/logs/fuzz-{target.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    argv = [BUILD / f"fuzz/{target.name}_fuzz", f"-runs={runs}", f"-seed={seed}", f"-max_len={target.max_len}",
            f"-timeout={target.timeout_s}", "-rss_limit_mb=2048", "-print_final_stats=1",
            f"-artifact_prefix={FOUND}/{target.name}-", fresh, *([corpus] if corpus.is_dir() else [])]
    with open(log, "wb") as out:
        code = subprocess.run(argv, stdout=out, stderr=subprocess.STDOUT, cwd=BUILD,
                              env={**os.environ, "ASAN_OPTIONS": "abort_on_error=0:detect_leaks=1"}).returncode
    text = log.read_text(errors="replace")
    counts = re.findall(r"stat::number_of_executed_units:\s+(\d+)", text) or re.findall(r"^#(\d+)\s", text, re.M)
    if code != 0:
        say("\n".join(line for line in text.splitlines() if "ERROR:" in line or "SUMMARY" in line or "error:" in line))
    return int(counts[-1]) if counts else 0, int(code != 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"a {QUICK_SHARE}th of the inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="one flat JSON object as the last line")
    options = parser.parse_args()
    share = QUICK_SHARE if options.quick else 1
    report = {figure: 0 for figure in dict.fromkeys(t.figure for t in TARGETS)}
    report.update(crashes=0, counted_in_metrics=False)
    missing = sorted({t.figure for t in TARGETS if not present(t)})
    targets = [t for t in TARGETS if present(t)]
    build(targets)
    enough = not missing
    for target in targets:
        done, crashes = run_target(target, target.runs // share, options.seed)
        report[target.figure] += done
        report["crashes"] += crashes
        enough = enough and done >= target.runs // share
    import hub  # paho and the demo's modules are needed only from here on
    report.update(hub.shake(HUB_PAYLOADS // share, options.seed, ROOT))
    report["crashes"] += report.pop("hub_crashes")
    report["ok"] = enough and report["crashes"] == 0 and report["counted_in_metrics"]
    report["not_measured"] = missing
    if options.json:
        print(json.dumps(report))
    else:
        for key, value in report.items():
            print(f"{key:<24}{value}")
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
