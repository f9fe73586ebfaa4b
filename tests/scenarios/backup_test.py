"""A hub that is saved while it works, lost with its broker, and brought back elsewhere. Real hub, brokers and agent.

The hard part is what lies between the backup and the loss: the lost hub had acked it, so the gateway no longer has it. It cannot come
back; it must be told, exactly, and nothing else may be missing or wait for ever."""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import time
import unittest
from datetime import datetime, timezone
from pathlib import Path

import paths  # noqa: F401
from identity_world import Fortress, until
from procs import Process, free_port, wait_for_port

PROGRAMS = [os.environ.get(name, "") for name in ("MW_CLI", "MW_HUB_PROGRAM", "MW_AGENT_PROGRAM", "MW_TEST_BUNDLE")]
CLI, HUB, AGENT, BUNDLE = PROGRAMS
MISSING = [name for name in ("mosquitto", "openssl") if not shutil.which(name) and not Path(f"/usr/sbin/{name}").exists()]
WATCH_FROM = 0.5
PERIOD_STEPS, HOT_STEPS = 120, 50   # of each period the machine is hot for so long: one alarm
AGENT_TOML = """[device]
id = "gw-1"
site = "alder"
[broker]
port = {port}
[uplink]
port = {uplink}
[identity]
folder = "{identity}"
hub = "{hub}"
[paths]
state = "{folder}/state"
[model]
bundle = "{folder}/bundle"
[health]
period_s = 0.5
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
CHANNEL_TOML = """[[channel]]
name = "{name}"
unit = "{unit}"
file = "run.csv"
format = "csv"
column = "{name}"
time_column = "t"
rate_hz = 1
"""


def write_recording(folder: Path, start: int, steps: int) -> Path:
    noise = random.Random(start)
    rows = ["t,temperature,pressure"]
    for step in range(steps):
        hot = 30 if step % PERIOD_STEPS >= PERIOD_STEPS - HOT_STEPS else 0
        rows.append(f"{step + 0.25},{40 + hot + noise.gauss(0, 1):.4f},{3 + hot / 20 + noise.gauss(0, 0.1):.4f}")
    folder.mkdir()
    (folder / "run.csv").write_text("\n".join(rows) + "\n")
    began = datetime.fromtimestamp(start, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    (folder / "recording.toml").write_text(
        f'[recording]\nname = "{folder.name}"\nasset = "P-1"\nstart = "{began}"\n'
        + CHANNEL_TOML.format(name="temperature", unit="degC") + CHANNEL_TOML.format(name="pressure", unit="bar"))
    return folder


def rows(database: Path, sql: str) -> list:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@unittest.skipUnless(all(PROGRAMS), "MW_CLI, MW_HUB_PROGRAM, MW_AGENT_PROGRAM and MW_TEST_BUNDLE name the programs; ctest sets them")
@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)}")
class BackupTest(unittest.TestCase):
    def setUp(self):
        self.world = Fortress(CLI, HUB)
        self.addCleanup(self.world.close)
        self.folder = self.world.folder
        self.database = self.folder / "hub.db"
        self.port = free_port()
        (self.folder / "local.conf").write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        local = Process("local", ["mosquitto", "-c", self.folder / "local.conf"], self.folder / "local.log").start()
        self.addCleanup(local.stop)
        wait_for_port(self.port, local)
        subprocess.run([BUNDLE, self.folder / "bundle", "1", "readings", str(WATCH_FROM)], check=True, timeout=60)
        self.identity = self.world.enroll("gw-1")
        self.config = self.folder / "agent.toml"
        self.config.write_text(AGENT_TOML.format(port=self.port, uplink=self.world.broker_port, identity=self.identity,
                                                 hub=self.world.url, folder=self.folder))
        self.log = self.folder / "agent.log"
        self.agent = Process("agent", [AGENT, "--config", self.config], self.log).start()
        self.addCleanup(self.agent.stop)
        self.assertTrue(until(lambda: self.log.exists() and "connected to the gateway's broker" in self.log.read_text()), self.words())
        time.sleep(1)
        self.next_start = int(time.time()) - 20000

    def words(self) -> str:
        return self.agent.last_words() + self.world.hub.last_words()

    def play(self, steps: int) -> subprocess.Popen:
        recording = write_recording(self.folder / f"run-{self.next_start}", self.next_start, steps)
        self.next_start += steps + 60
        return subprocess.Popen([CLI, "replay", recording, "--broker", f"127.0.0.1:{self.port}", "--site", "alder", "--area", "hall",
                                 "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def finished(self, player: subprocess.Popen) -> None:
        self.assertEqual(player.wait(60), 0, self.words())

    def lanes_of_gateway(self) -> dict:
        return {lane: (last, acked) for lane, last, acked in rows(self.folder / "state/outbox.db", "SELECT lane, last_seq, acked_seq FROM lane")}

    def delivered(self) -> bool:
        """All that happened so far is acked; health reports go on meanwhile, and the newest may be under way."""
        return all(last - acked <= 2 for last, acked in self.lanes_of_gateway().values())

    def alarms(self, database: Path) -> set:
        return {key for key, in rows(database, "SELECT alarm_key FROM alarms")}

    def test_a_lost_hub_comes_back_from_its_backup(self):
        self.finished(self.play(4 * PERIOD_STEPS))
        self.assertTrue(until(lambda: len(self.alarms(self.database)) >= 3 and self.delivered()), self.words())
        before = self.alarms(self.database)

        # Saved while events flow.
        player = self.play(12 * PERIOD_STEPS)
        flowing = rows(self.database, "SELECT COUNT(*) FROM events")[0][0]
        self.assertTrue(until(lambda: rows(self.database, "SELECT COUNT(*) FROM events")[0][0] > flowing + 5), self.words())
        archive = self.folder / "hub.tar.zst"
        saved = self.world.cli("backup", archive, "--config", self.folder / "hub.toml")
        self.assertTrue(saved["holds_keys"])
        self.assertEqual(archive.stat().st_mode & 0o777, 0o600)
        self.finished(player)
        self.assertTrue(until(self.delivered), self.words())
        at_loss = self.alarms(self.database)

        # Hub, broker, database, authority: all of it is gone. The gateway goes on.
        self.world.hub.kill()
        self.world.broker.kill()
        acked = {lane: acked for lane, (_, acked) in self.lanes_of_gateway().items()}
        for lost in ("hub.db", "hub.db-wal", "hub.db-shm"):
            (self.folder / lost).rename(self.folder / f"lost-{lost}") if (self.folder / lost).exists() else None
        shutil.move(self.world.identity, self.folder / "lost-identity")
        self.finished(self.play(3 * PERIOD_STEPS))
        certificate = (self.identity / "identity.pem").read_bytes()

        new = self.folder / "new"
        back = self.world.cli("restore", archive, "--into", new)
        self.assertEqual(back["files"], saved["files"])
        self.assertEqual((new / "identity/ca.key").stat().st_mode & 0o777, 0o600)
        restored = self.alarms(new / "hub.db")
        self.assertLessEqual(before, restored)
        held = {(lane, seq) for lane, seq in rows(new / "hub.db", "SELECT lane, seq FROM events WHERE device = 'gw-1'")}

        self.world.cli("mosquitto-config", "hub", "--identity", new / "identity", "--out", new / "broker", "--listen", "127.0.0.1",
                       "--port", self.world.broker_port, "--user", "root")
        self.world.broker = Process("broker", ["mosquitto", "-c", new / "broker/mosquitto.conf"], new / "broker.log").start()
        wait_for_port(self.world.broker_port, self.world.broker)
        self.world.hub = Process("hub", [HUB, "--config", new / "hub.toml"], self.folder / "new-hub.log").start()
        wait_for_port(self.world.port, self.world.hub)
        self.world.ca = new / "identity/ca.pem"

        # The gateway comes back by itself, under its old certificate, and gets rid of all that waited.
        self.assertTrue(until(self.delivered, 60), f"{self.lanes_of_gateway()} {acked} {self.words()}")
        self.assertEqual((self.identity / "identity.pem").read_bytes(), certificate)
        self.assertTrue(self.agent.alive())
        status, answer, _ = self.world.ask("GET", "/api/v1/identity/certificates", token=self.world.admin)
        self.assertEqual((status, [c["device"] for c in answer["certificates"]]), (200, ["gw-1"]), "old tokens and the list are good")

        # No alarm of the backup is lost, what came after the loss is there, what lay between is told to the last event.
        database = new / "hub.db"
        now = self.alarms(database)
        self.assertLessEqual(restored, now)
        waited = now - restored
        self.assertGreaterEqual(len(waited), 2, "raised while there was no hub")
        self.assertFalse(waited & at_loss & before)
        present = [(lane, seq) for lane, seq in rows(database, "SELECT lane, seq FROM events WHERE device = 'gw-1'")]
        self.assertEqual(len(present), len(set(present)))
        missing = {lane: 0 for lane in acked}
        for lane, count in rows(database, "SELECT lane, missing FROM gaps WHERE cause = 'hub_restored'"):
            missing[lane] += count
        for lane, mark in acked.items():
            here = {seq for one, seq in present if one == lane}
            self.assertEqual(missing[lane], sum(1 for seq in range(1, mark + 1) if seq not in here), f"lane {lane}")
            self.assertTrue({seq for one, seq in held if one == lane} <= here)
            late = range(mark + 1, max(here, default=0) + 1)
            self.assertEqual([seq for seq in late if seq not in here], [], f"lane {lane}: nothing after the last ack is missing")
        self.assertGreater(sum(missing.values()), 0, "the lost hub had acked more than its backup held")
        for lane, contiguous, highest in rows(database, "SELECT lane, contiguous, max_seq FROM lanes WHERE device = 'gw-1'"):
            self.assertEqual(contiguous, highest, f"lane {lane} stands still")
        told = [line for line in (self.folder / "new-hub.log").read_text().splitlines() if "no longer has" in line]
        self.assertEqual(sum(json.loads(line)["missing"] for line in told), sum(missing.values()))


if __name__ == "__main__":
    unittest.main()
