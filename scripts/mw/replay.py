"""./demo --replay: recorded data through the real path. A model is trained on some runs; the others are published to a
gateway's broker as fast as its agent decides, the agent's events reach the hub, and its decisions are judged against
the labels, beside three plain baselines on the same runs."""

import json
import subprocess
import time
import tomllib
from pathlib import Path

import report
import training
from plants import Machine, Plant
from procs import Process
from report import Bar
from screen import Screen
from world import World

SITE = "recorded"
PLAY_WAIT_S = 1800.0


def run(options, screen: Screen, bin_dir: Path, work: Path) -> int:
    data = Path(options.replay).resolve()
    trainer = Trainer(bin_dir)
    train_data, train_runs, replay_runs = choose_runs(trainer, data, options.train)
    screen.line(f"  {'recordings':<18} {len(train_runs) or 'all'} to train on, {len(replay_runs)} to replay")
    bundle = work / "replay-model"
    trained = training.train(bin_dir, train_data, bundle, screen, work / "logs" / "replay-train.log", options.seed,
                             ["--runs", ",".join(train_runs)] if train_runs else [])
    commissioning_s = json.loads((bundle / "manifest.json").read_text())["standardiser"]["commissioning_s"]
    machines = [machine_of(data, run_id) for run_id in replay_runs]
    plant = Plant(SITE, f"gw-{SITE}-1", 0, machines)
    world = World(work / "replay", bin_dir, bundle, [plant], options.uplink_qos, commissioning_s)
    try:
        world.start_hub()
        screen.line(f"  {'console':<18} {world.console_url}", "good")
        figures = play(world, data, replay_runs, screen, bin_dir)
    finally:
        screen.clear_status()
        world.stop()
    figures |= trainer.score(data, replay_runs, world.folder / "decisions.csv", bundle)
    figures |= {"runs_trained": len(train_runs) or trained.get("recordings", 0), "runs_replayed": len(replay_runs)}
    return judge(figures, bool(options.train), options, screen)


def choose_runs(trainer: "Trainer", data: Path, train: str | None) -> tuple[Path, list[str], list[str]]:
    """Where training reads, which runs it takes (empty: all) and which are replayed."""
    if train:
        return Path(train).resolve(), [], sorted(trainer.split(data, "--all")["replay"])
    split = trainer.split(data)
    if not split["train"] or not split["replay"]:
        raise RuntimeError(f"{data}: too few recordings to train on some and replay others; give --train DIR")
    return data, split["train"], split["replay"]


