"""Attacks on who may speak: with a device's certificate on others' topics, with old, revoked, foreign and no certificates,
with stolen tokens, replayed renewals, and on the API. Against a real Mosquitto and a real hub."""

import hashlib
import json
import os
import shutil
import ssl
import subprocess
import threading
import time
import unittest
from pathlib import Path

import paths  # noqa: F401  (makes scripts/mw importable)
from identity_world import Fortress, GatewayBroker, Peer, baseline_batch, new_key, new_request, openssl, until

CLI, HUB = os.environ.get("MW_CLI", ""), os.environ.get("MW_HUB_PROGRAM", "")
MISSING = [name for name in ("mosquitto", "openssl") if not shutil.which(name) and not Path(f"/usr/sbin/{name}").exists()]


@unittest.skipUnless(CLI and HUB, "MW_CLI and MW_HUB_PROGRAM name the programs; ctest sets them")
@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)}")
class IdentityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = Fortress(CLI, HUB)
        cls.addClassCleanup(cls.world.close)
        cls.a = cls.world.enroll("gw-a")
        cls.b = cls.world.enroll("gw-b")

    def peer(self, *words, **more):
        peer = self.world.peer(*words, **more)
        self.addCleanup(peer.close)
        return peer

    def hub_peer(self, client_id):
        peer = self.world.hub_peer(client_id)
        self.addCleanup(peer.close)
        self.assertTrue(peer.comes_in())
        return peer

    def scratch(self, name) -> Path:
        return self.world.folder / f"{self._testMethodName}-{name}"

    # -- topics -------------------------------------------------------------------------------------------------

    def test_a_device_publishes_under_its_own_name_only(self):
        hub, device = self.hub_peer("watch"), self.peer(self.a, "gw-a-writes")
        hub.subscribe("mw/v1/#", "$aws/things/#", "other/#")
        self.assertTrue(device.comes_in())
        for topic in ("mw/v1/gw-b/events", "mw/v1/gw-b/status", "mw/v1/gw-b/ack", "mw/v1/gw-a/ack",
                      "$aws/things/gw-b/jobs/get", "$aws/things/gw-b/jobs/x/update", "other/topic", "mw/v1/gw-a/else",
                      "mw/v1/gw-a%2f/events", "mw/v1//events", "$SYS/broker/x"):
            device.publish(topic, "stolen")
        device.publish("$aws/things/gw-a/jobs/get", "own")
        device.publish("mw/v1/gw-a/events", "own")
        self.assertTrue(until(lambda: ("mw/v1/gw-a/events", "own") in hub.heard), hub.heard)
        self.assertIn(("$aws/things/gw-a/jobs/get", "own"), hub.heard)
        self.assertEqual([m for m in hub.heard if m[1] == "stolen"], [])

    def test_a_device_reads_what_is_for_it_only(self):
        hub, device = self.hub_peer("tell"), self.peer(self.a, "gw-a-reads")
        self.assertTrue(device.comes_in())
        device.subscribe("#", "mw/v1/#", "mw/v1/+/ack", "mw/v1/gw-b/ack", "$aws/#", "$aws/things/gw-b/#", "$SYS/#")
        for name in ("gw-b", "gw-a"):
            for topic in (f"mw/v1/{name}/ack", f"$aws/things/{name}/jobs/notify", f"$aws/things/{name}/streams/s/data/cbor"):
                hub.publish(topic, name)
        self.assertTrue(until(lambda: ("$aws/things/gw-a/streams/s/data/cbor", "gw-a") in device.heard), device.heard)
        self.assertEqual({payload for _, payload in device.heard}, {"gw-a"}, device.heard)

    # -- certificates -------------------------------------------------------------------------------------------

    def test_without_a_certificate_nobody_comes_in(self):
        self.assertTrue(self.peer(None, "nobody").is_refused())
        self.assertTrue(self.peer(None, "plain", tls=False).is_refused())

    def test_a_certificate_of_another_authority_is_none(self):
        other = self.scratch("other")
        self.world.cli("ca", "init", "--dir", other, "--host", "127.0.0.1")
        stranger = Peer(self.world.broker_port, "stranger", self.world.ca, other / "hub.pem", other / "hub.key")
        self.addCleanup(stranger.close)
        self.assertTrue(stranger.is_refused())

    def test_tls_1_2_is_refused(self):
        self.assertTrue(self.peer(self.a, "old-tls", tls_max=ssl.TLSVersion.TLSv1_2).is_refused())

    def test_an_expired_certificate_is_refused(self):
        key = new_key(self.scratch("key"))
        request = self.scratch("csr")
        request.write_text(new_request(key, "gw-old"))
        extension = self.scratch("ext")
        extension.write_text("extendedKeyUsage=clientAuth\n")
        for days, comes_in in ((1, True), (-1, False)):
            pem = self.scratch(f"pem{days}")
            openssl("x509", "-req", "-days", days, "-in", request, "-CA", self.world.ca, "-CAkey",
                    self.world.identity / "ca.key", "-CAcreateserial", "-extfile", extension, "-out", pem)
            peer = Peer(self.world.broker_port, f"expired{days}", self.world.ca, pem, key)
            self.addCleanup(peer.close)
            self.assertTrue(peer.comes_in() if comes_in else peer.is_refused(), days)

    def test_the_brokers_own_certificate_is_no_ticket(self):
        peer = Peer(self.world.broker_port, "server", self.world.ca, self.world.identity / "broker.pem",
                    self.world.identity / "broker.key")
        self.addCleanup(peer.close)
        self.assertTrue(peer.is_refused())

    def test_a_revoked_device_is_thrown_out_and_stays_out(self):
        at = self.world.enroll("gw-revoked")
        device, bystander = self.peer(at, "mw-uplink-gw-revoked"), self.peer(self.b, "mw-uplink-gw-b")
        self.assertTrue(device.comes_in() and bystander.comes_in())
        begin = time.monotonic()
        self.assertEqual(self.world.admin_cli("revoke", "gw-revoked", "--why", "test")["revoked"], 1)
        self.assertTrue(until(lambda: device.drops > 0))
        print(f"revoked: out after {time.monotonic() - begin:.2f} s", flush=True)
        connects = device.connects
        time.sleep(5)  # past the doorman's second round; it tries to come back all the time
        self.assertFalse(device.client.is_connected())
        self.assertLessEqual(device.connects, connects + 1)
        self.assertGreater(device.refusals, 5)
        self.assertTrue(self.peer(at, "another-id").is_refused())
        self.assertTrue(bystander.client.is_connected())
        self.assertEqual(bystander.drops, 0)

    def test_revoking_twice_within_a_second_counts_twice(self):
        ats = [self.world.enroll(f"gw-twice-{n}") for n in range(2)]
        for n in range(2):
            self.world.admin_cli("revoke", f"gw-twice-{n}")
        time.sleep(1)
        for n, at in enumerate(ats):
            self.assertTrue(self.peer(at, f"twice{n}").is_refused())

    # -- enrolment ----------------------------------------------------------------------------------------------

    def test_a_stolen_token_gives_one_certificate_however_many_use_it(self):
        secret = self.world.secret_of("gw-race")
        requests = [new_request(new_key(self.scratch(f"key{n}"))) for n in range(20)]
        answers = [None] * len(requests)
        gate = threading.Barrier(len(requests))

        def use(n):
            gate.wait()
            answers[n] = self.world.ask("POST", "/api/v1/enroll", {"token": secret, "request": requests[n]})

        threads = [threading.Thread(target=use, args=(n,)) for n in range(len(requests))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        statuses = sorted(a[0] for a in answers)
        self.assertEqual(statuses.count(200), 1, statuses)
        self.assertLessEqual(set(statuses), {200, 404, 429})
        given = [c for c in self.certificates() if c["device"] == "gw-race"]
        self.assertEqual(len(given), 1)
        again = self.world.ask("POST", "/api/v1/enroll", {"token": secret, "request": new_request(new_key(self.scratch("late")))})
        self.assertIn(again[0], (404, 429))

    def certificates(self):
        return self.world.ask("GET", "/api/v1/identity/certificates", token=self.world.admin)[1]["certificates"]

    def test_a_request_for_another_name_gets_the_tokens_name(self):
        for number, wanted in enumerate(("gw-a", "@hub", "gw-x/CN=@hub")):
            secret = self.world.secret_of(f"gw-named-{number}")
            request = new_request(new_key(self.scratch("key")), wanted)
            status, answer, _ = self.world.ask("POST", "/api/v1/enroll", {"token": secret, "request": request})
            self.assertEqual(status, 200)
            subject = openssl("x509", "-noout", "-subject", "-nameopt", "RFC2253", data=answer["certificate"].encode()).decode()
            self.assertEqual(subject.strip(), f"subject=CN=gw-named-{number}")

    def test_no_token_is_made_for_the_hub_or_a_pattern(self):
        for name in ("@hub", "+", "#", "a/b", "", "%u"):
            status, _, _ = self.world.ask("POST", "/api/v1/identity/tokens", {"device": name}, token=self.world.admin)
            self.assertEqual(status, 400, name)

    def test_a_token_of_another_hub_is_not_given_away(self):
        token = self.world.admin_cli("enroll-token", "gw-pinned")["token"].split(".")
        other = ".".join([token[0], token[1], hashlib.sha256(b"another authority").hexdigest()])
        failed = self.world.cli("enroll", "--hub", self.world.url, "--token", other, "--dir", self.scratch("dir"), status=1)
        self.assertIn("not the hub that the token is from", failed["error"])
        good = self.world.cli("enroll", "--hub", self.world.url, "--token", ".".join(token), "--dir", self.scratch("dir"))
        self.assertEqual(good["device"], "gw-pinned")

    def test_a_replacement_takes_the_name_and_the_old_one_is_out(self):
        old = self.world.enroll("gw-swap")
        device = self.peer(old, "mw-uplink-gw-swap")
        self.assertTrue(device.comes_in())
        refused = self.world.admin_cli("enroll-token", "gw-swap", status=1)
        self.assertIn("--replace", refused["error"])
        fresh = self.world.enroll("gw-swap", "--replace", "gw-swap", folder="gw-swap-new")
        self.assertTrue(until(lambda: device.drops > 0))
        self.assertTrue(self.peer(old, "old-again").is_refused())
        device.close()
        hub, new = self.hub_peer("swap-watch"), self.peer(fresh, "new")
        hub.subscribe("mw/v1/gw-swap/#")
        self.assertTrue(new.comes_in())
        new.publish("mw/v1/gw-swap/events", "back")
        self.assertTrue(until(lambda: ("mw/v1/gw-swap/events", "back") in hub.heard))

    def test_a_replacement_gets_what_the_old_one_had_learned(self):
        old = self.peer(self.world.enroll("gw-learned"), "mw-uplink-gw-learned")
        self.assertTrue(old.comes_in())
        document = '{"format": 1, "learned_at": 1800000000000000000}'
        old.publish("mw/v1/gw-learned/events", baseline_batch("gw-learned", "P-1", "P-1.0123456789ab.json", document))
        told = "/api/v1/events?device=gw-learned"
        self.assertTrue(until(lambda: self.world.ask("GET", told, token=self.world.admin)[1].get("events")))
        state = self.scratch("state")
        token = self.world.admin_cli("enroll-token", "--replace", "gw-learned")["token"]
        done = self.world.cli("enroll", "--hub", self.world.url, "--token", token, "--dir", self.scratch("dir"),
                              "--state", state)
        self.assertEqual(done["baselines"], 1)
        self.assertEqual((state / "baselines/P-1.0123456789ab.json").read_text(), document)

    def test_keys_are_for_their_owner_only(self):
        for path in (self.a / "identity.pem", *self.world.identity.glob("*.key"), self.world.folder / "first-token"):
            self.assertEqual(path.stat().st_mode & 0o777, 0o600, path)
        self.assertFalse((self.a / "next.key").exists())

    # -- renewal ------------------------------------------------------------------------------------------------

    def renewal(self, at: Path, key: Path, sign_with: Path | None = None) -> dict:
        pem = (at / "identity.pem").read_text()
        certificate = pem[pem.index("-----BEGIN CERTIFICATE"):]
        request = new_request(key)
        print_of = openssl("x509", "-noout", "-fingerprint", "-sha256", data=certificate.encode()).decode()
        digest = print_of.split("=")[1].strip().replace(":", "").lower()
        text = f"millwright renewal 1\n{digest}\n{hashlib.sha256(request.encode()).hexdigest()}\n"
        proof = openssl("dgst", "-sha256", "-sign", sign_with or at / "identity.pem", data=text.encode())
        return {"certificate": certificate, "request": request, "proof": proof.hex(), "force": True}

    def test_a_replayed_renewal_gives_nothing_new(self):
        at = self.world.enroll("gw-renew")
        body = self.renewal(at, new_key(self.scratch("key")))
        first, again = (self.world.ask("POST", "/api/v1/renew", body) for _ in range(2))
        self.assertEqual((first[0], again[0]), (200, 200), first)
        self.assertEqual(first[1]["certificate"], again[1]["certificate"])
        self.assertEqual(len([c for c in self.certificates() if c["device"] == "gw-renew"]), 2)
        thief = self.renewal(at, new_key(self.scratch("thief")))
        self.assertEqual(self.world.ask("POST", "/api/v1/renew", thief)[0], 409)

    def test_a_renewal_needs_the_old_key(self):
        thief = new_key(self.scratch("thief"))
        body = self.renewal(self.a, new_key(self.scratch("key")), sign_with=thief)
        self.assertIn(self.world.ask("POST", "/api/v1/renew", body)[0], (400, 429))

    def test_the_hub_says_when_it_is_time(self):
        at = self.world.enroll("gw-timer")
        words = ("enroll", "--hub", self.world.url, "--renew", "--dir", at)
        before = (at / "identity.pem").read_bytes()
        self.assertIs(self.world.cli(*words)["changed"], False)
        self.assertEqual((at / "identity.pem").read_bytes(), before)
        self.assertIs(self.world.cli(*words, "--force")["changed"], True)
        self.assertNotEqual((at / "identity.pem").read_bytes(), before)
        self.assertTrue(self.peer(at, "renewed").comes_in())

    def test_the_doctor_tells_of_certificate_broker_and_token(self):
        def found(*more):
            words = [CLI, "--hub", self.world.url, "--ca", str(self.world.ca), *more, "doctor", "--identity", str(self.a), "--json"]
            told = json.loads(subprocess.run(words, capture_output=True, text=True, timeout=60).stdout)
            return dict(zip(told["check"], zip(told["health"], told["what"])))

        with_token = found("--token", self.world.admin)
        self.assertEqual(with_token["identity"][0], "ok")
        self.assertIn("gw-a", with_token["identity"][1])
        self.assertIn("89 days left", with_token["identity"][1])
        self.assertEqual(with_token["hub cert"][0], "ok")
        self.assertRegex(with_token["hub cert"][1], r"[0-9]{4} days left")
        self.assertEqual(with_token["trust"][0], "skipped")  # this hub has no repository
        self.assertEqual(with_token["hub"][0], "ok")
        self.assertEqual(found()["hub"][0], "look")

    # -- the API ------------------------------------------------------------------------------------------------

    def test_the_api_is_closed_to_who_has_no_token(self):
        for path in ("/api/v1/board", "/api/v1/devices", "/api/v1/stream", "/metrics", "/api/v1/access",
                     "/api/v1/identity/certificates"):
            self.assertIn(self.world.ask("GET", path)[0], (401,), path)
        for path in ("/healthz", "/version"):
            self.assertEqual(self.world.ask("GET", path)[0], 200, path)

    def test_roles_reach_as_far_as_they_should(self):
        tokens = {role: self.world.admin_cli("token", "add", f"{role}-1", "--role", role)["token"]
                  for role in ("viewer", "operator")}
        reads, changes, admits = (("GET", "/api/v1/board", None), ("POST", "/api/v1/rollouts", {"target": "none"}),
                                  ("POST", "/api/v1/identity/tokens", {"device": "gw-role"}))
        for role, asked, good in (("viewer", reads, True), ("viewer", changes, False), ("viewer", admits, False),
                                  ("operator", reads, True), ("operator", changes, True), ("operator", admits, False)):
            status = self.world.ask(*asked, token=tokens[role])[0]
            self.assertEqual(status not in (401, 403), good, (role, asked, status))
        listed = self.world.admin_cli("token", "list")
        revoked = listed["id"][listed["name"].index("viewer-1")]
        self.world.admin_cli("token", "revoke", revoked)
        self.assertEqual(self.world.ask("GET", "/api/v1/board", token=tokens["viewer"])[0], 401)

    def test_a_session_is_a_cookie_that_no_other_page_can_use(self):
        status, _, headers = self.world.ask("POST", "/api/v1/session", {"token": self.world.admin})
        self.assertEqual(status, 204)
        for word in ("HttpOnly", "SameSite=Strict", "Secure"):
            self.assertIn(word, headers["Set-Cookie"])
        cookie = {"Cookie": headers["Set-Cookie"].split(";")[0]}
        self.assertEqual(self.world.ask("GET", "/api/v1/board", headers=cookie)[0], 200)
        forged = self.world.ask("POST", "/api/v1/identity/tokens", {"device": "gw-csrf"}, headers=cookie)
        self.assertEqual(forged[0], 403)
        own = self.world.ask("POST", "/api/v1/identity/tokens", {"device": "gw-csrf"}, headers={**cookie, "X-Millwright": "1"})
        self.assertEqual(own[0], 201)
        self.assertEqual(self.world.ask("DELETE", "/api/v1/session", headers={**cookie, "X-Millwright": "1"})[0], 204)
        self.assertEqual(self.world.ask("GET", "/api/v1/board", headers=cookie)[0], 401)

    def test_zz_a_flood_of_wrong_tokens_is_answered_briefly_and_locks_nobody_out(self):
        statuses = [self.world.ask("GET", "/api/v1/board", token="mwa1." + "0" * 48)[0] for _ in range(40)]
        self.assertIn(429, statuses)
        self.assertEqual(self.world.ask("GET", "/api/v1/board", token=self.world.admin)[0], 200)


@unittest.skipUnless(CLI, "MW_CLI names the program; ctest sets it")
@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)}")
class GatewayBrokerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.gateway = GatewayBroker(CLI)
        cls.addClassCleanup(cls.gateway.close)

    def entered(self, *words, **more):
        peer = self.gateway.peer(*words, **more)
        self.addCleanup(peer.close)
        self.assertTrue(peer.comes_in())
        return peer

    def refused(self, peer):
        self.addCleanup(peer.close)
        self.assertTrue(peer.is_refused())

    def test_accounts_on_a_gateway_do_what_they_are_for(self):
        agent, sensor, reader = (self.entered(name) for name in ("agent", "vib-1", "plc-1"))
        for peer in (agent, sensor, reader):
            peer.subscribe("#", "mw/#", "mw/alder/+/+/decision")
        reading, decision = "mw/alder/hall/P-1/vib", "mw/alder/hall/P-1/decision"
        for peer, topic in ((sensor, decision), (sensor, "mw/alder/gateways/gw/status"), (sensor, "mw/birch/hall/P-1/vib"),
                            (reader, reading), (reader, decision), (agent, "mw/birch/hall/P-1/decision")):
            peer.publish(topic, "forged")
        sensor.publish(reading, "good")
        agent.publish(decision, "good")
        self.assertTrue(until(lambda: (decision, "good") in reader.heard and (reading, "good") in agent.heard))
        self.assertEqual([m for p in (agent, sensor, reader) for m in p.heard if m[1] == "forged"], [])
        self.assertEqual(reader.heard, [(decision, "good")])
        self.assertEqual(sensor.heard, [])

    def test_strangers_stay_outside(self):
        self.refused(self.gateway.peer(""))
        self.refused(self.gateway.peer("vib-1", "guess"))
        self.refused(self.gateway.peer("nobody", "guess"))

    def test_the_plants_network_speaks_tls_1_3_with_accounts(self):
        account = ("vib-1", self.gateway.accounts["vib-1"])
        lan, ca = self.gateway.lan_port, self.gateway.ca
        good = Peer(lan, "lan", ca, account=account)
        self.addCleanup(good.close)
        self.assertTrue(good.comes_in())
        self.refused(Peer(lan, "lan-old", ca, account=account, tls_max=ssl.TLSVersion.TLSv1_2))
        self.refused(Peer(lan, "lan-plain", ca, account=account, tls=False))
        self.refused(Peer(lan, "lan-anonymous", ca))

    def test_passwords_stay_when_the_configuration_is_written_again(self):
        words = ["mosquitto-config", "gateway", "--site", "alder", "--out", str(self.gateway.folder / "again"), "--sensor", "s"]
        told = []
        for more in ([], ["--reader", "r"]):
            subprocess.run([CLI, *words, *more], check=True, capture_output=True)
            told.append(dict(line.split() for line in (self.gateway.folder / "again/accounts").read_text().splitlines()))
        self.assertEqual(told[0]["s"], told[1]["s"])
        self.assertIn("r", told[1])


if __name__ == "__main__":
    unittest.main()
