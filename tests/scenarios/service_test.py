"""A machine is repaired: its gateway, away at that moment, learns it anew once it is back. Real broker, hub, agent, command line."""

import os
import shutil
import time
import unittest
from pathlib import Path

from config_world import ConfigWorld
from identity_world import until

PROGRAMS = [os.environ.get(name, "") for name in ("MW_CLI", "MW_HUB_PROGRAM", "MW_AGENT_PROGRAM", "MW_TEST_BUNDLE")]
BROKER = shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()
PATIENCE_S = 60


@unittest.skipUnless(all(PROGRAMS), "the environment names no programs; ctest does")
@unittest.skipUnless(BROKER, "mosquitto is not installed")
class ServiceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = ConfigWorld(*PROGRAMS)
        cls.addClassCleanup(cls.world.close)

    def words(self) -> str:
        return self.world.agent.last_words() + self.world.hub.last_words()

    def running(self) -> bool:
        return bool(self.world.decisions) and self.world.decisions[-1]["state"] == "running"

    def asset(self, *words, status: int = 0) -> dict:
        return self.world.cli("--hub", self.world.url, "asset", *words, status=status)

    def learned(self) -> int:
        return sum(v is not None for v in self.asset("baselines", "alder/P-1")["learned_ms"])

    def test_a_repair_reaches_a_gateway_that_was_away_and_is_done_once(self):
        world = self.world
        self.assertTrue(until(self.running, PATIENCE_S), self.words())
        self.assertTrue(until(lambda: self.learned() == 1, PATIENCE_S), self.words())
        world.agent.stop()
        begun = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
        self.asset("repaired", "alder/P-1", "--from", begun, "--note", "new bearing")
        listed = self.asset("baselines", "alder/P-1")
        self.assertEqual((listed["count"], listed["pending"]), (1, 1))
        seen = len(world.decisions)
        world.agent.start()
        self.assertTrue(until(lambda: any(d["state"] == "learning" for d in world.decisions[seen:]), PATIENCE_S), self.words())
        self.assertTrue(until(lambda: self.asset("baselines", "alder/P-1")["pending"] == 0, PATIENCE_S), self.words())
        self.assertTrue(until(self.running, PATIENCE_S), self.words())
        self.assertTrue(until(lambda: self.learned() == 2, PATIENCE_S), self.words())
        listed = self.asset("baselines", "alder/P-1")
        self.assertEqual(listed["version"], [1, 2])
        self.assertEqual(listed["kind"], ["", "repaired"])
        label = world.cli("--hub", world.url, "label", "list")
        self.assertEqual((label["rating"], label["source"]), (["NEUTRAL"], ["service"]))
        log = (world.folder / "agent.log").read_text()
        self.assertEqual(log.count("was serviced and learns anew"), 1, log)

    def test_what_is_wrong_is_said(self):
        missing = self.asset("replaced", "alder/P-99", "--from", "2026-11-01T00:00:00Z", status=4)
        self.assertIn("P-99", missing["error"])
        self.assertIn("alder/P-102", self.asset("repaired", "P-1", "--from", "2026-11-01T00:00:00Z", status=1)["error"])


if __name__ == "__main__":
    unittest.main()
