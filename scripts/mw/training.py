"""The demo's model: recordings of other machines under other seeds, a model trained on them, kept by content."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import plants
from screen import Screen

ROOT = Path(__file__).resolve().parents[2]
RECORD_SEEDS = [101, 102, 103, 104, 105, 106, 107, 108]
RECORD_SECONDS = 200
TRAIN_SEED = 5
TRAIN_CONFIG = ROOT / "examples/demo/train.toml"


@dataclass(frozen=True)
class Models:
    base: Path       # what gateways come with
    better: Path     # the same recordings, another seed: an ordinary retraining
    sabotaged: Path  # honest golden vectors and a signature, yet most faults were called healthy when it learned


@dataclass(frozen=True)
class Variant:
    name: str
    version: str
    seed: int
    settings: tuple[str, ...] = ()
    labelled: tuple[str, ...] | None = None   # None: every fault; all others lose their label


BASE = Variant("base", "1", TRAIN_SEED)
BETTER = Variant("better", "2", 8)
SABOTAGED = Variant("sabotaged", "3", 9, ("--epochs", "8"), ("overheating",))
SABOTAGED_SEEDS = RECORD_SEEDS[:4]


def demo_bundle(bin_dir: Path, work: Path, screen: Screen) -> Path:
    """The bundle folder that gateways come with."""
    return _make(bin_dir, work, screen, [BASE])[0]


def demo_models(bin_dir: Path, work: Path, screen: Screen) -> Models:
    """All of them; records and trains where this content was not trained before."""
    return Models(*_make(bin_dir, work, screen, [BASE, BETTER, SABOTAGED]))


def _make(bin_dir: Path, work: Path, screen: Screen, variants: list[Variant]) -> list[Path]:
    configs = {s: plants.plant_toml(plants.training_plant(s, RECORD_SECONDS), 1883) for s in RECORD_SEEDS}
    key = _key(configs, [bin_dir / "millwright-sim", bin_dir / "millwright-train"])
    bundles = {v: work / "models" / key / v.name for v in variants}
    missing = [v for v, bundle in bundles.items() if not (bundle / "manifest.json").exists()]
    if missing:
        data = work / "recordings"
        shutil.rmtree(data, ignore_errors=True)
        _record(bin_dir, configs, data, screen)
        for variant in missing:
            _train_variant(bin_dir, work, data, bundles[variant], variant, screen)
        shutil.rmtree(data, ignore_errors=True)
    return list(bundles.values())


def _train_variant(bin_dir: Path, work: Path, data: Path, bundle: Path, variant: Variant, screen: Screen) -> None:
    config = work / f"train-{variant.name}.toml"
    config.write_text(f'[model]\nversion = "{variant.version}"\n\n' + TRAIN_CONFIG.read_text())
    arguments = ["--name", "demo", "--config", config, *variant.settings]
    if variant.labelled is not None:
        data = _mislabelled(data, data.with_name("mislabelled"), variant.labelled)
    train(bin_dir, data, bundle, screen, work / "logs" / "train.log", variant.seed, arguments, variant.name)
    if variant.labelled is not None:
        shutil.rmtree(data)


def _mislabelled(data: Path, out: Path, labelled: tuple[str, ...]) -> Path:
    """The recordings of some plants (links to the files) in which only these faults kept their labels."""
    shutil.rmtree(out, ignore_errors=True)
    for seed in SABOTAGED_SEEDS:
        plant = plants.training_plant(seed, RECORD_SECONDS)
        faults = {f.asset: f.kind for f in plant.faults}
        for run in sorted((data / f"seed-{seed}").iterdir()):
            copy = out / run.parent.name / run.name
            copy.mkdir(parents=True)
            for file in run.iterdir():
                if file.name != "recording.toml":
                    (copy / file.name).symlink_to(file.resolve())
            text = (run / "recording.toml").read_text()
            if faults.get(run.name, labelled[0]) not in labelled:
                text = text.split("[[label]]")[0]
            (copy / "recording.toml").write_text(text)
    return out


def train(bin_dir: Path, data: Path, bundle: Path, screen: Screen, log: Path, seed: int, arguments=(),
          name: str = "") -> dict:
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
    screen.line(f"  {'model ' + name:<18} trained in {time.monotonic() - started:.0f} s, its report: {bundle}/report.html")
    report = bundle / "report.json"
    return json.loads(report.read_text()) if report.exists() else {}


def schema_channels(bundle: Path) -> list[dict]:
    return json.loads((bundle / "manifest.json").read_text())["schema"]["channels"]


def model_hash(bundle: Path) -> str:
    """As decisions name their model."""
    return json.loads((bundle / "manifest.json").read_text())["model"]["sha256"]


def step_ms(bundle: Path) -> float:
    return float(json.loads((bundle / "manifest.json").read_text())["schema"]["step_ms"])


def _key(configs: dict, programs: list[Path]) -> str:
    digest = hashlib.sha256()
    for text in configs.values():
        digest.update(text.encode())
    for program in programs:
        digest.update(program.read_bytes())
    digest.update(TRAIN_CONFIG.read_bytes())
    digest.update(f"{RECORD_SECONDS} {BASE} {BETTER} {SABOTAGED}".encode())
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
