"""What a model would have said on the hub's own history. Real hub, broker and agent; the history is a recorded one, played."""

import json
import math
import os
import random
import shutil
import subprocess
import tempfile
import time
import unittest
from datetime import datetime, timezone
from pathlib import Path

import paths  # noqa: F401
from identity_world import until
from procs import Process, free_port, wait_for_port

PROGRAMS = [os.environ.get(name, "") for name in ("MW_CLI", "MW_HUB_PROGRAM", "MW_AGENT_PROGRAM", "MW_TEST_BUNDLE")]
BROKER = shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()
STEPS = 900
BATCH = 30   # the gateway tells of its steps in batches: what is played on pushes the last one out
HOT = range(400, 500)
WATCH_FROM = 0.5
AGENT_TOML = """[device]
id = "gw-1"
site = "alder"
[broker]
port = {port}
[uplink]
port = {port}
[paths]
state = "{folder}/state"
[model]
bundle = "{folder}/bundle"
[[asset]]
id = "P-1"
area = "hall"
  [[asset.channel]]
  name = "temperature"
  unit = "degC"
  rate_hz = 1
  [[asset.channel]]
  name = "pressure"
  unit = "bar"
  rate_hz = 1
"""
RECORDING_TOML = """[recording]
name = "run"
asset = "P-1"
start = "{start}"
[[channel]]
name = "temperature"
unit = "degC"
file = "run.csv"
format = "csv"
column = "temperature"
time_column = "t"
rate_hz = 1
[[channel]]
name = "pressure"
unit = "bar"
file = "run.csv"
format = "csv"
column = "pressure"
time_column = "t"
rate_hz = 1
"""


def utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_recording(folder: Path, start: int) -> None:
    """A quarter of an hour of a machine that goes hot in between; readings lie off the whole seconds."""
    noise = random.Random(7)
    rows = ["t,temperature,pressure"]
    for step in range(STEPS + BATCH):
        hot = 30 if step in HOT else 0
        temperature, pressure = 40 + hot + noise.gauss(0, 1), 3 + hot / 20 + 0.1 * math.sin(step)
        rows.append(f"{step + 0.25},{temperature:.4f},{pressure:.4f}")
    folder.mkdir()
    (folder / "run.csv").write_text("\n".join(rows) + "\n")
    (folder / "recording.toml").write_text(RECORDING_TOML.format(start=utc(start)))


class World:
    def __init__(self, cli: str, hub: str, agent: str, make_bundle: str):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        self.cli_program, self.make_bundle = cli, make_bundle
        self.port, http = free_port(), free_port()
        self.url = f"http://127.0.0.1:{http}"
        self.start = int(time.time()) - 3600
        self.bundle("bundle", "1", "readings", WATCH_FROM)
        write_recording(self.folder / "run", self.start)
        (self.folder / "broker.conf").write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        (self.folder / "hub.toml").write_text(
            f'[broker]\nport = {self.port}\n[http]\nlisten = "127.0.0.1:{http}"\n[store]\npath = "{self.folder}/hub.db"\n')
        (self.folder / "agent.toml").write_text(AGENT_TOML.format(port=self.port, folder=self.folder))
        self.processes = []
        self._run("broker", ["mosquitto", "-c", self.folder / "broker.conf"], self.port)
        self._run("hub", [hub, "--config", self.folder / "hub.toml"], http)
        self._run("agent", [agent, "--config", self.folder / "agent.toml"], 0)

    def _run(self, name: str, argv: list, port: int) -> None:
        process = Process(name, argv, self.folder / f"{name}.log").start()
        self.processes.insert(0, process)
        if port:
            wait_for_port(port, process)

    def close(self) -> None:
        for process in self.processes:
            process.stop()
        self.scratch.cleanup()

    def words(self) -> str:
        return " ".join(process.last_words() for process in self.processes)

    def bundle(self, name: str, *words) -> Path:
        subprocess.run([self.make_bundle, self.folder / name, *map(str, words)], check=True, timeout=60)
        return self.folder / name

    def cli(self, *words, status: int = 0) -> dict:
        done = subprocess.run([self.cli_program, "--hub", self.url, *map(str, words), "--json"], capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == status, f"{words}: {done.returncode}: {done.stdout} {done.stderr}"
        return json.loads(done.stdout.splitlines()[-1])

    def backtest(self, bundle: Path, *words, status: int = 0) -> dict:
        return self.cli("backtest", bundle, "--from", utc(self.start), "--to", utc(self.start + STEPS + 1), *words, status=status)

    def heard(self) -> int:
        """Steps of the hub's history that a model could be played on."""
        try:
            return self.backtest(self.folder / "bundle")["steps_heard"][0]
        except AssertionError:
            return 0


@unittest.skipUnless(all(PROGRAMS), "the environment names no programs; ctest does")
@unittest.skipUnless(BROKER, "mosquitto is not installed")
class BacktestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World(*PROGRAMS)
        cls.addClassCleanup(cls.world.close)
        world = cls.world
        # Readings that nobody has subscribed to yet are gone.
        log = world.folder / "agent.log"
        assert until(lambda: log.exists() and "connected to the gateway's broker" in log.read_text()), world.words()
        time.sleep(1)
        world.cli("replay", world.folder / "run", "--broker", f"127.0.0.1:{world.port}", "--site", "alder", "--area", "hall")
        assert until(lambda: world.heard() >= STEPS - 1), f"{world.heard()} steps: {world.words()}"

    def test_the_model_that_was_live_says_again_what_it_said(self):
        told = self.world.backtest(self.world.folder / "bundle", "--keep", self.world.folder / "kept")
        self.assertEqual(told["machine"], ["alder/P-1"])
        self.assertGreaterEqual(told["steps_compared"][0], STEPS - 70)
        self.assertGreaterEqual(told["steps_equal"][0], told["steps_compared"][0] - 2, told)
        self.assertEqual((told["alarms_live"], told["alarms_candidate"]), ([1], [1]), told)
        self.assertEqual((told["alarms_only_live"], told["alarms_only_candidate"]), ([0], [0]), told)
        live, again = told["alarm_live_begin_ms"][0], told["alarm_candidate_begin_ms"][0]
        self.assertLessEqual(abs(live - again), 2000)
        self.assertTrue(0 <= live - (self.world.start + HOT[0]) * 1000 < 10000, live)
        self.assertEqual(told["alarm_live_fault"], told["alarm_candidate_fault"])
        recording = (self.world.folder / "kept/alder/P-1/recording.toml").read_text()
        self.assertIn('rating = "NEUTRAL"', recording)

    def test_a_model_that_never_warns_misses_the_alarm(self):
        silent = self.world.bundle("silent", "2", "readings", 1.0)
        told = self.world.backtest(silent)
        self.assertEqual((told["alarms_candidate"], told["alarms_only_live"]), ([0], [1]))
        self.assertEqual(told["alarm_who"], ["live"])

    def test_a_model_of_waveforms_is_refused_by_the_channels_name(self):
        wave = self.world.bundle("wave", "3")
        refused = self.world.backtest(wave, status=1)
        self.assertIn('channel "vib"', refused["error"])

    def test_a_range_of_which_nothing_is_kept_is_said_to_be_one(self):
        refused = self.world.cli("backtest", self.world.folder / "bundle", "--from", utc(self.world.start - 7200), "--to",
                                 utc(self.world.start - 3600), "--asset", "alder/P-1", status=4)
        self.assertIn("the hub keeps no step of this range", refused["error"])


if __name__ == "__main__":
    unittest.main()
