"""A gateway that keeps its own certificate: a real agent, a real hub and both brokers, certificates of nine seconds."""

import os
import shutil
import subprocess
import unittest
from pathlib import Path

import paths  # noqa: F401  (makes scripts/mw importable)
from identity_world import Fortress, GatewayBroker, until
from procs import Process

PROGRAMS = [os.environ.get(name, "") for name in ("MW_CLI", "MW_HUB_PROGRAM", "MW_AGENT_PROGRAM", "MW_TEST_BUNDLE")]
CLI, HUB, AGENT, BUNDLE = PROGRAMS
MISSING = [name for name in ("mosquitto", "openssl") if not shutil.which(name) and not Path(f"/usr/sbin/{name}").exists()]
DAYS = 0.0001


@unittest.skipUnless(all(PROGRAMS), "MW_CLI, MW_HUB_PROGRAM, MW_AGENT_PROGRAM and MW_TEST_BUNDLE name the programs; ctest sets them")
@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)}")
class RenewalTest(unittest.TestCase):
    def setUp(self):
        self.world = Fortress(CLI, HUB, certificate_days=DAYS)
        self.addCleanup(self.world.close)
        self.gateway = GatewayBroker(CLI)
        self.addCleanup(self.gateway.close)
        self.state = self.world.folder / "state"

    def configuration(self, identity: Path) -> str:
        return "\n".join([
            "[device]", 'id = "gw-keeps"', 'site = "alder"', "[broker]", f"port = {self.gateway.port}", 'username = "agent"',
            f'password = "{self.gateway.accounts["agent"]}"', "[uplink]", f"port = {self.world.broker_port}",
            "[identity]", f'folder = "{identity}"', f'hub = "{self.world.url}"', "[paths]", f'state = "{self.state}"',
            "[model]", f'bundle = "{self.world.folder}/bundle"', "[health]", "period_s = 0.5",
            "[[asset]]", 'id = "P-1"', 'area = "hall"', "[[asset.channel]]", 'name = "vib"', 'unit = "m/s2"',
            'kind = "samples"', "rate_hz = 1000", "[[asset.channel]]", 'name = "temperature"', 'unit = "degC"', "rate_hz = 1", ""])

    def device(self) -> dict:
        answer = self.world.ask("GET", "/api/v1/devices", token=self.world.admin)[1]
        return next((d for d in answer.get("devices", []) if d["device"] == "gw-keeps"), {})

    def health_records(self) -> int:
        return next((int(lane["contiguous"]) for lane in self.device().get("lanes", []) if lane["lane"] == "health"), 0)

    def certificates(self) -> list:
        return self.world.ask("GET", "/api/v1/identity/certificates", token=self.world.admin)[1]["certificates"]

    def test_the_agent_renews_in_time_and_decides_on(self):
        subprocess.run([BUNDLE, self.world.folder / "bundle", "1.0.0"], check=True, timeout=60)
        identity = self.world.enroll("gw-keeps")
        pair, first_until = (identity / "identity.pem").read_bytes(), self.certificates()[0]["until_ms"]
        config = self.world.folder / "agent.toml"
        config.write_text(self.configuration(identity))
        log = self.world.folder / "agent.log"
        agent = Process("agent", [AGENT, "--config", config], log).start()
        self.addCleanup(agent.stop)
        self.assertTrue(until(lambda: self.health_records() > 0), log.read_text())

        self.assertTrue(until(lambda: "certificate renewed" in log.read_text()), log.read_text())
        self.assertNotEqual((identity / "identity.pem").read_bytes(), pair)
        self.assertEqual((identity / "identity.pem").stat().st_mode & 0o777, 0o600)
        # The hub hears of it from the agent, over the connection that was made anew, past the end of the first certificate.
        self.assertTrue(until(lambda: self.device().get("certificate_until_ms", 0) > first_until), log.read_text())
        self.assertTrue(until(lambda: self.device()["certificate"] == "good"), log.read_text())
        before = self.health_records()
        self.assertTrue(until(lambda: self.health_records() > before + 1), log.read_text())
        before_renewal = log.read_text().split("certificate renewed")[0]
        if '"uplink","msg":"connected"' in before_renewal:  # not on a machine so slow that the first one ended unused
            self.assertIn("left, to come back under another certificate", log.read_text())
        self.assertTrue(any(c["renewed"] for c in self.certificates()))
        # What decides did not notice: its connection stayed.
        self.assertEqual(log.read_text().count("connected to the gateway's broker"), 1, log.read_text())
        self.assertTrue(agent.alive())


if __name__ == "__main__":
    unittest.main()
