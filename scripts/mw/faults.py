"""./faults: breaks a running Millwright on purpose and counts what was lost.

    ./faults kill [--kills 24] [--seed N] [--json]     kill -9 of agents, hub and brokers at random, each started again
    ./faults slots [--quick] [--seed N] [--json]       power cuts, kill -9 and failing disks under the gateway's model slots

Bars of `kill`: nothing that an agent accepted is lost or stands in the hub twice, and each reading that a broker
acknowledged was received or is declared as a gap. Bars of `slots`: whatever happened, a verified model serves within a
second, nothing below the version floor is installed, and the gateway can take a further model.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import ledger
import report
import training
import wire
from plants import load_plants, schedule
from procs import Process
from report import Bar
from screen import Screen
from world import World

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build/release/bin"
WORK = ROOT / "build/demo"
KILLS_DEFAULT = 24
COMMISSIONING_S = 10.0
PAUSE_S = (1.5, 5.0)     # between two kills
AWAY_S = (0.1, 4.0)      # how long a killed program stays away

KILL_BARS = [Bar("lost", high=0), Bar("duplicated", high=0), Bar("readings_undeclared", high=0),
             Bar("readings_published", low=1), Bar("events_accepted", low=1), Bar("programs_ended", high=0)]

SLOTS_BARS = [Bar("unservable", high=0), Bar("unverified_loaded", high=0), Bar("below_floor_installed", high=0),
              Bar("stuck", high=0), Bar("recovery_ms_max", high=1000)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./faults", description=__doc__,
                                     formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    kill = commands.add_parser("kill", help="kill -9 at random")
    kill.add_argument("--kills", type=int, default=KILLS_DEFAULT, help=f"how many (default {KILLS_DEFAULT})")
    kill.add_argument("--seed", type=int, help="of the choice of victims and moments (default: the clock)")
    kill.add_argument("--uplink-qos", type=int, choices=(1, 2), default=1)
    kill.add_argument("--json", action="store_true", help="print the figures as the last line of standard output")
    kill.add_argument("--report", metavar="FILE", help="write the figures there")
    slots = commands.add_parser("slots", help="break the model slots")
    slots.add_argument("--quick", action="store_true", help="a slice: a tenth of everything")
    slots.add_argument("--seed", type=int, default=1)
    slots.add_argument("--json", action="store_true", help="print the figures as the last line of standard output")
    slots.add_argument("--report", metavar="FILE", help="write the figures there")
    return parser.parse_args()


class Killer:
    """Kills one program at a time or several at once, as the dice fall; all are back in the end."""

    def __init__(self, world: World, screen: Screen, seed: int):
        self.world = world
        self.screen = screen
        self.dice = random.Random(seed)
        self.counts: dict[str, int] = {"agent": 0, "hub": 0, "gateway_broker": 0, "hub_broker": 0}
        self._away: list[tuple[float, Process]] = []

    def victims(self) -> list[tuple[str, Process]]:
        runs = self.world.runs
        return ([("agent", r.agent) for r in runs] * 2 + [("gateway_broker", r.broker) for r in runs]
                + [("hub", self.world.hub)] * 2 + [("hub_broker", self.world.hub_broker)])

    def run(self, kills: int) -> set[str]:
        """The names of programs that ended although nobody killed them."""
        ended: set[str] = set()
        next_kill = time.monotonic() + self.dice.uniform(*PAUSE_S)
        while sum(self.counts.values()) < kills or self._away:
            time.sleep(0.05)
            self._bring_back()
            away = {p.name for _, p in self._away}
            ended |= {p.name for p in self.world.unexpected_ends() if p.name not in away}
            if time.monotonic() >= next_kill and sum(self.counts.values()) < kills:
                self._kill_one()
                next_kill = time.monotonic() + self.dice.uniform(*PAUSE_S)
        return ended

    def _kill_one(self) -> None:
        away = [p for _, p in self._away]
        present = [v for v in self.victims() if v[1] not in away]
        # Chance alone may spare a kind of program for a whole run: half of the kills go to kinds not hit so far.
        spared = [v for v in present if self.counts[v[0]] == 0]
        kind, victim = self.dice.choice(spared if spared and self.dice.random() < 0.5 else present)
        victim.sample_rss()
        victim.kill()
        self.counts[kind] += 1
        self._away.append((time.monotonic() + self.dice.uniform(*AWAY_S), victim))
        self.screen.tell("kill", f"kill -9 {victim.name}  ({sum(self.counts.values())})")

    def _bring_back(self) -> None:
        for due, process in list(self._away):
            if time.monotonic() >= due:
                process.start()
                self._away.remove((due, process))


def kill(options: argparse.Namespace, screen: Screen) -> int:
    seed = options.seed if options.seed is not None else int(time.time()) % 1_000_000
    plants = load_plants()
    schedule(plants, 60 + options.kills * 4.0, COMMISSIONING_S)
    world = World(WORK / "faults", BIN, training.demo_bundle(BIN, WORK, screen), plants, options.uplink_qos,
                  COMMISSIONING_S)
    try:
        world.start_hub()
        world.start_plants(lambda *_: None)
        screen.restart_clock()
        screen.tell("note", f"running; {options.kills} kills, seed {seed}")
        time.sleep(8)
        killer = Killer(world, screen, seed)
        ended = killer.run(options.kills)
        time.sleep(3)
        screen.tell("note", "all are back; the machines stop, the books are compared")
        figures = close_books(world)
    finally:
        world.stop()
    figures |= {"kills": sum(killer.counts.values()), **{f"kills_{k}": n for k, n in killer.counts.items()},
                "programs_ended": len(ended), "programs_ended_names": sorted(ended), "seed": seed,
                "uplink_qos": options.uplink_qos}
    broken = report.judge(figures, [*KILL_BARS, Bar("kills", low=min(20, options.kills))], [])
    screen.line(f"  {figures['kills']} kills: {figures['lost']} lost, {figures['duplicated']} twice, "
                f"{figures['readings_undeclared']} of {figures['readings_published']} readings undeclared "
                f"({figures['readings_in_gaps']} declared missing)", "good" if figures["ok"] else "bad")
    for bar in broken:
        screen.line(f"  BROKEN  {bar}", "bad")
    report.deliver(figures, options.json, options.report)
    return 0 if figures["ok"] else 1


def close_books(world: World) -> dict:
    world.stop_sims()
    world.settle(90)
    world.stop_agents()      # writes down what the last open steps covered
    figures = world.settle(20)
    if figures["events_lost"]:
        # What an agent accepted while it stopped still lies in its outbox: it is sent at the next start.
        for run in world.runs:
            run.agent.start()
        figures = world.settle(60)
    books = world.books()
    published = {r.plant.device: [r.published] for r in world.runs}
    messages = wire.event_messages()
    channels = {c["name"] for c in training.schema_channels(world.bundle)}
    figures |= ledger.undeclared(published, channels, books, messages)
    figures |= ledger.telemetry(books, messages, training.step_ms(world.bundle))
    return {"lost": figures["events_lost"], "duplicated": figures["events_duplicated"], **figures}


def slots(options: argparse.Namespace, screen: Screen) -> int:
    wanted = {"crash_states": 10_000, "sigkills": 1_000, "io_faults": 1_000}
    if options.quick:
        wanted = {key: count // 10 for key, count in wanted.items()}
    subprocess.run([ROOT / "scripts/build.sh", "release", "mw-slots-faults"], check=True, stdout=sys.stderr)
    done = subprocess.run([BIN / "mw-slots-faults", *map(str, wanted.values()), str(options.seed)],
                          stdout=subprocess.PIPE, text=True)
    try:
        figures = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise RuntimeError(f"mw-slots-faults ended with {done.returncode} and no figures") from None
    broken = report.judge(figures, [*SLOTS_BARS, *(Bar(key, low=count) for key, count in wanted.items())], [])
    screen.line(f"  {figures['crash_states']} crash states, {figures['sigkills']} kills, {figures['io_faults']} disk faults: "
                f"{figures['unservable']} unservable, {figures['unverified_loaded']} unverified, {figures['stuck']} stuck, "
                f"recovery {figures['recovery_ms_max']:.0f} ms at most", "good" if figures["ok"] else "bad")
    for bar in broken:
        screen.line(f"  BROKEN  {bar}", "bad")
    report.deliver(figures, options.json, options.report)
    return 0 if figures["ok"] else 1


def main() -> int:
    options = arguments()
    screen = Screen()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    try:
        return {"kill": kill, "slots": slots}[options.command](options, screen)
    except KeyboardInterrupt:
        return 130
    except RuntimeError as error:
        screen.line(f"faults: {error}", "bad")
        report.deliver({"ok": False, "error": str(error)[:2000], "not_measured": []}, options.json, options.report)
        return 1


if __name__ == "__main__":
    sys.exit(main())
