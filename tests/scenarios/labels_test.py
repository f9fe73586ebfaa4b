"""People judge alarms: accounts, plants, verdicts that outlive kill -9. Real hub over HTTPS, real broker, real command line."""

import os
import random
import shutil
import signal
import subprocess
import time
import unittest
from pathlib import Path

import paths  # noqa: F401
from identity_world import Fortress, blob, fixed, until, varint

CLI, HUB = os.environ.get("MW_CLI", ""), os.environ.get("MW_HUB_PROGRAM", "")
BROKER = shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()
PASSWORD = "a long enough word"
ALARMS = 60
WARNING = 2


def alarm_batch(device: str, site: str, asset: str, count: int) -> bytes:
    now = time.time_ns()
    events = b""
    for i in range(count):
        alarm = (blob(1, asset) + blob(2, "hall") + blob(3, f"{asset}-{i}") + varint(5 << 3) + varint(WARNING) +
                 blob(6, "outer_race") + blob(11, "bearing-lstm"))
        events += blob(4, varint(2 << 3) + varint(i + 1) + fixed(3, now + i) + blob(10, alarm))
    return blob(1, device) + fixed(2, 7) + blob(3, site) + events + varint(5 << 3) + varint(1)


@unittest.skipUnless(CLI and HUB, "MW_CLI and MW_HUB_PROGRAM name the programs; ctest sets them")
@unittest.skipUnless(BROKER, "mosquitto is not installed")
class LabelsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = Fortress(CLI, HUB)
        cls.addClassCleanup(cls.world.close)
        for device, site in (("gw-a", "alder"), ("gw-b", "birch")):
            peer = cls.world.peer(cls.world.enroll(device), device)
            cls.addClassCleanup(peer.close)
            assert peer.comes_in()
            peer.client.publish(f"mw/v1/{device}/events", alarm_batch(device, site, "P-1", ALARMS), qos=1)
        cls.add_person("ana", "alder=operator", "*=viewer")
        cls.add_person("ben", "*=operator")
        assert until(lambda: cls.world.admin_cli("inbox")["all"] == 2 * ALARMS)

    @classmethod
    def add_person(cls, name, *roles):
        at = cls.world.folder / f"{name}.password"
        at.write_text(PASSWORD + "\n")
        cls.world.admin_cli("people", "add", name, "--password-file", at, *(w for r in roles for w in ("--role", r)))

    def log_in(self, name) -> dict:
        status, _, headers = self.world.ask("POST", "/api/v1/session", {"name": name, "password": PASSWORD})
        self.assertEqual(status, 204)
        return {"Cookie": headers["Set-Cookie"].split(";")[0], "X-Millwright": "1"}

    def judge(self, session, act, alarm, device="gw-a"):
        return self.world.ask("POST", "/api/v1/verdicts", {
            "id": act, "alarms": [f"{device}~P-1-{alarm}"], "verdict": "confirm", "fault": "outer_race"}, headers=session)

    def labels(self) -> dict:
        listed = self.world.admin_cli("label", "list")
        return dict(zip(listed["act"], listed["alarm_key"]))

    def test_a_person_judges_at_their_own_plant_only(self):
        ana = self.log_in("ana")
        self.assertEqual(self.world.ask("GET", "/api/v1/me", headers=ana)[1]["name"], "ana")
        self.assertEqual(self.judge(ana, "own-plant-1", 50)[0], 201)
        status, problem, _ = self.judge(ana, "elsewhere-1", 50, "gw-b")
        self.assertEqual((status, problem["code"]), (403, "forbidden"), problem)
        self.assertIn("birch", problem["detail"])
        self.assertEqual(self.judge({**ana, "X-Millwright": ""}, "forged-00001", 51)[0], 403)
        self.assertEqual(self.judge({}, "nobody-0001", 51)[0], 401)
        alarm = self.world.ask("GET", "/api/v1/alarms/gw-a~P-1-50", headers=ana)[1]
        self.assertEqual(alarm["verdict"]["who"], "ana")
        self.assertEqual(self.world.ask("POST", "/api/v1/acts/own-plant-1/undo", headers=self.log_in("ben"))[0], 409)
        self.assertEqual(self.world.ask("POST", "/api/v1/acts/own-plant-1/undo", headers=ana)[0], 200)

    def test_who_is_disabled_is_out_at_once(self):
        self.add_person("carl", "*=viewer")
        carl = self.log_in("carl")
        self.world.admin_cli("people", "disable", "carl")
        self.assertEqual(self.world.ask("GET", "/api/v1/board", headers=carl)[0], 401)

    def test_the_command_line_judges_too(self):
        act = self.world.admin_cli("judge", "reject", "gw-b~P-1-1", "gw-b~P-1-2", "--reason", "known_work")["act"]
        judged = self.world.admin_cli("inbox", "--view", "judged", "--site", "birch")
        self.assertEqual(sorted(judged["id"]), ["gw-b~P-1-1", "gw-b~P-1-2"])
        self.world.admin_cli("judge", "undo", act)
        self.world.admin_cli("judge", "shelve", "gw-b~P-1-1", "--for", "8h")
        self.assertEqual(self.world.admin_cli("inbox", "--view", "shelved")["id"], ["gw-b~P-1-1"])
        self.assertIn("P-1-99", self.world.admin_cli("judge", "confirm", "gw-b~P-1-99", "--fault", "ball", status=4)["error"])

    def test_work_orders_are_imported_once(self):
        file = self.world.folder / "orders.csv"
        file.write_text("No;Equipment;Start;End;Cause\n1;4711;2026-11-01T00:00:00Z;2026-11-02T00:00:00Z;OR\n"
                        "2;4711;2026-11-03T00:00:00Z;2026-11-04T00:00:00Z;??\n")
        words = ["label", "import", file, "--separator", ";", "--machine", "4711=alder/P-1", "--code", "OR=outer_race"]
        for column in ("id=No", "machine=Equipment", "from=Start", "to=End", "code=Cause"):
            words += ["--column", column]
        first, second = (self.world.admin_cli(*words, status=1) for _ in range(2))
        self.assertEqual((first["added"], first["known"], len(first["skipped"])), (1, 0, 1), first)
        self.assertEqual((second["added"], second["known"]), (0, 1), second)

    def test_zz_a_verdict_that_was_answered_outlives_kill_9(self):
        ben, chance = self.log_in("ben"), random.Random(7)
        answered, unanswered = {}, {}
        for alarm in range(40):
            act = f"verdict-{alarm:04}"
            if alarm % 8 == 7:
                status = self.judge_while_killed(ben, act, alarm, chance.uniform(0, 0.02))
            else:
                status = self.judge(ben, act, alarm, "gw-b")[0]
            (answered if status == 201 else unanswered)[act] = f"P-1-{alarm}"
        kept = self.labels()
        self.assertEqual({a: k for a, k in kept.items() if a in answered}, answered)
        for act, key in unanswered.items():  # sending again is always right
            self.assertIn(self.judge(ben, act, int(key[4:]), "gw-b")[0], (200, 201))
        kept = self.labels()
        self.assertEqual({a: k for a, k in kept.items() if a.startswith("verdict-")}, answered | unanswered)

    def judge_while_killed(self, session, act, alarm, after_s) -> int:
        hub = self.world.hub
        killer = subprocess.Popen(["sh", "-c", f"sleep {after_s:.4f}; kill -9 {hub.pid}"])
        status = self.judge(session, act, alarm, "gw-b")[0]
        killer.wait()
        hub.child.wait()
        self.assertEqual(hub.child.returncode, -signal.SIGKILL)
        hub.start()
        self.assertTrue(until(lambda: self.world.ask("GET", "/healthz")[0] == 200))
        return status


if __name__ == "__main__":
    unittest.main()
