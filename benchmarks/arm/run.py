#!/usr/bin/env python3
"""The ARM kernels without an ARM board: equal to the reference, how many instructions, how many cycles.

    benchmarks/arm/run.py [--quick] [--no-peer] [--json]

Builds the engine for aarch64 and runs it under qemu-user: random steps against the reference, TensorFlow Lite's
recorded answers (../shared/models beside the checkout, where present), guest instructions per multiply-accumulate of
whole inferences beside TensorFlow Lite's own arm64 build in the same run, llvm-mca's cycles of the inner loops, and the
times that the cost model predicts from all that (cost.py). With --json the last line is one flat object; what could
not be measured, and why, stands in `not_measured`."""

import argparse
import json
import sys

import cost
import counts
import mca
import peer
import toolchain

SHARED = toolchain.ROOT / "../shared/models"
LOOPS = {"one_deep": ("MultiplyOneDepthFour(", 1), "one_safe": ("MultiplyOneDepthTwo(", 1),
         "four_deep": ("MultiplyFourDepthFour(", 2), "four_safe": ("MultiplyFourDepthTwo(", 2)}
LOOP_MACS = 256   # 32 rows, 8 columns; a bundle of four takes half the rows for four vectors
LIMITS = {"instr_per_mac_64x728": 0.26, "instr_per_mac_64x432": 0.27, "instr_per_mac_6x256": 0.31}
MAC_PER_CYCLE_MIN = 7.9
NEAR = 1.05       # a step or a batch costs at most so much more per MAC than a window


def say(text: str) -> None:
    print(f"arm: {text}", file=sys.stderr, flush=True)


def compare(quick: bool, figures: dict) -> None:
    steps, large = (3_000, 60) if quick else (100_000, 1_000)
    totals = {"steps_compared": 0, "steps_compared_64x728": 0, "bytes_different": 0}
    for kernel in toolchain.CPUS:
        program = [*toolchain.qemu(kernel), toolchain.BENCH]
        for key, arguments in (("steps_compared", (1, 128, steps)), ("steps_compared_64x728", (728, 728, large))):
            say(f"{kernel}: {arguments[2]} random steps, {arguments[0]} to {arguments[1]} units")
            said = json.loads(toolchain.output([*program, "steps", kernel, *arguments, 1]))
            totals[key] += said["steps_compared"]
            totals["bytes_different"] += said["bytes_different"]
        if quick or not SHARED.is_dir():
            continue
        say(f"{kernel}: TensorFlow Lite's recorded answers")
        said = json.loads(toolchain.output([*program, "models", SHARED, kernel]))
        totals |= {"models_compared": said["models"], "models_unsupported": said["unsupported"]}
        totals["bytes_different"] += said["bytes_different"]
    if "models_compared" not in totals:
        figures["not_measured"].append("arm_models_compared: a quick run, or no ../shared/models")
    figures |= {f"arm_{key}": value for key, value in totals.items()}


def count(figures: dict, with_peer: bool) -> None:
    for shape in counts.SHAPES:
        say(f"{shape.name}: counting instructions")
        window, step = shape.macs(counts.STEPS), shape.macs(1)

        def per_mac(macs: int, **what) -> float:
            return round(counts.ours(shape, **what)["instructions"] / macs, 4)

        figures |= {
            f"instr_per_mac_{shape.name}": per_mac(window),
            f"instr_per_mac_step_{shape.name}": per_mac(step, steps=1),
            f"instr_per_mac_batch4_{shape.name}": per_mac(window, streams=4),
            f"instr_per_mac_batch8_{shape.name}": per_mac(window, streams=8),
            f"instr_per_mac_dot_{shape.name}": per_mac(window, kernel="neon-dot"),
        }
        if with_peer:
            said = counts.tensorflow_lite(shape)
            figures[f"tflite_instr_per_mac_{shape.name}"] = round(said["instructions"] / window, 4)


def cycles(figures: dict) -> None:
    for name, (function, factor) in LOOPS.items():
        loop = mca.longest_loop(toolchain.BENCH, function)
        figures[f"mac_per_cycle_{name}"] = round(LOOP_MACS * factor / loop.cycles, 3)
    figures["mac_per_cycle"] = min(figures[f"mac_per_cycle_{name}"] for name in LOOPS)


def broken(figures: dict) -> list[str]:
    """What does not hold, in words."""
    bars = [f"{key} is {figures[key]}, over {limit}" for key, limit in LIMITS.items() if figures[key] > limit]
    for shape in counts.SHAPES:
        window = figures[f"instr_per_mac_{shape.name}"]
        for kind in ("step", "batch4", "batch8"):
            key = f"instr_per_mac_{kind}_{shape.name}"
            if figures[key] > NEAR * window:
                bars.append(f"{key} is {figures[key]}, more than {NEAR} x {window}")
    if figures["mac_per_cycle"] < MAC_PER_CYCLE_MIN:
        bars.append(f"mac_per_cycle is {figures['mac_per_cycle']}, under {MAC_PER_CYCLE_MIN}")
    if figures["arm_bytes_different"] > 0:
        bars.append(f"{figures['arm_bytes_different']} bytes differ from the reference")
    return bars + cost.broken(figures)


def measure(options: argparse.Namespace) -> dict:
    figures: dict = {"not_measured": []}
    toolchain.install()
    say("building for aarch64")
    toolchain.build("arm_bench")
    compare(options.quick, figures)
    with_peer = not options.no_peer
    if with_peer:
        try:
            say("TensorFlow Lite for arm64")
            peer.prepare()
        except peer.Unavailable as error:
            with_peer = False
            figures["not_measured"].append(f"tflite_instr_per_mac: {error}")
    count(figures, with_peer)
    cycles(figures)
    say("cost model")
    figures |= cost.predictions(cost.measure(counts.SHAPES))
    figures["bars_broken"] = broken(figures)
    figures["ok"] = not figures["bars_broken"]
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few random steps, no recorded answers")
    parser.add_argument("--no-peer", action="store_true", help="without TensorFlow Lite's arm64 build")
    parser.add_argument("--json", action="store_true", help="the figures as the last line of standard output")
    options = parser.parse_args()
    try:
        figures = measure(options)
    except toolchain.Unavailable as error:
        figures = {"ok": True, "not_measured": [f"arm: {error}"]}
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    for key, value in figures.items():
        if key.startswith(("instr", "tflite", "mac_per", "predicted", "arm_")):
            print(f"  {key:<36} {value}")
    for what in figures.get("bars_broken", []):
        print(f"  does not hold: {what}")
    for what in figures["not_measured"]:
        print(f"  not measured: {what}")
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
