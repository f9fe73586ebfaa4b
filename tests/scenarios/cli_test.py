"""The command line as a user meets it: exit statuses, one JSON object whatever happens, and the trainer behind `train`."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

PROGRAM = os.environ.get("MW_CLI", "")
NOBODY = "http://127.0.0.1:1"  # no hub listens on port 1


@unittest.skipUnless(PROGRAM, "MW_CLI names the program; ctest sets it")
class CliTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.cli = self.folder / "millwright"
        shutil.copy(PROGRAM, self.cli)

    def run_cli(self, *words, env=None):
        clean = {key: value for key, value in os.environ.items() if key != "MW_HUB"}
        return subprocess.run([self.cli, *words], capture_output=True, text=True, timeout=60, env={**clean, **(env or {})})

    def refused(self, status, *words, env=None):
        """The same mistake in text and as JSON; gives the JSON."""
        text = self.run_cli(*words, env=env)
        self.assertEqual(text.returncode, status, text.stderr)
        self.assertEqual(text.stdout, "")
        self.assertTrue(text.stderr.startswith("millwright"), text.stderr)
        asked = self.run_cli(*words, "--json", env=env)
        self.assertEqual(asked.returncode, status, asked.stderr)
        lines = asked.stdout.splitlines()
        self.assertEqual(len(lines), 1, asked.stdout)
        answer = json.loads(lines[0])
        self.assertIs(answer["ok"], False)
        self.assertIn(answer["error"].splitlines()[0], text.stderr)
        return answer

    def test_a_hub_that_is_down_is_unavailable(self):
        for command in ("devices", "alarms", "events", "models"):
            answer = self.refused(69, "--hub", NOBODY, command)
            self.assertIn("is it running?", answer["hint"])

    def test_a_wrong_word_is_named_with_the_nearest_right_one(self):
        self.assertIn('did you mean "devices"?', self.refused(2, "devces")["error"])
        self.assertIn('did you mean "--limit"?', self.refused(2, "alarms", "--limt", "3")["error"])
        self.assertIn("inspect", self.refused(2, "model")["error"])

    def test_a_hub_address_that_is_none_is_a_wrong_word_also_from_the_environment(self):
        self.assertIn("http://HOST:PORT", self.refused(2, "devices", "--hub", "hub:8080")["error"])
        self.assertIn("http://HOST:PORT", self.refused(2, "devices", env={"MW_HUB": "hub:8080"})["error"])

    def test_replay_refuses_words_that_are_no_broker_and_no_site(self):
        self.assertIn("HOST:PORT", self.refused(2, "replay", "x", "--site", "lab", "--broker", "here:mqtt")["error"])
        self.assertIn("only letters", self.refused(2, "replay", "x", "--site", "a b")["error"])

    def test_what_does_not_exist_is_not_found(self):
        self.refused(4, "model", "inspect", str(self.folder / "none.tflite"))
        self.refused(4, "replay", str(self.folder / "none"), "--site", "lab")
        self.assertIn("millwright-train", self.refused(4, "train")["error"])

    def test_a_rollout_and_a_release_say_what_is_wrong(self):
        self.refused(69, "--hub", NOBODY, "rollout", "list")
        self.refused(69, "--hub", NOBODY, "rollout", "start", "models/pump/1.tar", "--dry-run")
        self.assertIn("share", self.refused(1, "rollout", "start", "x", "--waves", "1%,all")["error"])
        self.assertIn("reverse", self.refused(2, "rollout", "revers", "r-1")["error"])
        self.refused(69, "--hub", NOBODY, "schedule", "plan", "monthly")
        self.assertIn("share", self.refused(1, "schedule", "set", "a", "models/pump", "--waves", "all")["error"])
        self.assertIn("no window", self.refused(1, "window", "set", "alder", "sat", "--zone", "UTC")["error"])
        self.refused(4, "bundle", "pack", str(self.folder / "none"), str(self.folder / "out.tar"))
        self.refused(4, "release", "add", str(self.folder), str(self.folder / "none"), "--line", "models/pump")

    def test_bytes_that_are_no_model_are_an_error(self):
        file = self.folder / "text.tflite"
        file.write_text("no model")
        self.refused(1, "model", "inspect", str(file))

    def test_every_word_behind_train_is_the_trainers(self):
        trainer = self.folder / "millwright-train"
        trainer.write_text('#!/bin/sh\necho "$*"\nexit 7\n')
        trainer.chmod(0o755)
        for words, want in ((["train", "--data", "a", "--out=b", "--seed", "1"], "--data a --out=b --seed 1"),
                            (["train", "--help"], "--help"),
                            (["--json", "train", "split", "--data", "x"], "split --data x --json")):
            done = self.run_cli(*words)
            self.assertEqual(done.stdout.strip(), want)
            self.assertEqual(done.returncode, 7)

    def test_doctor_names_what_to_do_and_says_what_it_did_not_check(self):
        done = self.run_cli("doctor", "--hub", NOBODY, "--state", str(self.folder), "--json")
        self.assertEqual(done.returncode, 1)
        answer = json.loads(done.stdout)
        health = dict(zip(answer["check"], answer["health"]))
        fix = dict(zip(answer["check"], answer["fix"]))
        self.assertEqual(health["hub"], "bad")
        self.assertEqual(health["disk"], "ok")
        self.assertIn("priority", health)
        for check, word in health.items():
            self.assertEqual(word == "ok", fix[check] == "", check)
        self.assertEqual(answer["not_measured"], ["broker", "hub cert", "trust", "identity", "model"])


if __name__ == "__main__":
    unittest.main()
