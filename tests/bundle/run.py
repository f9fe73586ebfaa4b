"""./check --bundle: the gateway's tarball is built, unpacked into an empty root and started there under qemu, as a
Cortex-A72 (Raspberry Pi 4) and as a Cortex-A57 (Jetson Nano): it decides on a recorded stream with the same bytes as on
this machine, takes an update over MQTT, and opens no library of the host."""

import argparse
import csv
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts/mw"), str(ROOT / "scripts/bundle"), str(Path(__file__).parent)]

import pack  # noqa: E402
import replay  # noqa: E402
import sysroot  # noqa: E402
import training  # noqa: E402
import update  # noqa: E402
from empty_root import OPT, EmptyRoot, why_not  # noqa: E402
from plants import Plant, load_plants  # noqa: E402
from report import Bar, deliver, judge  # noqa: E402
from screen import Screen  # noqa: E402
from world import World  # noqa: E402

BIN = ROOT / "build/release/bin"
WORK = sysroot.WORK
CPUS = ("cortex-a72", "cortex-a57")
MACHINES = 3
RECORDED_S = 60
COMMISSIONING_S = 20.0
BARS = [Bar("decisions", low=1), Bar("decisions_different", high=0), Bar("bundle_mb", high=40),
        Bar("needs_from_host", high=0), Bar("updates_taken", low=1), Bar("update_windows_missed", high=0)]


def build(screen: Screen) -> Path:
    _run([ROOT / "scripts/setup.sh", "run", "build", "trainer", "console", "arm", "bundle"])
    screen.bar("bundle", 0, 3, "packages for arm64")
    sysroot.make()
    screen.bar("bundle", 1, 3, "cross build")
    _run([ROOT / "scripts/build.sh", "gateway", *pack.PROGRAMS])
    screen.bar("bundle", 2, 3, "packing")
    return pack.pack()


def record(data: Path) -> tuple[Path, list[str]]:
    """What every processor is to decide on."""
    recordings = data / "recordings"
    _run([BIN / "millwright-sim", "--fleet", str(MACHINES), "--seed", "11", "--wear-s", "25", "--record", recordings,
          "--seconds", str(RECORDED_S)])
    return recordings, sorted(p.name for p in recordings.iterdir())


def decide(screen: Screen, data: Path, model: Path, recordings: Path, runs: list[str], name: str, programs: dict) -> tuple:
    """(figures, decisions) of a gateway that is played these recordings."""
    plant = Plant(replay.SITE, f"gw-{replay.SITE}-1", 0, [replay.machine_of(recordings, r) for r in runs])
    world = World(data / f"world-{name}", BIN, model, [plant], 1, COMMISSIONING_S, gateway_programs=programs)
    try:
        world.start_hub()
        figures = replay.play(world, recordings, runs, screen, BIN)
    finally:
        screen.clear_status()
        world.stop()
    with open(world.folder / "decisions.csv") as source:
        return figures, sorted(tuple(row) for row in csv.reader(source))


def take_update(screen: Screen, data: Path, programs: dict) -> dict:
    """The demo's scenario with one small plant whose gateway is the arm64 one."""
    plant = load_plants()[0]
    plant.machines = plant.machines[:MACHINES]
    options = argparse.Namespace(scenario="update", uplink_qos=1, seconds=300.0, json=False, report=None)
    return update.Scenario(options, screen, BIN, data, [plant], programs).measure()


def opened_on_host(root: EmptyRoot, cpu: str) -> list[str]:
    """Libraries that the programs opened outside of /opt/millwright, the name lookup of a far host included."""
    seen = set()
    config = root.data / "lookup.toml"
    config.write_text('[device]\nid = "gw"\nsite = "s"\n')
    trials = [[f"{OPT}/bin/millwright-agent", "--version"], [f"{OPT}/bin/millwright", "--version"],
              [f"{OPT}/bin/millwright", "devices", "--hub", "http://hub.invalid:9"],
              root.programs(cpu)["mosquitto"][len(root.argv(cpu)):] + ["-h"]]
    for trial in trials:
        done = subprocess.run(root.argv(cpu, *map(str, trial), qemu=("-strace",)), capture_output=True, text=True,
                              errors="replace", timeout=120)
        for path, result in re.findall(r'openat?\([^"]*"([^"]+)"[^\n]*= (-?\d+)', done.stdout + done.stderr):
            library = ".so" in Path(path).name and "cache" not in Path(path).name
            if library and int(result) >= 0 and not path.startswith(OPT):
                seen.add(path)
    return sorted(seen)


def measure(screen: Screen, quick: bool) -> dict:
    tarball = build(screen)
    figures = {"bundle_mb": round(tarball.stat().st_size / 1e6, 2), "bundle": str(tarball.relative_to(ROOT))}
    if reason := why_not():
        screen.line(f"  {reason}", "bad")
        return figures | {"not_measured": [b.key for b in BARS if b.key != "bundle_mb"], "why_not": reason}
    data = WORK / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    models = training.demo_models(BIN, ROOT / "build/demo", screen)
    model = data / "model"
    shutil.copytree(models.base, model)
    root = EmptyRoot(WORK / "root", tarball, data)
    recordings, runs = record(data)
    played, here = decide(screen, data, model, recordings, runs, "here", {})
    figures |= {"decisions_here": len(here), "decisions": 0, "decisions_different": 0, "cpus": []}
    for cpu in CPUS[:1] if quick else CPUS:
        played, there = decide(screen, data, model, recordings, runs, cpu, root.programs(cpu))
        figures["decisions"] += played["decisions"]
        figures["decisions_different"] += len(set(here) ^ set(there))
        figures["cpus"].append(cpu)
    figures["starts"] = figures["decisions"] > 0
    taken = take_update(screen, data, root.programs(CPUS[0]))
    figures |= {"updates_taken": taken["committed"], "update_s": taken["rollout_s"],
                "update_windows_missed": taken["windows_missed"], "update_link_cuts_survived": taken["link_cuts_survived"]}
    root.put_decoys()
    host = opened_on_host(root, CPUS[0])
    return figures | {"needs_from_host": len(host), "opened_on_host": host, "not_measured": []}


def _run(argv: list) -> None:
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{Path(argv[0]).name}: " + "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:]))


def main() -> int:
    parser = argparse.ArgumentParser(prog="./check --bundle", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one processor")
    parser.add_argument("--json", action="store_true", help="one flat JSON object as the last line")
    options = parser.parse_args()
    screen = Screen()
    figures = measure(screen, options.quick)
    not_measured = figures.pop("not_measured")
    for bar in judge(figures, BARS, not_measured):
        screen.line(f"  BROKEN  {bar}", "bad")
    if not options.json:
        screen.line(json.dumps(figures, indent=2))
    deliver(figures, options.json, None)
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
