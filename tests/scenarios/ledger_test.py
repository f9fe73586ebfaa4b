import json
import sqlite3
import tempfile
import unittest
from collections import Counter
from pathlib import Path

import paths
import ledger
import wire

MIGRATIONS = paths.MW.parents[1] / "src/store/migrations"


class CompareTest(unittest.TestCase):
    def test_counts_what_is_missing_and_what_is_there_twice(self):
        accepted = Counter({("gw", 1, 0, 1): 1, ("gw", 1, 0, 2): 1, ("gw", 1, 2, 1): 2})
        hub = Counter({("gw", 1, 0, 1): 1, ("gw", 1, 2, 1): 1, ("gw", 1, 2, 9): 1})
        books = ledger.compare(accepted, hub, [])
        self.assertEqual((books["events_accepted"], books["events_in_hub"]), (3, 3))
        self.assertEqual((books["events_lost"], books["events_duplicated"], books["events_unwitnessed"]), (1, 1, 1))

    def test_what_the_device_declared_evicted_is_not_lost(self):
        accepted = Counter({("gw", 1, 2, s): 1 for s in range(1, 6)})
        hub = Counter({("gw", 1, 2, 5): 1})
        self.assertEqual(ledger.compare(accepted, hub, [("gw", 1, 2, 1, 4)])["events_lost"], 0)

    def test_reads_a_witness_file(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "accepted.txt"
            file.write_text("gw 18446744073709551615 0 1 alarm\ngw 18446744073709551615 features 1 features\n")
            ids = ledger.witnessed([file])
        self.assertEqual(set(ids), {("gw", 2**64 - 1, 0, 1), ("gw", 2**64 - 1, 2, 1)})


class HubTest(unittest.TestCase):
    """Against the hub's own schema."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = Path(self._folder.name)
        self.database = self.folder / "hub.db"
        self.messages = wire.event_messages()
        self.connection = sqlite3.connect(self.database)
        self.addCleanup(self.connection.close)
        for migration in sorted(MIGRATIONS.glob("*.sql")):
            self.connection.executescript(migration.read_text())
        self.seq = 0

    def batch(self, times_ms, coverage=()):
        self.seq += 1
        event = self.messages.Event(lane=2, seq=self.seq)
        event.features.asset = "P-1"
        event.features.ts_ns.extend(t * 1_000_000 for t in times_ms)
        for channel, first, last in coverage:
            event.features.coverage.add(channel=channel, first_ns=first, last_ns=last, count=2)
        self.connection.execute("INSERT INTO events VALUES ('gw', -1, 2, ?, 'features', 'P-1', 0, 0, ?)",
                                (self.seq, event.SerializeToString()))
        self.connection.commit()

    def gap(self, channel, first, last):
        self.seq += 1
        self.connection.execute("INSERT INTO gaps VALUES ('gw', -1, 1, ?, 's', 'P-1', ?, ?, ?, 1, 'agent_down')",
                                (self.seq, channel, first, last))
        self.connection.commit()

    def publish(self, *times) -> dict:
        file = self.folder / "published.jsonl"
        file.write_text("".join(json.dumps({"ts": t, "asset": "P-1", "channel": "vib"}) + "\n" for t in times))
        return {"gw": [file]}

    def test_epochs_are_unsigned(self):
        self.batch([0])
        self.assertEqual(list(ledger.HubBooks(self.database).ids()), [("gw", 2**64 - 1, 2, 1)])

    def test_finds_holes_and_repeats_in_telemetry(self):
        self.batch([0, 200, 400])
        self.batch([1000, 1000, 1200])
        figures = ledger.telemetry(ledger.HubBooks(self.database), self.messages, 200)
        self.assertAlmostEqual(figures["telemetry_gap_s"], 0.4)
        self.assertEqual(figures["telemetry_steps_twice"], 1)

    def test_a_reading_is_received_declared_or_neither(self):
        self.batch([0], [("vib", 100, 200), ("vib", 300, 400)])
        self.gap("vib", 500, 600)
        figures = ledger.undeclared(self.publish(100, 150, 250, 400, 550, 700), {"vib"}, ledger.HubBooks(self.database), self.messages)
        self.assertEqual(figures["readings_published"], 6)
        self.assertEqual(figures["readings_in_gaps"], 1)
        self.assertEqual(figures["readings_undeclared"], 2)   # 250 and 700

    def test_a_channel_that_no_gateway_takes_is_not_asked(self):
        figures = ledger.undeclared(self.publish(5), {"temperature"}, ledger.HubBooks(self.database), self.messages)
        self.assertEqual(figures["readings_published"], 0)

    def test_a_gap_without_channel_stands_for_all(self):
        self.batch([0])
        self.gap("", 0, 1000)
        figures = ledger.undeclared(self.publish(5, 1000), {"vib"}, ledger.HubBooks(self.database), self.messages)
        self.assertEqual(figures["readings_undeclared"], 0)


if __name__ == "__main__":
    unittest.main()
