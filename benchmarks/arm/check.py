#!/usr/bin/env python3
"""The engine's unit tests as 64-bit ARM programs under qemu-user, and random steps against the reference.

    benchmarks/arm/check.py [--full] [--json]

As a Cortex-A72 (the gateways' core), then as a core with the dot product. --full: also TensorFlow Lite's recorded
answers and the large layers (minutes), and 100,000 steps instead of 2,000. The last line with --json is one flat
object; where the cross compiler or qemu cannot be had, `not_measured` says so and nothing fails."""

import argparse
import json
import re
import subprocess
import sys

import toolchain

LONG_TESTS = "SharedModels.*:*LargeLayers*"


def unit_tests(kernel: str, full: bool) -> tuple[int, list[str]]:
    """How many passed, and the names of those that did not."""
    # What differs between the two processors is the kernel set alone.
    chosen = "*" if kernel == "neon" else "*LstmRunner*:SharedModels.*"
    command = [*toolchain.qemu(kernel), toolchain.TESTS, f"--gtest_filter={chosen}{'' if full else '-' + LONG_TESTS}"]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=3600)
    passed = re.search(r"\[  PASSED  \] (\d+) tests?", done.stdout)
    failed = sorted(set(re.findall(r"^\[  FAILED  \] ([\w./]+)", done.stdout, re.M)))
    if done.returncode != 0 and not failed:
        failed = [f"{toolchain.TESTS.name} ended with {done.returncode}: {(done.stdout + done.stderr)[-300:]}"]
    return int(passed[1]) if passed else 0, failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="also what takes minutes")
    parser.add_argument("--json", action="store_true", help="the figures as the last line")
    options = parser.parse_args()
    figures: dict = {"ok": True, "passed": 0, "failed": 0, "steps_compared": 0, "bytes_different": 0, "not_measured": []}
    try:
        toolchain.install()
        toolchain.build("arm_nn_test", "arm_bench")
        for kernel in toolchain.CPUS:
            passed, failed = unit_tests(kernel, options.full)
            figures["passed"] += passed
            figures["failed"] += len(failed)
            for name in failed:
                print(f"failed under qemu as {toolchain.CPUS[kernel]}: {name}")
            steps = 100_000 if options.full else 2_000
            said = json.loads(toolchain.output([*toolchain.qemu(kernel), toolchain.BENCH, "steps", kernel, 1, 128, steps, 1]))
            figures["steps_compared"] += said["steps_compared"]
            figures["bytes_different"] += said["bytes_different"]
        figures["ok"] = figures["failed"] == 0 and figures["bytes_different"] == 0
    except toolchain.Unavailable as error:
        figures["not_measured"].append(f"arm: {error}")
    print(f"{figures['passed']} passed, {figures['failed']} failed; {figures['steps_compared']} steps, "
          f"{figures['bytes_different']} bytes differ")
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
