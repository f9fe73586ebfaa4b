"""A threshold for every pump of the fleet: signed, rolled out, deciding, and taken back. Real hub, broker, agent."""

import os
import shutil
import unittest
from pathlib import Path

from config_world import ConfigWorld
from identity_world import until

PROGRAMS = [os.environ.get(name, "") for name in ("MW_CLI", "MW_HUB_PROGRAM", "MW_AGENT_PROGRAM", "MW_TEST_BUNDLE")]
BROKER = shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()
# Above any score of the bundle's model, so that what the configuration says is seen at once.
SHARP = '[[class]]\nname = "pump"\ndecision = { watch_from = 0.0, clear_below = 0.0, persistence = 1, of = 1 }\n'


@unittest.skipUnless(all(PROGRAMS), "the environment names no programs; ctest does")
@unittest.skipUnless(BROKER, "mosquitto is not installed")
class ConfigTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = ConfigWorld(*PROGRAMS)
        cls.addClassCleanup(cls.world.close)

    def words(self) -> str:
        return self.world.agent.last_words() + self.world.hub.last_words()

    def test_a_threshold_travels_decides_and_is_taken_back(self):
        world = self.world
        self.assertTrue(until(lambda: world.decisions and world.decisions[-1]["state"] == "running"), self.words())
        self.assertEqual(world.level(), "none")
        release = world.release("1", SHARP)
        rollout = world.start_rollout(release["target"])
        self.assertTrue(until(lambda: world.rollout(rollout)["state"] == "done"), self.words())
        self.assertEqual(world.slot()["config_serving"], release["digest"])
        self.assertTrue(until(lambda: world.level() == "watch"), world.level())
        world.rollout(rollout, "reverse")
        self.assertTrue(until(lambda: world.slot()["config_serving"] == ""), self.words())
        seqs = [d["seq"] for d in world.decisions if d["state"] == "running" and not d["heartbeat"]]
        self.assertEqual(seqs, list(range(seqs[0], seqs[0] + len(seqs))))

    def test_a_bundle_that_names_a_broker_is_not_made(self):
        text = self.world.folder / "bad.toml"
        text.write_text(SHARP + '[uplink]\nhost = "elsewhere"\n')
        refused = self.world.cli("bundle", "config", text, self.world.folder / "bad", "--name", "x", "--version", "1", status=1)
        self.assertIn("bad.toml:4:1: uplink: belongs to the gateway alone", refused["error"])


if __name__ == "__main__":
    unittest.main()
