"""The demo's model: recordings of other machines under other seeds, a model trained on them, kept by content."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import plants
from screen import Screen

ROOT = Path(__file__).resolve().parents[2]
RECORD_SEEDS = [101, 102, 103, 104, 105, 106, 107, 108]
RECORD_SECONDS = 200
TRAIN_SEED = 5
TRAIN_CONFIG = ROOT / "examples/demo/train.toml"


def demo_bundle(bin_dir: Path, work: Path, screen: Screen) -> Path:
    """The bundle folder; records and trains where this content was not trained before."""
    configs = {s: plants.plant_toml(plants.training_plant(s, RECORD_SECONDS), 1883) for s in RECORD_SEEDS}
    key = _key(configs, [bin_dir / "millwright-sim", bin_dir / "millwright-train"])
    bundle = work / "models" / key
    if (bundle / "manifest.json").exists():
        return bundle
    data = work / "recordings"
    shutil.rmtree(data, ignore_errors=True)
    _record(bin_dir, configs, data, screen)
    train(bin_dir, data, bundle, screen, work / "logs" / "train.log", TRAIN_SEED,
          ["--name", "demo", "--config", TRAIN_CONFIG])
    shutil.rmtree(data, ignore_errors=True)
    return bundle


def train(bin_dir: Path, data: Path, bundle: Path, screen: Screen, log: Path, seed: int, arguments=()) -> dict:
    """Trains into `bundle`, which appears only when it is whole; the trainer's report."""
    scratch = bundle.with_name(bundle.name + ".new")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    _run([bin_dir / "millwright-train", "--data", data, "--out", scratch, "--seed", str(seed), *arguments],
         log, lambda text: _show_training(screen, text), env={"OMP_NUM_THREADS": "1"})
    shutil.rmtree(bundle, ignore_errors=True)
    os.rename(scratch, bundle)
    screen.clear_status()
    screen.line(f"  {'model':<18} trained in {time.monotonic() - started:.0f} s, its report: {bundle}/report.html")
    report = bundle / "report.json"
    return json.loads(report.read_text()) if report.exists() else {}


def schema_channels(bundle: Path) -> list[dict]:
    return json.loads((bundle / "manifest.json").read_text())["schema"]["channels"]


def step_ms(bundle: Path) -> float:
    return float(json.loads((bundle / "manifest.json").read_text())["schema"]["step_ms"])


def _key(configs: dict, programs: list[Path]) -> str:
    digest = hashlib.sha256()
    for text in configs.values():
        digest.update(text.encode())
    for program in programs:
        digest.update(program.read_bytes())
    digest.update(TRAIN_CONFIG.read_bytes())
    digest.update(f"{RECORD_SECONDS} {TRAIN_SEED}".encode())
    return digest.hexdigest()[:16]


def _record(bin_dir: Path, configs: dict, data: Path, screen: Screen) -> None:
    for done, (seed, text) in enumerate(configs.items()):
        screen.bar("recordings", done, len(configs), f"seed {seed}")
        folder = data / f"seed-{seed}"
        folder.mkdir(parents=True)
        config = data / f"seed-{seed}.toml"
        config.write_text(text)
        _run([bin_dir / "millwright-sim", "--config", config, "--seed", str(seed), "--record", folder,
              "--seconds", str(RECORD_SECONDS)], data.parent / "logs" / "record.log", lambda _text: None)
    screen.bar("recordings", len(configs), len(configs))
    screen.clear_status()


def _show_training(screen: Screen, text: str) -> None:
    """The trainer tells "STAGE [####....] 40 %  words"; a stage "epoch 3/40" is part of the whole training."""
    match = re.search(r"(\S.*?)\s+\[[#.]*\]\s+(\d+) %\s*(.*)", text)
    if not match:
        return
    stage, share, words = match[1], int(match[2]) / 100, match[3].strip()
    epoch = re.fullmatch(r"epoch (\d+)/(\d+)", stage)
    if epoch:
        screen.bar("training", int(epoch[1]) - 1 + share, int(epoch[2]), f"epoch {epoch[1]}, {words}")
    else:
        screen.bar(stage, share, 1.0)


def _run(argv: list, log: Path, show, env: dict | None = None) -> None:
    """Runs to the end; output to `log` and, piece by piece, to `show`. Raises with the end of the log on failure."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab") as out, subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})}) as child:
        piece = b""
        while data := child.stdout.read1(4096):   # a bar ends with a carriage return, not a line
            out.write(data)
            *whole, piece = re.split(rb"[\r\n]", piece + data)
            for text in whole:
                show(text.decode(errors="replace"))
    if child.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise RuntimeError(f"{Path(str(argv[0])).name} failed ({child.returncode}); the end of {log}:\n{tail}")
