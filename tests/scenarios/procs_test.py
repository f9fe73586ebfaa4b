import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import paths
from procs import Process, free_port
from report import Bar, flat, judge, percentile


class ProcessTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def test_starts_again_after_a_kill_and_keeps_one_log(self):
        process = Process("p", ["sh", "-c", "echo life; exec sleep 100"], self.folder / "log").start()
        self._wait(lambda: "life" in process.last_words())
        process.kill()
        self.assertFalse(process.alive())
        process.start()
        self._wait(lambda: process.last_words().count("life") == 2)
        self.assertEqual(process.starts, 2)
        process.stop()
        self.assertFalse(process.alive())

    def test_children_end_with_a_killed_parent(self):
        pid_file = self.folder / "pid"
        code = (f"import sys, time; sys.path.insert(0, {str(paths.MW)!r})\n"
                f"from procs import Process\nfrom pathlib import Path\n"
                f"p = Process('p', ['sleep', '100'], Path({str(self.folder / 'log')!r})).start()\n"
                f"Path({str(pid_file)!r}).write_text(str(p.pid) + chr(10))\ntime.sleep(100)\n")
        parent = subprocess.Popen([sys.executable, "-c", code])
        self._wait(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
        child = int(pid_file.read_text())
        self._wait(lambda: Path(f"/proc/{child}/comm").read_text() == "sleep\n")
        parent.kill()
        parent.wait()
        self._wait(lambda: not _runs(child))

    def test_a_free_port_is_free(self):
        self.assertNotEqual(free_port(), 0)

    def _wait(self, condition):
        until = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), until, "waited in vain")
            time.sleep(0.02)


class ReportTest(unittest.TestCase):
    def test_a_bar_that_was_not_measured_is_not_asked(self):
        figures = {"a": 3.0, "b": 99.0}
        self.assertEqual(judge(figures, [Bar("a", high=5), Bar("b", high=10)], ["b"]), [])
        self.assertTrue(figures["ok"])
        self.assertEqual(figures["not_measured"], ["b"])

    def test_a_missing_figure_breaks_its_bar(self):
        figures = {}
        self.assertEqual(len(judge(figures, [Bar("lost", high=0)], [])), 1)
        self.assertFalse(figures["ok"])

    def test_only_flat_objects_are_written(self):
        with self.assertRaises(TypeError):
            flat({"a": {"b": 1}})

    def test_percentiles(self):
        ordered = [float(i) for i in range(1000)]
        self.assertEqual(percentile(ordered, 0.5), 500)
        self.assertEqual(percentile(ordered, 0.999), 999)
        self.assertEqual(percentile([], 0.5), 0)


def _runs(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


if __name__ == "__main__":
    unittest.main()
