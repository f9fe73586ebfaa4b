"""A demo while it runs: the schedule, the person at the keys, the status line, and the books at the end."""

import json
import random
import time
from pathlib import Path

import ledger
import training
import update
import wire
from keys import HELP, Keys, Menu
from observer import ALARM_LEVELS
from procs import Process
from report import percentile
from screen import Screen
from story import Story
from world import World

TICK_S = 0.2
WEAR_S = 60.0
RESTART_S = 3.0
INJECT_EVERY_S = 45.0


class Live:
    def __init__(self, world: World, screen: Screen, seconds: float | None, models: training.Models):
        self.world = world
        self.screen = screen
        self.seconds = seconds             # None: until the person quits
        self.models = models
        self.rollout: update.Watch | None = None
        self._sabotaged = False            # what the rollout brings
        self._broken_by_us: set[str] = set()
        self.kills = 0
        self.ended: set[str] = set()       # programs that ended by themselves
        self._down: set[str] = set()       # programs that we killed and will start again
        self._dice = random.Random(7)
        self._menu: Menu | None = None
        self._actions: list[tuple[float, object]] = []
        self.story = Story(screen.tell, lambda site: world.run_of(site).relay.cut_since is not None)
        self.stall = Process("stall", ["/usr/bin/python3", Path(__file__).with_name("stall.py"), world.folder / "stall.json"],
                             world.folder / "logs" / "stall.log")

    # -- start -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        for plant in self.world.plants:
            for fault in plant.faults:
                self.story.expect_wear(plant.site, fault.asset, fault.kind, fault.wear_s)
        self.world.start_plants(self.story.decision)
        self.world.family.add(self.stall)
        self.started = time.monotonic()
        self.screen.restart_clock()
        machines = sum(len(p.machines) for p in self.world.plants)
        self.screen.tell("note", f"{machines} machines in {len(self.world.plants)} plants; they learn what is healthy for "
                         f"{self.world.commissioning_s:.0f} s")
        self._plan()

    def _plan(self) -> None:
        """When the links are cut: the first plant for long and silently, the second shortly and with a reset."""
        length = self.seconds or 180.0
        first, second = self.world.plants[0].site, self.world.plants[1].site
        cut_s = max(20.5, 0.17 * length)
        start = 0.33 * length if length >= 90 else 12.0
        self._at(start, lambda: self.cut(first, "silent"))
        self._at(start + cut_s, lambda: self.restore(first))
        if length >= 120:
            self._at(0.62 * length, lambda: self.cut(second, "refused"))
            self._at(0.62 * length + 8.0, lambda: self.restore(second))
        if self.seconds is None:
            self._at(150.0, self._inject_somewhere)

    def _at(self, seconds: float, action) -> None:
        self._actions.append((seconds, action))

    # -- the loop --------------------------------------------------------------------------------------------

    def watch(self) -> None:
        next_second = 0.0
        with Keys() as keys:
            while self.seconds is None or self.now() < self.seconds:
                key = keys.wait(TICK_S)
                if key and not self._take_key(key):
                    return
                self._read_truth()
                for action in [a for a in self._actions if a[0] <= self.now()]:
                    self._actions.remove(action)
                    action[1]()
                if self.now() >= next_second:
                    next_second = self.now() + 1.0
                    self.world.sample()
                    self._notice_ends()
                    self._watch_rollout()
                    self._status()

    def now(self) -> float:
        return time.monotonic() - self.started

    def _read_truth(self) -> None:
        for run in self.world.runs:
            self.story.read_truth(run.plant.site, run.truth)

    def _notice_ends(self) -> None:
        for process in self.world.unexpected_ends():
            if process.name not in self.ended | self._down:
                self.ended.add(process.name)
                self.screen.tell("failure", f"{process.name} ended by itself ({process.child.returncode}): "
                                 f"{process.last_words(3)}")

    # -- what a person can do --------------------------------------------------------------------------------

    def cut(self, site: str, kind: str = "silent") -> None:
        self.world.run_of(site).relay.cut(kind)
        self.screen.tell("link", f"{site}: link cut ({kind}); its gateway goes on deciding, its events wait on disk")

    def restore(self, site: str) -> None:
        relay = self.world.run_of(site).relay
        before = relay.outage_seconds()
        relay.restore()
        self.screen.tell("link", f"{site}: link restored after {before:.0f} s")

    def kill(self, site: str) -> None:
        agent = self.world.run_of(site).agent
        agent.sample_rss()
        self._down.add(agent.name)
        agent.kill()
        self.kills += 1
        self.screen.tell("kill", f"{site}: kill -9 of its gateway's agent; back in {RESTART_S:.0f} s")

        def restart():
            agent.start()
            self._down.discard(agent.name)
            self.screen.tell("kill", f"{site}: agent started again")

        self._at(self.now() + RESTART_S, restart)

    def inject(self, site: str, asset: str, fault: str, wear_s: float = WEAR_S) -> None:
        self.story.expect_wear(site, asset, fault, wear_s)
        if not self.world.inject(site, asset, fault, wear_s):
            self.screen.tell("failure", f"{site}: the simulator takes no commands")
        self._at(self.now() + wear_s + 45.0, lambda: self.world.repair(site, asset))

    def push(self, bundle: Path, what: str) -> None:
        self._sabotaged = bundle == self.models.sabotaged
        self._broken_by_us.clear()
        try:
            self.rollout = update.Watch(self.world, self.screen, update.push(self.world, bundle))
            self.screen.tell("note", f"{what} model is signed and on its way: one gateway first, then the other")
        except (RuntimeError, OSError) as error:
            self.screen.tell("bad", str(error))

    def _watch_rollout(self) -> None:
        if self.rollout is None:
            return
        try:
            self.rollout.look()
        except OSError:
            return   # the hub is busy or away: the next second tells
        for member in self.rollout.members_in("probation") if self._sabotaged else []:
            self._break_for(member["device"])
        if self.rollout.over:
            self.rollout = None

    def _break_for(self, device: str) -> None:
        """Where the sabotaged model decides: faults that it takes for healthy begin to grow."""
        if device in self._broken_by_us:
            return
        self._broken_by_us.add(device)
        plant = next(p for p in self.world.plants if p.device == device)
        for asset, kind in update.faults_under_trial(plant):
            self.inject(plant.site, asset, kind, update.WEAR_S)

    def _inject_somewhere(self) -> None:
        plant = self._dice.choice(self.world.plants)
        healthy = [m for m in plant.machines
                   if not any(f.asset == m.asset and f.site == plant.site and f.repaired is None for f in self.story.faults)]
        if healthy:
            machine = self._dice.choice(healthy)
            self.inject(plant.site, machine.asset, self._dice.choice(machine.faults()))
        self._at(self.now() + INJECT_EVERY_S, self._inject_somewhere)

    def _take_key(self, key: str) -> bool:
        """False: the person wants to leave."""
        if self._menu:
            if not self._menu.key(key):
                self._menu = None
        elif key == "q":
            return False
        elif key == "u":
            self.push(self.models.better, "a retrained")
        elif key == "b":
            self.push(self.models.sabotaged, "a sabotaged")
        else:
            self._menu = self._menu_for(key)
        self._status()
        return True

    def _menu_for(self, key: str) -> Menu | None:
        sites = [p.site for p in self.world.plants]

        def machines(answers):
            plant = next(p for p in self.world.plants if p.site == answers[0])
            return "Which machine?", [m.asset for m in plant.machines]

        def faults(answers):
            plant = next(p for p in self.world.plants if p.site == answers[0])
            return "Which fault?", plant.machine(answers[1]).faults()

        def plant(_answers):
            return "Which plant?", sites

        if key == "f":
            return Menu([plant, machines, faults], self.inject)
        if key == "r":
            return Menu([plant, machines], self.world.repair)
        if key == "c":
            return Menu([plant], lambda s: self.restore(s) if self.world.run_of(s).relay.cut_since else self.cut(s))
        if key == "k":
            return Menu([plant], self.kill)
        return None

    def _status(self) -> None:
        if not self.screen.tty:
            return
        parts = []
        for run in self.world.runs:
            views = list(run.observer.assets.values())
            alarms = sum(v.level > 0 for v in views)
            link = "link CUT" if run.relay.cut_since else "link up"
            alive = "" if run.agent.alive() else ", gateway DEAD"
            parts.append(f"{run.plant.site}: {run.observer.decisions} decisions, {alarms} alarms, {link}{alive}")
        accepted, stored = self.world.progress()
        lines = [f"  {'  |  '.join(parts)}",
                 f"  events: {accepted} accepted, {stored} in the hub, {max(0, accepted - stored)} on their way",
                 *(self._menu.lines() if self._menu else [f"  {self.world.console_url}   {HELP}"])]
        self.screen.status(lines)

    # -- end -------------------------------------------------------------------------------------------------

    def close_books(self) -> dict:
        """Stops the machines, lets the outboxes drain and compares the books; the run's figures."""
        length = self.now()
        for run in self.world.runs:
            run.relay.restore()
            if not run.agent.alive():
                run.agent.start()
        self._read_truth()
        self.stall.stop()
        ended = sorted(self.ended)
        self.world.stop_sims()
        self._read_truth()
        self.screen.bar("draining", 1, 2, "waiting until the hub has everything")
        figures = {**self.world.settle(), **self._decision_figures(), **self.story.figures(time.time())}
        books = self.world.books()
        figures.update(ledger.telemetry(books, wire.event_messages(), training.step_ms(self.world.bundle)))
        figures.update(json.loads((self.world.folder / "stall.json").read_text()))
        self.world.sample()
        figures |= {
            "events_difference": figures["events_in_hub"] - figures["events_accepted"],
            "faults_undetected": figures["faults_injected"] - figures["faults_detected"],
            "outage_seconds": round(sum(r.relay.outage_seconds() for r in self.world.runs), 1),
            "rss_mb": round(max(r.agent.rss_mb_max for r in self.world.runs), 1),
            "hub_rss_mb": round(self.world.hub.rss_mb_max, 1),
            "alarms_in_hub": len(books.alarms()),
            "agent_kills": self.kills, "programs_ended": len(ended), "programs_ended_names": ended,
            "uplink_qos": self.world.uplink_qos, "console_url": self.world.console_url,
            "machines": sum(len(p.machines) for p in self.world.plants), "seconds": round(length, 1),
        }
        return figures

    def _decision_figures(self) -> dict:
        times = sorted(t for r in self.world.runs for t in r.observer.take_latencies())
        return {
            "decisions": sum(r.observer.decisions for r in self.world.runs),
            "heartbeats": sum(r.observer.heartbeats for r in self.world.runs),
            **{f"decision_ms_{name}": round(percentile(times, share), 3)
               for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))},
            "decision_ms_max": round(times[-1], 3) if times else 0.0,
            "alarms_now": sum(ALARM_LEVELS.get(v.last.get("level"), 0) > 0 for r in self.world.runs
                              for v in r.observer.assets.values()),
        }
