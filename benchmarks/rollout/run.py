#!/usr/bin/env python3
"""A fleet on one broker: a release to all, a bad one that stops itself, a good one that is taken back.

    ./bench rollout [--quick] [--devices N] [--agents N] [--seconds S] [--build DIR] [--json]

One Mosquitto, one hub program, simulated gateways that speak the delivery contract each with its own state (30 % of
them offline at any time, others all the while) and real agents beside them. Release A goes to all by waves; of release
B most canaries find that it is bad; release C goes to all, is paused, resumed, approved, then reversed. At the end the
hub's book is compared with what each gateway has. With --json the last line is one flat object; what could not be
measured, and why, stands in `not_measured`, what misses its bar in `bars_broken`."""
import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bundles import make_bundles
from devices import Device, Shard
from ground import ROOT, SITES, Ground, wait_until
import report
from report import Bar

OFFLINE_SHARE = 0.3
SHARDS = 4
FULL = {"devices": 10_000, "agents": 200, "seconds": 2100, "away_s": (10.0, 50.0)}
QUICK = {"devices": 495, "agents": 5, "seconds": 240, "away_s": (2.0, 8.0)}
POLICY = {"waves": [0.01, 0.1, 0.5, 1.0], "success_share": 0.9, "failure_share": 0.05, "wave_min_s": 1,
          "approval": False, "reverse_on_halt": True, "windows_min": 5, "time_min_s": 1}
PAUSE_S = 5.0
BARS = [Bar("bad_model_share_max", high=0.01), Bar("reverse_s_max", high=60), Bar("disagreements", high=0),
        Bar("started_while_paused", high=0), Bar("offline_share_mean", low=0.25, high=0.35),
        Bar("bad_rolled_back", low=1), Bar("reversed", low=1)]
OVER = ("done", "halted", "aborted", "reversed")


