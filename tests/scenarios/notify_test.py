"""People are reached, once: a real hub, mail over SMTP, webhooks over HTTP, receivers that fail and a hub that is killed."""

import os
import shutil
import time
import unittest
from collections import Counter
from pathlib import Path

from identity_world import until
from notify_world import LOGIN, NotifyWorld, verifies

CLI, HUB = (os.environ.get(name, "") for name in ("MW_CLI", "MW_HUB_PROGRAM"))
BROKER = shutil.which("mosquitto") or Path("/usr/sbin/mosquitto").exists()


@unittest.skipUnless(CLI and HUB, "MW_CLI and MW_HUB_PROGRAM name the programs; ctest sets them")
@unittest.skipUnless(BROKER, "mosquitto is not installed")
class NotifyTest(unittest.TestCase):
    def setUp(self):
        self.world = NotifyWorld(CLI, HUB)
        self.addCleanup(self.world.close)

    def mail_ids(self) -> list:
        return [mail["Message-ID"] for mail in self.world.mail.mails]

    def post_ids(self) -> list:
        return [post.json["id"] for post in self.world.chat.posts]

    def wait_for(self, condition, words: str = "") -> None:
        self.assertTrue(until(condition), words or self.world.hub.last_words())

    def test_an_alarm_arrives_once_by_mail_and_by_a_signed_webhook(self):
        world = self.world
        world.raise_alarm("P-1-1", level=3)
        self.wait_for(lambda: world.states() == ["sent", "sent"])
        time.sleep(1.5)
        self.assertEqual((len(world.mail.mails), len(world.chat.posts)), (1, 1))
        mail = world.mail.mails[0]
        self.assertEqual(mail["To"], "ana@plant.example")
        self.assertEqual(mail["Subject"], "Act now: alder/P-1: outer race")
        self.assertIn("grease it", mail.get_body(("plain",)).get_content())
        self.assertIn("<li><b>Act now: alder/P-1", mail.get_body(("html",)).get_content())
        post = world.chat.posts[0]
        self.assertTrue(verifies(post))
        self.assertFalse(verifies(post, "another secret"))
        self.assertEqual(post.headers["Millwright-Delivery"], post.json["id"])
        self.assertEqual((post.json["type"], post.json["items"][0]["alarm"]), ("alarm_raised", "gw-1~P-1-1"))
        listed = world.cli("notify", "list")
        self.assertEqual((listed["sent"], listed["waiting"], listed["failed"]), (2, 0, 0))
        self.assertIn(f"http://127.0.0.1:{world.ports['webhook']}", listed["target"])
        self.assertNotIn("private", str(listed), "the path of a webhook is its own secret")
        world.cli("notify", "test", "crew")
        self.wait_for(lambda: len(world.mail.mails) == 2)
        self.assertEqual(world.cli("notify", "test", "nobody", status=4)["error"].count("no route"), 1)

    def test_receivers_that_are_down_get_it_when_they_are_back(self):
        world = self.world
        world.receivers_down()
        world.raise_alarm("P-1-1")
        self.wait_for(lambda: len(world.deliveries()) == 2 and all(d["attempts"] >= 2 for d in world.deliveries()))
        self.assertTrue(all(d["error"] for d in world.deliveries()))
        self.assertEqual(world.states(), ["queued", "queued"])
        world.receivers_up()
        self.wait_for(lambda: world.states() == ["sent", "sent"])
        self.assertEqual((len(world.mail.mails), len(world.chat.posts)), (1, 1))

    def test_an_answer_that_asks_for_patience_is_tried_again_and_others_are_final(self):
        world = self.world
        world.chat.status = 503
        world.mail.refuse = True
        world.raise_alarm("P-1-1")
        self.wait_for(lambda: len(world.chat.posts) >= 2)
        world.chat.status = 204
        self.wait_for(lambda: world.states() == ["failed", "sent"])
        self.assertEqual(len(set(self.post_ids())), 1, "every attempt has the same id")
        self.assertEqual(len({post.body for post in world.chat.posts}), 1)
        failed = next(d for d in world.deliveries() if d["state"] == "failed")
        self.assertIn("550", failed["error"])
        world.chat.status, world.chat.location = 302, f"http://127.0.0.1:{world.ports['webhook']}/elsewhere"
        before = len(world.chat.posts)
        world.raise_alarm("P-1-2")
        self.wait_for(lambda: any("redirects" in d["error"] for d in world.deliveries()))
        self.assertEqual(len(world.chat.posts), before + 1)

    def test_a_hub_that_is_killed_while_a_receiver_has_not_answered_sends_it_again_under_the_same_id(self):
        world = self.world
        world.mail.hold.set()
        world.raise_alarm("P-1-1")
        self.assertTrue(world.mail.data_ended.wait(20))
        world.hub.kill()
        world.mail.hold.clear()
        world.hub_up()
        self.wait_for(lambda: world.states() == ["sent", "sent"])
        self.assertEqual(len(self.mail_ids()), 2)
        self.assertEqual(len(set(self.mail_ids())), 1, "the receiver can tell that it is the same mail")
        self.assertEqual(len(world.chat.posts), 1)

    def test_kills_at_many_moments_lose_nothing_and_repeat_nothing_that_was_answered(self):
        world = self.world
        world.mail.delay_s = 0.05
        stored: Counter = Counter()
        rounds = int(os.environ.get("MW_NOTIFY_KILLS", "8"))
        for kill in range(rounds):
            for i in range(5):
                world.raise_alarm(f"P-1-{kill}-{i}")
            time.sleep(0.13 * kill % 0.9)
            before = {d["id"]: d["state"] for d in world.deliveries()}
            world.hub.kill()
            counts = Counter(self.post_ids())
            for delivery, state in before.items():  # seen as sent before the kill: never again
                if state == "sent":
                    stored.setdefault(delivery, 0)
                    stored[delivery] = max(stored[delivery], counts[delivery])
            world.hub_up()
            world.tell_again()
        self.wait_for(lambda: len(world.deliveries()) == rounds * 10 and set(world.states()) == {"sent"})
        time.sleep(1)
        told = [item["alarm"] for post in world.chat.posts for item in post.json["items"]]
        self.assertEqual(set(told), {f"gw-1~P-1-{k}-{i}" for k in range(rounds) for i in range(5)}, "nothing is lost")
        self.assertEqual(len(set(self.post_ids())), rounds * 5, "one delivery for each alarm")
        self.assertEqual(len(set(self.mail_ids())), rounds * 5)
        after = Counter(self.post_ids())
        mails = Counter(mail_id.strip("<").split("@")[0] for mail_id in self.mail_ids())
        again = sum(after.values()) - len(after) + sum(mails.values()) - len(mails)
        self.assertLessEqual(again, rounds, "a kill cuts off one attempt at most")
        for delivery, times in stored.items():
            if times:
                self.assertEqual(after[delivery], times, "answered and stored: never again")
        print(f"{rounds} kills, {rounds * 10} deliveries, {again} sent again under the same id, 0 lost", flush=True)


    def test_mail_and_webhooks_over_tls_reach_only_whom_the_authority_vouches_for(self):
        world = NotifyWorld(CLI, HUB, tls=True)
        self.addCleanup(world.close)
        world.raise_alarm("P-1-1")
        self.assertTrue(until(lambda: world.states() == ["sent", "sent"]), world.hub.last_words())
        self.assertEqual((world.mail.logins, len(world.mail.mails), len(world.chat.posts)), (1, 1, 1))
        self.assertTrue(verifies(world.chat.posts[0]))
        world.make_authority("stranger")
        world.restart_trusting("stranger")
        world.raise_alarm("P-1-2")
        self.assertTrue(until(lambda: sum(d["attempts"] > 1 for d in world.deliveries()) == 2), world.hub.last_words())
        self.assertTrue(all("certificate" in d["error"] for d in world.deliveries() if d["state"] != "sent"))
        self.assertEqual((world.mail.logins, len(world.mail.mails), len(world.chat.posts)), (1, 1, 1))
        self.assertNotIn(LOGIN[1], (world.folder / "hub.log").read_text())


if __name__ == "__main__":
    unittest.main()
