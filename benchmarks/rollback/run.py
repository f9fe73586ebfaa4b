#!/usr/bin/env python3
"""The decision between two models: how often it takes back a good one, how soon a bad one.

    ./bench rollback [--quick] [--build DIR] [--json]

Trials (src/slots) run on simulated pairs of scores that are spread and correlated as two models' scores on recorded windows
are: where ../shared/data/skab and the trainer are there, two models are trained on the same runs with different seeds and
played over the held-out runs by the gateway's own code, and the streams are fitted to that; else stream.json is used, which
is such a fit. Replays of the recorded pairs stand beside it under `replay_...`; they are few runs drawn again and again, and no
bar. The crash loop is the agent program with a candidate that brings it down at its first decision. With --json the last
line is one flat object."""
import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import fit

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "../shared/data/skab"
STREAM = Path(__file__).with_name("stream.json")
FULL = {"healthy": 5000, "faults": 1000, "wrong": 1000}
QUICK = {"healthy": 500, "faults": 200, "wrong": 100}
SEEDS = (1, 2)
TARGETS = ("mw-rollback-bench", "millwright-agent", "millwright-train")


def bars(plan: dict) -> dict:
    """key: (at least, at most)"""
    return {"healthy_trials": (plan["healthy"], None), "false_rollback_rate": (None, 0.001),
            "fault_trials": (2 * plan["faults"], None), "caught_05_windows_p95": (None, 400), "caught_10_windows_p95": (None, 200),
            "confidently_wrong_trials": (plan["wrong"], None), "confidently_wrong_promoted": (None, 0),
            "crash_loop_back_s": (None, 10)}


def say(text: str) -> None:
    print(f"rollback: {text}", file=sys.stderr, flush=True)


def build(folder: Path | None) -> Path:
    if folder is not None:
        return folder.resolve() / "bin"
    subprocess.run(["cmake", "--preset", "release", "-DMW_BENCH=ON"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([ROOT / "scripts/build.sh", "release", *TARGETS], check=True)
    return ROOT / "build/release/bin"


def ask(*argv) -> str:
    done = subprocess.run(["setpriv", "--pdeathsig", "KILL", *map(str, argv)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(str(argv[0])).name} {argv[1]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def recorded_pairs(bins: Path, folder: Path) -> Path:
    """Two models of the same runs, both over the runs that neither has seen."""
    trainer = bins / "millwright-train"
    split = json.loads(ask(trainer, "split", "--data", DATA, "--json").splitlines()[-1])
    for seed in SEEDS:
        say(f"a model of {len(split['train'])} SKAB runs, seed {seed}")
        ask(trainer, "--data", DATA, "--out", folder / f"model-{seed}", "--seed", seed, "--runs", ",".join(split["train"]), "--quiet")
    path = folder / "pairs.csv"
    path.write_text(ask(bins / "mw-rollback-bench", "pairs", "--old", folder / f"model-{SEEDS[0]}", "--new", folder / f"model-{SEEDS[1]}",
                        "--data", DATA, "--runs", ",".join(split["replay"])) + "\n")
    return path


def replay(bins: Path, pairs: Path, figures: dict) -> Path:
    """The fitted stream; what was found and what trials say of the recorded pairs goes into the figures."""
    model, found = fit.fit(fit.read(pairs))
    figures |= {f"replay_{k}": round(v, 5) for k, v in found.items()}
    said = json.loads(ask(bins / "mw-rollback-bench", "replay", "--pairs", pairs))
    figures |= {f"replay_{k}": v for k, v in said.items()}
    path = pairs.with_name("stream.json")
    path.write_text(json.dumps(model))
    return path


def crash_loop(bins: Path, folder: Path, figures: dict) -> None:
    mosquitto = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if mosquitto is None:
        figures["not_measured"].append("crash_loop_back_s: there is no mosquitto here")
        return
    say("the agent program in a crash loop")
    scratch = folder / "crash"
    scratch.mkdir()
    said = json.loads(ask(bins / "mw-rollback-bench", "crash", "--agent", bins / "millwright-agent", "--mosquitto", mosquitto,
                          "--folder", scratch))
    figures |= {"crash_loop_crashes": said["crashes"], "crash_loop_back_s": said["back_s"]}


def measure(options: argparse.Namespace) -> dict:
    plan = QUICK if options.quick else FULL
    bins = build(options.build)
    figures: dict = {"not_measured": [], "bars_broken": []}
    with tempfile.TemporaryDirectory(prefix="millwright-rollback-") as name:
        folder = Path(name)
        stream, figures["fit_source"] = STREAM, "stream.json"
        why = ("left out by --quick" if options.quick else f"{DATA.relative_to(ROOT)} is not there" if not DATA.is_dir() else
               "millwright-train is not there" if not (bins / "millwright-train").exists() else "")
        if why:
            figures["not_measured"].append(f"replay: {why}")
        else:
            stream, figures["fit_source"] = replay(bins, recorded_pairs(bins, folder), figures), "skab"
        say(f"{plan['healthy']} trials of a model that is no worse, {2 * plan['faults']} of one that is, {plan['wrong']} of one that "
            "is sure and wrong")
        figures |= json.loads(ask(bins / "mw-rollback-bench", "simulate", "--model", stream, "--healthy", plan["healthy"],
                                  "--faults", plan["faults"], "--wrong", plan["wrong"]))
        figures["fault_trials"] = figures["caught_05_trials"] + figures["caught_10_trials"]
        crash_loop(bins, folder, figures)
    figures["bars_broken"] = broken(figures, bars(plan))
    figures["ok"] = not figures["bars_broken"]
    return figures


def broken(figures: dict, wanted: dict) -> list:
    out = []
    for key, (least, most) in wanted.items():
        value = figures.get(key)
        if value is not None and least is not None and value < least:
            out.append(f"{key} is {value}, under {least}")
        if value is not None and most is not None and value > most:
            out.append(f"{key} is {value}, over {most}")
    return out


def main() -> int:
    parser = argparse.ArgumentParser(prog="./bench rollback", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the trials, no training: half a minute")
    parser.add_argument("--build", type=Path, help="a folder configured with -DMW_BENCH=ON and built; nothing is built")
    parser.add_argument("--json", action="store_true", help="the figures as the last line of standard output")
    options = parser.parse_args()
    figures = measure(options)
    for key, value in figures.items():
        if not isinstance(value, list):
            print(f"  {key:<40} {value}")
    for what in figures["bars_broken"]:
        print(f"  does not hold: {what}")
    for what in figures["not_measured"]:
        print(f"  not measured: {what}")
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
