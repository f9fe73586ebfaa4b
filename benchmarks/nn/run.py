#!/usr/bin/env python3
"""The INT8 engine beside TensorFlow Lite on this machine: same bytes, how much faster.

    ./bench nn [--quick] [--no-arm] [--build DIR] [--json]

Each kernel set against the reference on random layers and, where present, against TensorFlow Lite's recorded answers
(../shared/models beside the checkout); then the Interpreter (one thread) and the engine in turns on models of three
shapes made here. `unchanged_share` tells what skipping unchanged units could save. The ARM figures come from
benchmarks/arm/run.py. With --json the last line is one flat object; what could not be measured, and why, stands in
`not_measured`, what misses its bar in `bars_broken`."""
import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import windows
from race import Lane, Server, first_in_line, race, runs_of

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "../shared/models"
SHAPES = {"64x728": (64, 728), "64x432": (64, 432), "6x256": (6, 256)}
MAIN = "64x728"
STEPS = 64
STREAMS = 8
LAP_MS = 25  # a lap of each contender: about one window of TensorFlow Lite's, so that all wake up, and warm up, alike
# Laps that contenders of several threads run at a turn. A core that slept through the others' turns is late at first: a
# virtual machine's host may even begin with both on one core, and parts them only when both have been busy for a while.
LAPS_TOGETHER = 12
FULL = {"rounds": 60, "steps": 10_000_000, "large": 100_000, "arm": []}
QUICK = {"rounds": 8, "steps": 60_000, "large": 300, "arm": ["--quick", "--no-peer"]}
BARS = {  # key: (at least, at most)
    "bytes_different": (None, 0), "speedup_vs_tflite": (12, None), "speedup_2_threads": (30, None),
    "speedup_8_streams": (45, None), "speedup_avx2": (7, None), "stream_step_ratio": (None, 1 / 50),
    "batch8_weight_bytes_ratio": (None, 1.15), "allocations_per_inference": (None, 0), "cold_load_ms": (None, 20),
}


def say(text: str) -> None:
    print(f"nn: {text}", file=sys.stderr, flush=True)


class Programs:
    """The two C++ halves and what they say."""

    def __init__(self, build: Path):
        self.bench, self.compare = build / "bin/mw-nn-bench", build / "bin/mw-nn-compare"

    def ask(self, *argv) -> str:
        done = subprocess.run([str(a) for a in argv], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, argv))}: {done.stderr.strip()}")
        return done.stdout.strip()

    def kernels(self) -> list:
        return self.ask(self.bench, "kernels").split()