class Trainer:
    def __init__(self, bin_dir: Path):
        self._program = bin_dir / "millwright-train"

    def split(self, data: Path, *flags: str) -> dict:
        return self._ask("split", "--data", data, *flags, "--json")

    def score(self, data: Path, runs: list[str], decisions: Path, bundle: Path) -> dict:
        answer = self._ask("score", "--data", data, "--runs", ",".join(runs), "--decisions", decisions,
                           "--bundle", bundle, "--json")
        return {k: v for k, v in answer.items() if k not in ("ok", "not_measured")}

    def _ask(self, *arguments) -> dict:
        done = subprocess.run([self._program, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"millwright-train {arguments[0]}: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout.strip().splitlines()[-1])


def asset_of(run_id: str) -> str:
    """Each run is a machine of its own: it has its own healthy beginning to learn from."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in run_id)
    return kept[-64:]


def machine_of(data: Path, run_id: str) -> Machine:
    """What the recording says of its machine; public layouts say nothing."""
    described = data / run_id / "recording.toml"
    spec = tomllib.loads(described.read_text()).get("machine", {}) if described.exists() else {}
    return Machine(asset_of(run_id), "recorded", run_id, "machine", float(spec.get("shaft_hz", 0)),
                   float(spec.get("rated_kw", 0)), spec.get("bearing", {}), "steady")


def play(world: World, data: Path, runs: list[str], screen: Screen, bin_dir: Path) -> dict:
    world.start_plants(lambda *_: None, simulate=False)
    plant = world.runs[0]
    assets = world.folder / "assets.txt"
    assets.write_text("".join(f"{r} {asset_of(r)} recorded\n" for r in runs))
    decisions = world.folder / "decisions.csv"
    name, password = plant.accounts.account("agent")   # publishes readings and reads decisions
    password_file = plant.folder / "password"
    password_file.write_text(password + "\n")
    player = world.family.add(Process(
        "replay", [bin_dir / "millwright", "replay", data, "--broker", f"127.0.0.1:{plant.broker_port}", "--site", SITE,
                   "--username", name, "--password-file", password_file,
                   "--runs", ",".join(runs), "--assets", assets, "--decisions", decisions, "--json"],
        world.folder / "logs" / "replay.log"))
    started = time.monotonic()
    while player.alive():
        world.sample()
        screen.bar("replay", plant.observer.decisions, 0, f"{plant.observer.decisions} decisions")
        if not plant.agent.alive():
            raise RuntimeError(f"the agent ended:\n{plant.agent.last_words()}")
        if time.monotonic() - started > PLAY_WAIT_S:
            raise RuntimeError(f"the replay took longer than {PLAY_WAIT_S:.0f} s")
        time.sleep(0.2)
    if player.child.returncode != 0:
        raise RuntimeError(f"millwright replay failed:\n{player.last_words()}")
    played = json.loads(player.last_words(1))
    figures = world.settle()
    world.sample()
    times = sorted(plant.observer.take_latencies())
    figures |= {f"replay_{k}": v for k, v in played.items() if k in ("messages", "recorded_s", "wall_s", "times_real")}
    figures |= {"decisions": plant.observer.decisions, "rss_mb": round(plant.agent.rss_mb_max, 1),
                "decision_ms_p50": round(report.percentile(times, 0.5), 3),
                "decision_ms_p999": round(report.percentile(times, 0.999), 3),
                "alarms_in_hub": len(world.books().alarms()), "console_url": world.console_url,
                "uplink_qos": world.uplink_qos}
    return figures


def judge(figures: dict, other_data: bool, options, screen: Screen) -> int:
    """Where the training runs come from elsewhere, `ok` only says that the run was sound."""
    sound = [Bar("decisions", low=1), Bar("events_lost", high=0), Bar("events_duplicated", high=0)]
    figures["far_plus_mar"] = round(figures.get("far", 1) + figures.get("mar", 1), 4)
    figures["t2_far_plus_mar"] = round(figures.get("t2_far", 1) + figures.get("t2_mar", 1), 4)
    figures["better_than_t2"] = round(figures["t2_far_plus_mar"] - figures["far_plus_mar"], 4)
    bars = sound if other_data else [*sound, Bar("better_than_t2", low=0.0001)]
    broken = report.judge(figures, bars, [])
    screen.line(f"  {'method':<14} {'events found':<14} {'delay median':<14} {'false alarms':<14} missed")
    for name, prefix in (("LSTM", ""), ("Hotelling T2", "t2_"), ("RMS threshold", "rms_"), ("always alarm", "always_")):
        if f"{prefix}far" in figures:
            screen.line(f"  {name:<14} {_show(figures, prefix + 'events_found')} of {_show(figures, 'events_total'):<8} "
                        f"{_show(figures, prefix + 'delay_s_median'):<12} {_show(figures, prefix + 'far'):<14} "
                        f"{_show(figures, prefix + 'mar')}")
    for bar in broken:
        screen.line(f"  BROKEN  {bar}", "bad")
    report.deliver(figures, options.json, options.report)
    return 0 if figures["ok"] else 1


def _show(figures: dict, key: str) -> str:
    value = figures.get(key, "-")
    return f"{value:.3g}" if isinstance(value, float) else str(value)
