import unittest
from types import SimpleNamespace

import paths  # noqa: F401
from observer import AssetView, _count_window
from update import LinkCutter, faults_under_trial

STEP = 200_000_000


def decision(step: int, at_s: float, state: str = "running", model: str = "a") -> dict:
    return {"state": state, "step_end": step * STEP, "ts": int(at_s * 1e9), "model_hash": model}


class WindowsTest(unittest.TestCase):
    def seen(self, *decisions: dict) -> AssetView:
        view = AssetView()
        for body in decisions:
            _count_window(view, body, STEP)
        return view

    def test_steps_in_a_row_are_complete_whichever_model_decides(self):
        view = self.seen(decision(1, 0.2), decision(2, 0.4), decision(3, 0.6, model="b"))
        self.assertEqual((view.windows, view.missed, view.twice, view.switches), (3, 0, 0, 1))

    def test_a_hole_is_missed_and_a_repeat_is_twice(self):
        view = self.seen(decision(1, 0.2), decision(4, 0.8), decision(4, 0.9))
        self.assertEqual((view.missed, view.twice), (2, 1))

    def test_a_machine_that_stood_still_missed_nothing(self):
        view = self.seen(decision(1, 0.2), decision(2, 0.4, state="stopped"), decision(30, 6.0))
        self.assertEqual((view.windows, view.missed, view.silent_s), (2, 0, 0))

    def test_silence_is_told_in_whole_seconds(self):
        self.assertEqual(self.seen(decision(1, 0.2), decision(2, 2.7)).silent_s, 2)


class FakeRelay:
    def __init__(self):
        self.bytes_down = 0
        self.cut_since = None
        self.kinds = []

    def cut(self, kind):
        self.cut_since = 1.0
        self.kinds.append(kind)

    def restore(self):
        self.cut_since = None


class LinkCutterTest(unittest.TestCase):
    def setUp(self):
        self.relay = FakeRelay()
        self.states = {"gw": "fetching"}
        run = SimpleNamespace(relay=self.relay, plant=SimpleNamespace(device="gw", site="alder"))
        watch = SimpleNamespace(
            world=SimpleNamespace(runs=[run]), screen=SimpleNamespace(tell=lambda *_: None),
            members_in=lambda *states: [{"device": d} for d, s in self.states.items() if s in states])
        self.cutter = LinkCutter(watch, pack_bytes=1000)

    def test_it_cuts_once_in_the_middle_of_the_download(self):
        self.relay.bytes_down = 5000
        self.cutter.work()
        self.assertEqual(self.relay.kinds, [])
        self.relay.bytes_down += 400
        self.cutter.work()
        self.cutter.work()
        self.assertEqual(self.relay.kinds, ["silent"])
        self.assertAlmostEqual(self.cutter.share_at_cut["gw"], 0.4)

    def test_only_a_gateway_that_took_the_model_survived(self):
        self.cutter.work()
        self.relay.bytes_down = 400
        self.cutter.work()
        self.states["gw"] = "refused"
        self.assertEqual(self.cutter.survived(), 0)
        self.states["gw"] = "committed"
        self.assertEqual(self.cutter.survived(), 1)

    def test_a_cut_after_the_whole_pack_does_not_count(self):
        self.cutter.work()
        self.relay.bytes_down = 1500
        self.cutter.work()
        self.states["gw"] = "committed"
        self.assertEqual(self.cutter.survived(), 0)


class TrialFaultsTest(unittest.TestCase):
    def test_machines_that_stand_still_at_times_are_left_out(self):
        plant = SimpleNamespace(machines=[SimpleNamespace(asset="A", load="steady"), SimpleNamespace(asset="B", load="start-stop")])
        self.assertEqual([asset for asset, _ in faults_under_trial(plant)], ["A"])


if __name__ == "__main__":
    unittest.main()