def build(folder: Path | None) -> Path:
    if folder is not None:
        return folder.resolve()
    subprocess.run(["cmake", "--preset", "release", "-DMW_BENCH=ON"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([ROOT / "scripts/build.sh", "release", "mw-nn-bench", "mw-nn-compare"], check=True)
    return ROOT / "build/release"


def peer_python() -> Path | None:
    """The oracles' environment with TensorFlow Lite; None where it cannot be had."""
    spec = importlib.util.spec_from_file_location("oracles_run", ROOT / "tests/oracles/run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.prepare_peer()


# -- same bytes ------------------------------------------------------------------------------------------------------

def compare(programs: Programs, kernels: list, plan: dict, figures: dict) -> None:
    """Random layers, divided among the kernel sets, in as many processes as there are cores; then what TensorFlow
    Lite answered."""
    figures |= {"steps_compared": 0, "steps_compared_64x728": 0, "bytes_different": 0}
    jobs = max(1, os.cpu_count() or 1)
    for kernel in kernels[1:]:
        for key, sizes, count in (("steps_compared", (1, 128), plan["steps"]),
                                  ("steps_compared_64x728", (728, 728), plan["large"])):
            each = -(-count // (len(kernels) - 1))
            say(f"{kernel}: {each} random steps, {sizes[0]} to {sizes[1]} units")
            share = -(-each // jobs)
            running = [subprocess.Popen([programs.compare, "steps", kernel, *map(str, (*sizes, share, 1 + 10**6 * job))],
                                        stdout=subprocess.PIPE, text=True) for job in range(jobs)]
            for child in running:
                text, _ = child.communicate()
                if child.returncode != 0:
                    raise RuntimeError(f"{kernel}: mw-nn-compare ended with status {child.returncode}")
                said = json.loads(text)
                figures[key] += said["steps_compared"]
                figures["bytes_different"] += said["bytes_different"]
    if not SHARED.is_dir():
        figures["not_measured"].append("models_compared: ../shared/models is not there")
        return
    for kernel in kernels:
        said = json.loads(programs.ask(programs.compare, "models", SHARED, kernel))
        say(f"{kernel}: {said['models']} models of TensorFlow Lite's, {said['bytes_different']} bytes differ")
        figures |= {"models_compared": said["models"], "models_unsupported": said["unsupported"]}
        figures["bytes_different"] += said["bytes_different"]


# -- how fast --------------------------------------------------------------------------------------------------------

def make_models(programs: Programs, folder: Path) -> dict:
    files = {name: folder / f"{name}.tflite" for name in SHAPES}
    for name, path in files.items():
        programs.ask(programs.compare, "make", *SHAPES[name], STEPS, path)
    files["step"] = folder / "step.tflite"
    programs.ask(programs.compare, "make", *SHAPES[MAIN], 1, files["step"])
    return files


def contenders(files: dict, kernels: list) -> dict:
    """Lane name -> (file, kernel, streams, threads)."""
    best = kernels[-1]
    lanes = {f"window_{name}": (files[name], best, 1, 1) for name in SHAPES}
    lanes["step"] = (files["step"], best, 1, 1)
    lanes["streams"] = (files[MAIN], best, STREAMS, 1)
    if "avx2" in kernels:
        lanes["avx2"] = (files[MAIN], "avx2", 1, 1)
    if (os.cpu_count() or 1) > 1:
        lanes["threads"] = (files[MAIN], best, 1, 2)
        lanes["streams_threads"] = (files[MAIN], best, STREAMS, 2)
    return lanes


def time_all(programs: Programs, files: dict, kernels: list, python: Path | None, plan: dict) -> dict:
    wanted = contenders(files, kernels)
    setup = "".join(f"{file} {kernel} {streams} {threads}\n" for file, kernel, streams, threads in wanted.values())
    own = Server([programs.bench, "serve"], setup=setup + "\n")
    lanes = [Lane(name, own, i, runs_of(LAP_MS, own, i), streams, laps=LAPS_TOGETHER if threads > 1 else 1)
             for i, (name, (_, _, streams, threads)) in enumerate(wanted.items())]
    servers = [own]
    if python is not None:
        peer = Server([python, Path(__file__).parent / "peer_laps.py", *(files[name] for name in SHAPES)], "ready")
        servers.append(peer)
        lanes += [Lane(f"tflite_{name}", peer, i) for i, name in enumerate(SHAPES)]
    race(lanes, plan["rounds"], say)
    for server in servers:
        server.close()
    return {lane.name: lane for lane in lanes}


def speeds(lanes: dict, kernels: list, figures: dict) -> None:
    figures["kernel"] = kernels[-1]
    for name, lane in lanes.items():
        unit = ("us", 1e3) if name == "step" else ("ms", 1)
        figures[f"{name}_{unit[0]}"] = round(lane.median_ms * unit[1], 4)
        figures[f"{name}_best_{unit[0]}"] = round(lane.best_ms * unit[1], 4)
    figures["stream_step_ratio"] = round(lanes["step"].median_ms / lanes[f"window_{MAIN}"].median_ms, 5)
    vnni = kernels[-1] == "avx512vnni"
    ratios = {"speedup_vs_tflite": (f"window_{MAIN}", vnni), "speedup_2_threads": ("threads", vnni),
              "speedup_8_streams": ("streams_threads", vnni), "speedup_avx2": ("avx2", True)}
    ratios |= {f"speedup_{name}": (f"window_{name}", True) for name in SHAPES if name != MAIN}
    for key, (name, right_kernel) in ratios.items():
        shape = name.removeprefix("window_") if name.startswith("window_") else MAIN
        peer = lanes.get(f"tflite_{shape}")
        if peer is None or name not in lanes or not right_kernel:
            why = ("TensorFlow Lite cannot be had here" if peer is None else
                   "one core" if name not in lanes and name != "avx2" else f"kernel is {kernels[-1]}")
            figures["not_measured"].append(f"{key}: {why}")
            continue
        figures[key] = round(peer.median_ms / lanes[name].median_ms, 2)


# -- counts ----------------------------------------------------------------------------------------------------------

def count(programs: Programs, files: dict, kernels: list, folder: Path, figures: dict) -> None:
    best = kernels[-1]
    runs = {streams: json.loads(programs.ask(programs.bench, "counts", files[MAIN], best, streams, threads))
            for streams, threads in ((1, 1), (STREAMS, 2))}
    figures["allocations_per_inference"] = sum(said["allocations"] for said in runs.values())
    figures["weight_bytes_per_step"] = runs[1]["weight_bytes"]
    figures["batch8_weight_bytes_ratio"] = round(runs[STREAMS]["weight_bytes"] / runs[1]["weight_bytes"], 4)
    bundle = folder / "bundle"
    bundle.mkdir()
    programs.ask(programs.bench, "bundle", bundle)
    figures["bundle_bytes"] = (bundle / "model.tflite").stat().st_size
    loads = sorted(float(programs.ask(*first_in_line(), programs.bench, "load", bundle)) for _ in range(9))
    figures["cold_load_ms"] = loads[len(loads) // 2]
    overlap(programs, files, folder, figures)
    unchanged(programs, folder, figures)


def overlap(programs: Programs, files: dict, folder: Path, figures: dict) -> None:
    """A window that moved on by one step: how many times faster where the shared steps' input products are kept."""
    small = folder / "64x32.tflite"
    programs.ask(programs.compare, "make", 64, 32, STEPS, small)
    for key, file, rounds in (("overlap_speedup_64x32", small, 2001), ("overlap_speedup_64x728", files[MAIN], 101)):
        figures[key] = float(programs.ask(programs.bench, "overlap", file, rounds))


def unchanged(programs: Programs, folder: Path, figures: dict) -> None:
    """The share of hidden units (and inputs) that a step leaves as they were, on windows of real machines."""
    for key, source in (("unchanged_share", windows.skab(ROOT)), ("unchanged_share_demo", windows.demo(ROOT))):
        if source is None:
            figures["not_measured"].append(f"{key}: its model or its data is not there")
            continue
        path = folder / f"{source.name}.bin"
        path.write_bytes(source.data)
        said = json.loads(programs.ask(programs.bench, "unchanged", source.model, path))
        figures |= {key: said["hidden"], f"{key}_of_inputs": said["input"], f"{key}_windows": said["windows"]}


# -- together --------------------------------------------------------------------------------------------------------

def arm(plan: dict, figures: dict) -> None:
    script = ROOT / "benchmarks/arm/run.py"
    say("the ARM kernels (benchmarks/arm)")
    done = subprocess.run([sys.executable, script, "--json", *plan["arm"]], capture_output=True, text=True)
    try:
        said = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        figures["not_measured"].append(f"arm: benchmarks/arm/run.py ended with status {done.returncode}")
        figures["bars_broken"].append("arm: " + (done.stderr.strip().splitlines() or ["no figures"])[-1])
        return
    for key in ("not_measured", "bars_broken"):
        figures[key] += said.pop(key, [])
    said.pop("ok", None)
    figures["bytes_different"] += said.get("arm_bytes_different", 0)
    figures |= said


def broken(figures: dict) -> list:
    bars = []
    for key, (least, most) in BARS.items():
        value = figures.get(key)
        if value is None:
            continue
        if least is not None and value < least:
            bars.append(f"{key} is {value}, under {least}")
        if most is not None and value > most:
            bars.append(f"{key} is {value}, over {round(most, 4)}")
    return bars


def measure(options: argparse.Namespace) -> dict:
    plan = QUICK if options.quick else FULL
    programs = Programs(build(options.build))
    figures: dict = {"not_measured": [], "bars_broken": []}
    kernels = programs.kernels()
    python = peer_python()
    with tempfile.TemporaryDirectory(prefix="millwright-bench-") as name:
        folder = Path(name)
        files = make_models(programs, folder)
        say(f"{kernels[-1]} and TensorFlow Lite in turns")
        speeds(time_all(programs, files, kernels, python, plan), kernels, figures)
        count(programs, files, kernels, folder, figures)
    compare(programs, kernels, plan, figures)
    if options.no_arm:
        figures["not_measured"].append("arm: left out by --no-arm")
    else:
        arm(plan, figures)
    figures["bars_broken"] += broken(figures)
    figures["ok"] = not figures["bars_broken"]
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="./bench nn", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a slice of a minute or two")
    parser.add_argument("--no-arm", action="store_true", help="without the figures for ARM")
    parser.add_argument("--build", type=Path, help="a folder configured with -DMW_BENCH=ON and built; nothing is built")
    parser.add_argument("--json", action="store_true", help="the figures as the last line of standard output")
    options = parser.parse_args()
    figures = measure(options)
    for key, value in figures.items():
        if not isinstance(value, list):
            print(f"  {key:<36} {value}")
    for what in figures["bars_broken"]:
        print(f"  does not hold: {what}")
    for what in figures["not_measured"]:
        print(f"  not measured: {what}")
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
