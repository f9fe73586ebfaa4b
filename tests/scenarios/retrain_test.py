"""The hub retrains: it is killed in the middle of a job, goes on, refuses the worse model and rolls the better one out. Real hub,
agent, broker, releases and command line; what trains and compares is a script, so that both outcomes are sure."""

import json
import os
import shutil
import subprocess
import time
import unittest
import urllib.request
from pathlib import Path

import paths  # noqa: F401
from config_world import ConfigWorld
from procs import wait_for_port

NAMES = ("MW_CLI", "MW_HUB_PROGRAM", "MW_AGENT_PROGRAM", "MW_TEST_BUNDLE")
CLI, HUB, AGENT, MAKE_BUNDLE = (os.environ.get(name, "") for name in NAMES)
BROKER = shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()
RETRAIN_TOML = """
[retrain]
folder = "WORLD/jobs"
rollout = '{"waves": [1.0], "wave_min_s": 0, "approval": false}'
live = "WORLD/bundle"
freeze = ["/bin/sh", "-c", "mkdir {data}; date +%N > {data}/run.csv"]
train = ["/bin/sh", "-c", "echo $$ >> {folder}/begun; test -e WORLD/go || sleep 300; cp -r WORLD/next {out}"]
compare = ["/bin/cp", "WORLD/figures.json", "{report}"]
release = ["CLI", "release", "add", "WORLD/repository", "{out}", "--line", "models/pump", "--key", "WORLD/release.pem"]
"""
FIGURES = {"live_error": 0.2, "t2_error": 0.3, "rms_error": 0.3, "always_error": 0.5, "runs": 4, "runs_better": 3,
           "runs_worse": 0, "events_total": 4}


def until(condition, seconds: float = 40) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@unittest.skipUnless(CLI and HUB and AGENT and MAKE_BUNDLE, "the programs are not named; ctest does")
@unittest.skipUnless(BROKER, "mosquitto is not installed")
class RetrainTest(unittest.TestCase):
    def setUp(self):
        self.world = ConfigWorld(CLI, HUB, AGENT, MAKE_BUNDLE, RETRAIN_TOML.replace("CLI", CLI))
        self.addCleanup(self.world.close)
        subprocess.run([MAKE_BUNDLE, str(self.world.folder / "next"), "2"], check=True, timeout=60)
        self.figures(0.1)

    def figures(self, candidate_error: float) -> None:
        (self.world.folder / "figures.json").write_text(json.dumps(FIGURES | {"candidate_error": candidate_error}))

    def retrain(self, *words) -> dict:
        done = subprocess.run([CLI, "--hub", self.world.url, "retrain", *words, "--json"], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return json.loads(done.stdout.splitlines()[-1])

    def get(self, path: str) -> dict:
        with urllib.request.urlopen(self.world.url + path, timeout=10) as answer:
            return json.loads(answer.read())

    def reaches(self, job: str, state: str) -> dict:
        self.assertTrue(until(lambda: self.retrain("show", job)["state"] == state), self.retrain("show", job))
        return self.retrain("show", job)

    def test_a_killed_hub_goes_on_and_rolls_the_better_model_out(self):
        self.assertTrue(until(lambda: self.get("/api/v1/devices")["devices"]))
        job = self.retrain("start", "--why", "a test")["id"]
        begun = self.world.folder / "jobs" / job / "begun"
        self.assertTrue(until(begun.exists))
        first = int(begun.read_text())
        self.world.hub.kill()
        self.assertTrue(until(lambda: not Path(f"/proc/{first}").exists()), "the command outlived the hub")
        (self.world.folder / "go").touch()
        self.world.hub.start()
        wait_for_port(int(self.world.url.rsplit(":", 1)[1]), self.world.hub)
        waiting = self.reaches(job, "waiting")
        self.assertEqual(len(begun.read_text().split()), 2)
        self.assertEqual(self.get("/api/v1/rollouts")["rollouts"], [])
        self.retrain("approve", job)
        promoted = self.reaches(job, "promoted")
        for key in ("parent", "data_sha256", "bundle", "code_version", "rollout"):
            self.assertTrue(promoted[key], key)
        self.assertEqual(promoted["data_sha256"], waiting["data_sha256"])
        rollouts = self.get("/api/v1/rollouts")["rollouts"]
        self.assertEqual([r["id"] for r in rollouts], [promoted["rollout"]])
        self.assertTrue(until(lambda: self.get("/api/v1/rollouts")["rollouts"][0]["state"] == "done", 60),
                        self.get("/api/v1/rollouts"))

    def test_a_worse_model_is_refused_and_nothing_is_released(self):
        (self.world.folder / "go").touch()
        self.figures(0.25)
        job = self.retrain("start")["id"]
        refused = self.reaches(job, "refused")
        self.assertIn("does not beat the live model", refused["words"])
        self.assertEqual(self.get("/api/v1/releases")["releases"], [])


if __name__ == "__main__":
    unittest.main()
