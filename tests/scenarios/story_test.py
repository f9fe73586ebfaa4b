import json
import tempfile
import unittest
from pathlib import Path

import paths  # noqa: F401
from story import Story

S = 1_000_000_000


def decision(at_s: float, level: str, fault: str = "", velocity: float = 1.0) -> dict:
    return {"ts": int(at_s * S), "sensor_ts": int(at_s * S) - 2_000_000, "level": level, "fault": fault, "score": 0.9,
            "signals": {"vib.velocity_rms": velocity}}


class StoryTest(unittest.TestCase):
    def setUp(self):
        self.told = []
        self.cut = False
        self.story = Story(lambda kind, text: self.told.append((kind, text)), lambda site: self.cut)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.truth = Path(folder.name) / "truth.jsonl"

    def happens(self, at_s: float, event: str, fault: str = "outer_race", asset: str = "P-1"):
        with open(self.truth, "a") as out:
            out.write(json.dumps({"ts": int(at_s * S), "asset": asset, "event": event, "fault": fault, "severity": 0}) + "\n")
        self.story.read_truth("alder", self.truth)

    def test_a_fault_is_found_before_its_failure(self):
        self.story.expect_wear("alder", "P-1", "outer_race", 60)
        self.happens(100, "onset")
        self.story.decision("alder", "P-1", decision(112, "watch", "outer_race"), 0)
        figures = self.story.figures(200)
        self.assertEqual((figures["faults_injected"], figures["faults_detected"]), (1, 1))
        self.assertAlmostEqual(figures["lead_time_s_min"], 48)
        self.assertEqual(figures["faults_named_right"], 1)

    def test_an_alarm_after_the_failure_is_no_detection(self):
        self.happens(100, "onset")
        self.happens(160, "failure")
        self.story.decision("alder", "P-1", decision(161, "act", "outer_race"), 0)
        figures = self.story.figures(200)
        self.assertEqual(figures["faults_detected"], 0)
        self.assertEqual(figures["faults_missed"], ["alder/P-1/outer_race"])

    def test_an_alarm_on_a_healthy_machine_is_false_and_counts_once(self):
        self.story.decision("alder", "P-2", decision(50, "watch"), 0)
        self.story.decision("alder", "P-2", decision(51, "watch"), 1)
        self.assertEqual(self.story.figures(60)["false_alarms_on_healthy"], 1)

    def test_an_alarm_before_the_onset_is_false(self):
        self.happens(100, "onset")
        self.story.decision("alder", "P-1", decision(99, "watch"), 0)
        figures = self.story.figures(200)
        self.assertEqual((figures["false_alarms_on_healthy"], figures["faults_detected"]), (1, 0))

    def test_no_cloud_answers_while_the_link_is_cut(self):
        self.happens(100, "onset")
        self.cut = True
        self.story.decision("alder", "P-1", decision(110, "watch"), 0)
        self.assertEqual(self.story.figures(200)["decisions_without_cloud"], 1)
        self.assertIn("not while the link is cut", self.told[-1][1])

    def test_remembers_when_a_plain_threshold_would_have_spoken(self):
        self.happens(100, "onset")
        self.story.decision("alder", "P-1", decision(105, "none", velocity=8.0), 0)
        self.assertEqual(self.story.figures(200)["threshold_detected"], 1)

    def test_a_line_that_is_still_being_written_waits(self):
        self.truth.write_text('{"ts": 100000000000, "asset": "P-1", "ev')
        self.story.read_truth("alder", self.truth)
        self.assertEqual(self.story.faults, [])


if __name__ == "__main__":
    unittest.main()
