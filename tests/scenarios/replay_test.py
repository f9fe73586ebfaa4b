"""Which recordings a replay trains on and plays, and what it tells the gateway of a recorded machine."""

import tempfile
import tomllib
import unittest
from pathlib import Path

import paths  # noqa: F401
import plants
import replay

RECORDING = """
[recording]
name = "P-102 run 3"
[machine]
shaft_hz = 24.7
bearing = { bpfo = 3.57, bpfi = 5.43, bsf = 2.32, ftf = 0.40 }
rated_kw = 30.0
"""


class FakeTrainer:
    """Deals runs as `millwright-train split` does: some to each side, or with --all every one is played."""

    def __init__(self, *runs: str):
        self.runs = list(runs)

    def split(self, _data: Path, *flags: str) -> dict:
        if "--all" in flags:
            return {"train": [], "replay": self.runs}
        return {"train": self.runs[:-1], "replay": self.runs[-1:]}


class ChooseRunsTest(unittest.TestCase):
    def test_one_folder_is_dealt_to_both_sides(self):
        chosen = replay.choose_runs(FakeTrainer("a", "b", "c"), Path("d"), None)
        self.assertEqual(chosen, (Path("d"), ["a", "b"], ["c"]))

    def test_one_run_alone_needs_training_runs_from_elsewhere(self):
        with self.assertRaisesRegex(RuntimeError, "--train DIR"):
            replay.choose_runs(FakeTrainer("only"), Path("d"), None)
        folder, trained, played = replay.choose_runs(FakeTrainer("only"), Path("d"), "elsewhere")
        self.assertEqual((folder.name, trained, played), ("elsewhere", [], ["only"]))


class MachineOfTest(unittest.TestCase):
    def test_a_recording_tells_the_gateway_its_bearing(self):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "plant/P-102 run 3"
            run.mkdir(parents=True)
            (run / "recording.toml").write_text(RECORDING)
            machine = replay.machine_of(Path(folder), "plant/P-102 run 3")
        self.assertEqual(machine.asset, "plant-P-102-run-3")
        plant = plants.Plant("recorded", "gw-1", 0, [machine])
        vib = {"name": "vib", "unit": "m/s2", "kind": "samples", "rate_hz": 12800}
        asset = tomllib.loads(plants.agent_toml(plant, 1, 2, Path("s"), Path("b"), "w", [vib]))["asset"][0]
        orders = {"bpfo": 3.57, "bpfi": 5.43, "bsf": 2.32, "ftf": 0.4}
        self.assertEqual(asset["machine"], {"shaft_hz": 24.7, **orders, "rated_kw": 30.0})

    def test_public_layouts_say_nothing_of_the_machine(self):
        machine = replay.machine_of(Path("/nowhere"), "valve1/0")
        self.assertEqual((machine.asset, machine.shaft_hz, machine.orders()), ("valve1-0", 0.0, {}))


if __name__ == "__main__":
    unittest.main()
