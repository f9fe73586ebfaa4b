"""A new model on its way to the demo's gateways: pushed by a person at the keys, or by a scenario that measures what
it cost.

    ./demo --scenario update      a retrained model goes canary -> all while machines run and links are cut under it
    ./demo --scenario bad-model   a sabotaged one: it is taken back by itself, and nobody else gets it
"""

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path

import report
import training
from observer import wait_until
from plants import Plant, load_plants
from report import Bar
from screen import Screen
from world import PlantRun, World

COMMISSIONING_S = 10.0
LOOK_S = 0.2
OVER = ("done", "halted", "aborted", "reversed")
# Waves of the demo's two gateways: one, then the other; the second begins by itself.
POLICY = {"waves": [0.5, 1.0], "success_share": 1.0, "wave_min_s": 1, "approval": False, "reverse_on_halt": True}

# A plant's line on which a pack of about 0.3 MB takes some seconds; it is cut when a part of it has come.
SLOW_BYTES_S = 100_000
CUT_AT_SHARE = 0.3
CUT_S = 2.0
# What the sabotaged model takes for healthy begins to grow as soon as it decides.
FAULTS_UNDER_TRIAL = ("outer_race", "inner_race", "misalignment")
WEAR_S = 8.0


def push(world: World, bundle: Path) -> dict:
    """Signs the bundle and starts its rollout; the hub's view of it."""
    release = world.releases.add(bundle)
    return world.hub_post("api/v1/rollouts", {"target": release["target"], "policy": POLICY})


def faults_under_trial(plant: Plant) -> list[tuple[str, str]]:
    """Machines that are sure to run, and what begins to grow in them."""
    running = [m for m in plant.machines if m.load != "start-stop"]
    return [(m.asset, FAULTS_UNDER_TRIAL[i % len(FAULTS_UNDER_TRIAL)]) for i, m in enumerate(running)]


class Watch:
    """Follows a rollout through the hub's API and tells what changes."""

    def __init__(self, world: World, screen: Screen, rollout: dict):
        self.world = world
        self.screen = screen
        self.id = rollout["id"]
        self.view: dict = rollout
        self._told: dict[str, str] = {}

    @property
    def over(self) -> bool:
        return self.view["state"] in OVER

    def look(self) -> dict:
        self.view = self.world.hub_get(f"api/v1/rollouts/{self.id}")
        name = f"{self.view['name']} {self.view['version']}"
        for member in self.view["members"]:
            told = f"{member['device']}: {member['state'].replace('_', ' ')}"
            if self._told.get(member["device"]) != told and member["state"] not in ("waiting", "queued"):
                self._told[member["device"]] = told
                self.screen.tell("note", f"{name} on {told}" + (f": {member['reason']}" if member["reason"] else ""))
        state = self.view["state"]
        if self._told.get("") != state:
            self._told[""] = state
            kind = {"done": "good", "halted": "bad", "reversed": "bad"}.get(state, "note")
            self.screen.tell(kind, f"rollout of {name}: {state}" + (f": {self.view['reason']}" if self.view["reason"] else ""))
        return self.view

    def members_in(self, *states: str) -> list[dict]:
        return [m for m in self.view["members"] if m["state"] in states]


@dataclass
class LinkCutter:
    """Cuts each gateway's link once, in the middle of its download."""
    watch: Watch
    cut: dict[str, float] = field(default_factory=dict)     # device -> when, monotonic
    begun: dict[str, int] = field(default_factory=dict)     # device -> bytes that had come down by the job's start
    share_at_cut: dict[str, float] = field(default_factory=dict)
    pack_bytes: int = 1

    def work(self) -> None:
        for run in self.watch.world.runs:
            device = run.plant.device
            if device in self.cut:
                if run.relay.cut_since and time.monotonic() - self.cut[device] >= CUT_S:
                    run.relay.restore()
                    self.watch.screen.tell("link", f"{run.plant.site}: link restored")
            else:
                self._perhaps_cut(run, device)

    def _perhaps_cut(self, run: PlantRun, device: str) -> None:
        if not any(m["device"] == device for m in self.watch.members_in("fetching")):
            return
        came = run.relay.bytes_down - self.begun.setdefault(device, run.relay.bytes_down)
        if came < CUT_AT_SHARE * self.pack_bytes:
            return
        kind = "silent" if not self.cut else "refused"
        run.relay.cut(kind)
        self.cut[device] = time.monotonic()
        self.share_at_cut[device] = came / self.pack_bytes
        self.watch.screen.tell("link", f"{run.plant.site}: link cut ({kind}) with {came / self.pack_bytes:.0%} of the "
                               "model there")

    def survived(self) -> int:
        """Cuts in the middle of a download after which that gateway took the model."""
        took = {m["device"] for m in self.watch.members_in("committed")}
        return sum(d in took and self.share_at_cut[d] < 1 for d in self.cut)