def build(folder: Path | None) -> Path:
    if folder is not None:
        return folder.resolve()
    subprocess.run(["cmake", "--preset", "release", "-DMW_BENCH=ON"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([ROOT / "scripts/build.sh", "release", "millwright", "millwright-hub", "millwright-agent",
                    "mw-rollout-bundles"], check=True, stdout=sys.stderr)
    return ROOT / "build/release"


def say(text: str) -> None:
    print(f"rollout: {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


class Fleet:
    """The simulated gateways, and what becomes of a model on them."""

    def __init__(self, ground: Ground, count: int, away_s: tuple, base: str):
        self.bad = ""
        self.devices = [Device(f"gw-{i:05d}", f"site-{i % SITES:02d}", i, base) for i in range(count)]
        self.shards = [Shard(f"fleet-{s}", ground.port, self.devices[s::SHARDS], OFFLINE_SHARE, away_s, self._outcome)
                       for s in range(SHARDS)]
        self.offline_shares: list[float] = []

    def _outcome(self, device: Device, digest: str) -> str:
        """Of the bad model: a quarter refuses it in shadow, half go back in probation; the rest notices nothing."""
        if digest != self.bad:
            return "good"
        if device.verdict[0] != digest:
            device.verdict = (digest, device.dice.choice(("refused", "rolled_back", "rolled_back", "good")))
        return device.verdict[1]

    def start(self) -> None:
        for shard in self.shards:
            shard.start()

    def sample(self) -> None:
        self.offline_shares.append(sum(not d.online for d in self.devices) / len(self.devices))

    def on(self, digest: str) -> int:
        return sum(d.serving == digest for d in self.devices)


class Run:
    def __init__(self, options: argparse.Namespace, ground: Ground, plan: dict):
        self.options, self.ground, self.plan = options, ground, plan
        self.until = time.monotonic() + plan["seconds"]
        self.figures: dict = {"devices": plan["devices"], "agents": 0, "rollouts": 0, "listener": "plain, loopback"}
        self.not_measured: list[str] = []
        self._told: tuple = ()

    def measure(self) -> dict:
        bundles = make_bundles(self.ground.folder / "bundles", self.ground.bin_dir)
        self.ground.start()
        began = time.monotonic()
        self.ground.start_agents(self.plan["agents"], bundles["base"])
        self.fleet = Fleet(self.ground, self.plan["devices"], self.plan["away_s"], "base")
        self.fleet.start()
        known = self.plan["devices"] + self.plan["agents"]
        if not wait_until(lambda: self._known() >= known, 120, 1.0):
            raise RuntimeError(f"the hub knows {self._known()} of {known} gateways")
        say(f"{known} gateways are known after {time.monotonic() - began:.0f} s")
        try:
            a = self._release_a(bundles["a"])
            self._release_b(bundles["b"])
            last = self._release_c(bundles["c"], a)
            self._compare(last, a)
        finally:
            self._counts()
            for shard in self.fleet.shards:
                shard.stop()
        return self.figures

    def _known(self) -> int:
        return len(self.ground.get("devices")["devices"])

    # -- releases --------------------------------------------------------------------------------------------

    def _start(self, bundle: Path, prepare=None, **policy) -> tuple[str, str]:
        release = self.ground.releases.add(bundle)
        if prepare:
            prepare(release["digest"])
        view = self.ground.post("rollouts", {"target": release["target"], "policy": {**POLICY, **policy}})
        self.figures["rollouts"] += 1
        say(f"release {release['release']}: {view['devices']} gateways in {view['waves']} waves")
        return view["id"], release["digest"]

    def _wait(self, rollout: str, condition, what: str) -> dict:
        while True:
            self.fleet.sample()
            view = self.ground.brief(rollout)
            seen = (view["state"], view["wave"])
            if seen != self._told:
                self._told = seen
                say(f"{view['state']}, wave {view['wave'] + 1}: {_words(view['counts'])}")
            if condition(view):
                return view
            if time.monotonic() > self.until:
                raise TimeoutError(f"{what}: {_words(view['counts'])}, {view['state']}")
            time.sleep(0.5)

    def _release_a(self, bundle: Path) -> str:
        began = time.monotonic()
        rollout, digest = self._start(bundle)
        view = self._wait(rollout, lambda v: v["state"] in OVER, "release A to all")
        self.figures["converged_s"] = round(time.monotonic() - began, 1)
        self.figures["converged"] = view["counts"]["committed"]
        return digest

    def _release_b(self, bundle: Path) -> None:
        began = time.monotonic()
        rollout, digest = self._start(bundle, prepare=lambda digest: setattr(self.fleet, "bad", digest))
        view = self._wait(rollout, lambda v: v["state"] in OVER and not self.fleet.on(digest), "release B halts")
        # Whoever decided with it for a moment; of real agents, as the hub has heard.
        held = sum(digest in d.decided_with for d in self.fleet.devices)
        held += sum(m["device"].startswith("real-") and m["state"] in ("committed", "went_back", "undone", "probation")
                    for m in self.ground.get(f"rollouts/{rollout}")["members"])
        self.figures |= {"bad_model_share_max": round(held / view["devices"], 5), "bad_held": held, "bad_reason": view["reason"],
                         "bad_state": view["state"], "bad_gone_s": round(time.monotonic() - began, 1),
                         "bad_rolled_back": view["counts"]["went_back"] + view["counts"]["undone"],
                         "bad_refused": view["counts"]["refused"]}

    def _release_c(self, bundle: Path, before: str) -> str:
        rollout, digest = self._start(bundle, approval=True)
        self._wait(rollout, lambda v: v["wave"] >= 2, "release C's third wave")
        self.ground.post(f"rollouts/{rollout}/pause", {})
        wave = self.ground.brief(rollout)["wave"]
        paused = time.monotonic()
        view = self._wait(rollout, lambda v: time.monotonic() - paused > PAUSE_S, "the pause")
        self.figures["started_while_paused"] = view["wave"] - wave
        self.ground.post(f"rollouts/{rollout}/resume", {})
        self._wait(rollout, lambda v: v["state"] == "waiting", "the question for approval")
        self.ground.post(f"rollouts/{rollout}/approve", {})
        self._wait(rollout, lambda v: v["state"] in OVER, "release C to all")
        self._reverse(rollout, digest)
        return rollout

    def _reverse(self, rollout: str, digest: str) -> None:
        updated = [d for d in self.fleet.devices if d.committed == digest]
        asked = time.monotonic()
        self.ground.post(f"rollouts/{rollout}/reverse", {"why": "the fleet goes back"})
        self._wait(rollout, lambda v: v["state"] == "reversed", "the way back")
        took = [max(0.0, d.went_back_at - max(asked, d.online_at_return)) if d.serving != digest else float("inf")
                for d in updated]
        took.sort()
        self.figures |= {"reversed": len(took), "reverse_s_max": round(max(took, default=float("inf")), 2),
                         "reverse_s_p50": round(report.percentile(took, 0.5), 2),
                         "reverse_all_s": round(time.monotonic() - asked, 1)}

    # -- the end ---------------------------------------------------------------------------------------------

    def _compare(self, rollout: str, before: str) -> None:
        """What the hub's book says of each gateway, against what that gateway has."""
        view = self.ground.get(f"rollouts/{rollout}")
        book = {m["device"]: m for m in view["members"]}
        wrong = [d.name for d in self.fleet.devices
                 if _believed(book[d.name], before, view["digest"]) != d.serving]
        real = self.ground.agents
        stopped = [a.device for a in real if not a.process.alive()]
        wrong += [a.device for a in real if _believed(book[a.device], before, view["digest"]) != (a.serving(self.ground.bin_dir) or "base")]
        if len(real) < FULL["agents"] and not self.options.quick:
            self.not_measured.append(f"agents: {len(real)} of {FULL['agents']}")
        self.figures |= {"disagreements": len(wrong), "agents": len(real) - len(stopped), "agents_ended": len(stopped),
                         "agents_undone": sum(book[a.device]["state"] == "undone" for a in real)}
        for name in wrong[:5]:
            say(f"disagree about {name}: the hub says {book[name]}")

    def _counts(self) -> None:
        shares, shards = self.fleet.offline_shares, self.fleet.shards
        self.figures |= {"offline_share_mean": round(sum(shares) / max(1, len(shares)), 3),
                         "messages_to_devices": sum(s.received for s in shards),
                         "messages_from_devices": sum(s.sent for s in shards),
                         "messages_lost_offline": sum(s.dropped for s in shards),
                         "hub_rss_mb": round(self.ground.hub.sample_rss(), 1)}


def _believed(member: dict, before: str, digest: str) -> str:
    return digest if member["state"] == "committed" or member["phase"] == "probation" else before


def _words(counts: dict) -> str:
    return ", ".join(f"{n} {state.replace('_', ' ')}" for state, n in counts.items() if n) or "none"


def main() -> int:
    parser = argparse.ArgumentParser(prog="./bench rollout", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small fleet: about a minute")
    parser.add_argument("--devices", type=int, help="simulated gateways")
    parser.add_argument("--agents", type=int, help="real agents beside them")
    parser.add_argument("--seconds", type=float, help="give up after this time")
    parser.add_argument("--build", type=Path, help="a folder configured with -DMW_BENCH=ON and built; nothing is built")
    parser.add_argument("--keep", action="store_true", help="leave logs and databases where they are")
    parser.add_argument("--json", action="store_true", help="the figures as the last line of standard output")
    options = parser.parse_args()
    plan = {key: getattr(options, key, None) if getattr(options, key, None) is not None else value
            for key, value in (QUICK if options.quick else FULL).items()}
    folder = Path(tempfile.mkdtemp(prefix="mw-rollout-"))
    ground = Ground(folder, build(options.build) / "bin")
    run = Run(options, ground, plan)
    began = time.monotonic()
    try:
        run.measure()
    except (RuntimeError, TimeoutError, OSError) as error:
        run.figures["failed"] = str(error)
        say(str(error))
    finally:
        ground.stop()
        if options.keep:
            say(f"kept in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    figures = run.figures | {"seconds": round(time.monotonic() - began, 1)}
    broken = report.judge(figures, BARS, run.not_measured)
    figures["ok"] = figures["ok"] and "failed" not in figures
    for key, value in figures.items():
        if not isinstance(value, list):
            print(f"  {key:<26} {value}")
    for what in broken:
        print(f"  does not hold: {what}")
    for what in figures["not_measured"]:
        print(f"  not measured: {what}")
    if options.json:
        print(json.dumps(figures))
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