class Scenario:
    def __init__(self, options: argparse.Namespace, screen: Screen, bin_dir: Path, work: Path,
                 plants: list[Plant] | None = None, gateway_programs: dict | None = None):
        self.options = options
        self.screen = screen
        self.bad = options.scenario == "bad-model"
        self.models = training.demo_models(bin_dir, work, screen)
        trial = {"trial_windows": 40, "trial_s": 18.0} if self.bad else {"trial_windows": 12, "trial_s": 3.0}
        self.world = World(work / options.scenario, bin_dir, self.models.base, plants or load_plants(), options.uplink_qos,
                           COMMISSIONING_S, **trial, gateway_programs=gateway_programs or {})
        self.limit_s = options.seconds or 180.0

    def run(self) -> int:
        figures = self.measure()
        broken = report.judge(figures, self._bars(), [])
        self._account(figures, broken)
        report.deliver(figures, self.options.json, self.options.report)
        return 0 if figures["ok"] else 1

    def measure(self) -> dict:
        """Plays the scenario; its figures."""
        try:
            self.world.start_hub()
            self.screen.line(f"  {'console':<18} {self.world.console_url}", "good")
            self.world.start_plants(lambda *_: None)
            self.screen.restart_clock()
            self._wait_until_learned()
            return self._roll_out()
        finally:
            self.screen.clear_status()
            self.world.stop()

    def _wait_until_learned(self) -> None:
        self.screen.tell("note", f"machines learn what is healthy for {COMMISSIONING_S:.0f} s")
        wanted = sum(len(p.machines) for p in self.world.plants)
        # One that happens to stand still learns later; the others do not wait for it.
        known = lambda: sum(v.learned for r in self.world.runs for v in r.observer.assets.values())  # noqa: E731
        if not wait_until(lambda: known() >= 0.8 * wanted, COMMISSIONING_S * 3 + 10):
            raise RuntimeError(f"only {known()} of {wanted} machines had learned what is healthy")

    def _roll_out(self) -> dict:
        started = time.monotonic()
        watch = Watch(self.world, self.screen, push(self.world, self.models.sabotaged if self.bad else self.models.better))
        cutter = LinkCutter(watch, pack_bytes=self._pack_bytes(watch))
        for run in self.world.runs:
            run.relay.down_bytes_s = None if self.bad else SLOW_BYTES_S
        faulted: set[str] = set()
        while not watch.look() or not watch.over:
            if time.monotonic() - started > self.limit_s:
                self.screen.tell("bad", f"the rollout is {watch.view['state']} after {self.limit_s:.0f} s")
                break
            if self.bad:
                self._break_machines(watch, faulted)
            else:
                cutter.work()
            self.world.sample()
            time.sleep(LOOK_S)
        took = time.monotonic() - started
        wait_until(lambda: False, 3.0)   # what decides now is seen in some more decisions
        return self._figures(watch, cutter, took)

    def _pack_bytes(self, watch: Watch) -> int:
        releases = self.world.hub_get("api/v1/releases")["releases"]
        return next(r["pack_bytes"] for r in releases if r["target"] == watch.view["target"])

    def _break_machines(self, watch: Watch, faulted: set[str]) -> None:
        """Where the sabotaged model decides: only now are there faults that it is blind to."""
        for member in watch.members_in("probation"):
            run = next(r for r in self.world.runs if r.plant.device == member["device"])
            if member["device"] in faulted:
                continue
            faulted.add(member["device"])
            faults = faults_under_trial(run.plant)
            for asset, kind in faults:
                self.world.inject(run.plant.site, asset, kind, WEAR_S)
            self.screen.tell("fault", f"{run.plant.site}: faults begin to grow in {len(faults)} machines")

    # -- figures ---------------------------------------------------------------------------------------------

    def _figures(self, watch: Watch, cutter: LinkCutter, took: float) -> dict:
        self.world.stop_sims()
        for run in self.world.runs:
            run.relay.restore()
        books = self.world.settle(30)
        views = [v for r in self.world.runs for v in r.observer.assets.values()]
        members = watch.view["members"]
        new = training.model_hash(self.models.sabotaged if self.bad else self.models.better)
        serving = {r.plant.device: _serving(r) for r in self.world.runs}
        old = training.model_hash(self.models.base)
        return {
            "rollout": watch.id, "state": watch.view["state"], "rollout_s": round(took, 1),
            "reason": watch.view["reason"] if not self.bad else self._why(watch),
            "devices": len(members), "canaries": sum(m["wave"] == 0 for m in members),
            "committed": len(watch.members_in("committed")), "rolled_back": len(watch.members_in("went_back", "undone")),
            "refused": len(watch.members_in("refused")),
            "devices_on_new_model": sum(s == {new} for s in serving.values()),
            "devices_left_on_bad_model": sum(new in s for s in serving.values()) if self.bad else 0,
            "devices_on_old_model": sum(s == {old} for s in serving.values()),
            "told_on_console": watch.view["state"] in OVER and bool(watch.view["log"]),
            "windows": sum(v.windows for v in views), "windows_missed": sum(v.missed for v in views),
            "windows_decided_twice": sum(v.twice for v in views),
            "seconds_without_decisions": sum(v.silent_s for v in views),
            "model_switches_seen": sum(v.switches for v in views),
            "link_cuts": len(cutter.cut), "link_cuts_survived": cutter.survived(),
            "downloaded_at_cut": [round(s, 2) for s in cutter.share_at_cut.values()],
            "outage_seconds": round(sum(r.relay.outage_seconds() for r in self.world.runs), 1),
            "pack_bytes": cutter.pack_bytes, "machines": sum(len(p.machines) for p in self.world.plants),
            "events_accepted": books["events_accepted"], "events_lost": books["events_lost"],
            "events_duplicated": books["events_duplicated"],
            "programs_ended": len([p for p in self.world.unexpected_ends() if not p.name.endswith("-sim")]),
        }

    @staticmethod
    def _why(watch: Watch) -> str:
        """The gateways' own words."""
        reasons = [m["reason"] for m in watch.members_in("went_back", "refused") if m["reason"]]
        return "; ".join(reasons) or watch.view["reason"]

    def _bars(self) -> list[Bar]:
        bars = [Bar("windows_missed", high=0), Bar("windows_decided_twice", high=0), Bar("windows", low=100),
                Bar("seconds_without_decisions", high=0), Bar("events_lost", high=0), Bar("events_duplicated", high=0),
                Bar("programs_ended", high=0), Bar("canaries", low=1, high=1)]
        devices = len(self.world.plants)
        if self.bad:
            return bars + [Bar("rolled_back", low=1), Bar("devices_left_on_bad_model", high=0),
                           Bar("devices_on_old_model", low=devices, high=devices), Bar("committed", high=0)]
        return bars + [Bar("committed", low=devices), Bar("devices_on_new_model", low=devices),
                       Bar("link_cuts_survived", low=1)]

    def _account(self, f: dict, broken: list[str]) -> None:
        self.screen.clear_status()
        self.screen.line()
        self.screen.line(f"  rollout     {f['state']} after {f['rollout_s']} s: {f['committed']} committed, {f['rolled_back']} "
                         f"went back, {f['refused']} refused" + (f"; {f['reason']}" if f["reason"] else ""))
        self.screen.line(f"  decisions   {f['windows']} windows while it went on, {f['windows_missed']} missed, "
                         f"{f['windows_decided_twice']} twice; {f['seconds_without_decisions']} s without a decision")
        if not self.bad:
            self.screen.line(f"  link        {f['link_cuts']} cut in the middle of the download, {f['link_cuts_survived']} survived")
        for bar in broken:
            self.screen.line(f"  BROKEN  {bar}", "bad")


def _serving(run: PlantRun) -> set[str]:
    """Which models the gateway's machines were decided by last, as a controller saw it."""
    return {v.model for v in run.observer.assets.values() if v.model}
