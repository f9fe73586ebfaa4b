#!/usr/bin/env python3
"""Each check finds what it is for, and leaves a clean tree alone."""
import tempfile
import unittest
from pathlib import Path

import tidy

CLEAN = {
    "src/core/core.h": "#pragma once\n[[nodiscard]] Result<int> Read();\n",
    "src/core/core.cpp": '#include "core/core.h"\n',
    "src/core/core_test.cpp": "TEST(Core, Works) {}\n",
    "src/core/README.md": "core\n",
    "src/hub/api/api.cpp": '#include "core/core.h"\n#include "hub/api/api.h"\n',
    "src/hub/api/README.md": "api\n",
    "docs/ARCHITECTURE.md": "| `core` | 0 | ground | |\n| `hub/api` | 5 | answers | `core` |\n",
    "docs/spec/core.md": "- **CORE-1** Core shall work.\n  Proved by `Core.Works`.\n",
    "tests/tidy/little_tested.txt": "hub/api is tested by its users\n",
}
ROOMS = "core 0 \nhub/api 5 core\nos 1 core\n"


class TidyTest(unittest.TestCase):
    def faults(self, check, rooms="core 0 \nhub/api 5 core\n", **changes):
        """The faults of one check in the clean tree with some files changed; path separators are __ here."""
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            files = dict(CLEAN)
            files.update({k.replace("__", "/").replace("_DOT_", "."): v for k, v in changes.items()})
            for path, text in files.items():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_text(text)
            (root / "rooms.txt").write_text(rooms)
            tree = tidy.load(root, root / "rooms.txt")
            return [str(f) for f in check(tree)]

    def test_a_clean_tree_has_no_faults(self):
        for check in tidy.CHECKS:
            self.assertEqual(self.faults(check), [], check.__name__)

    def test_arrows(self):
        found = self.faults(tidy.arrows, src__core__core_DOT_cpp='#include "hub/api/api.h"\n')
        self.assertEqual(len(found), 1)
        self.assertIn("src/core/core.cpp:1", found[0])

    def test_a_test_may_reach_down_but_not_up(self):
        rooms = "core 0 \nos 1 core\nhub/api 5 core\n"
        down = self.faults(tidy.arrows, rooms, **{"src__hub__api__a_test_DOT_cpp": '#include "os/os.h"\n'})
        up = self.faults(tidy.arrows, rooms, **{"src__core__core_test_DOT_cpp": '#include "os/os.h"\n'})
        self.assertEqual((len(down), len(up)), (0, 1))

    def test_nodiscard(self):
        for line in ("Result<int> Read();", "  virtual Result<void> Write(int a) = 0;",
                     "static Result<std::unique_ptr<A>> Make();"):
            self.assertEqual(len(self.faults(tidy.nodiscard, src__core__core_DOT_h=line + "\n")), 1, line)
        for line in ("[[nodiscard]] Result<int> Read();", "[[nodiscard]] static Result<int> A(\n    int b);",
                     "using R = Result<int>;", "  Result<int> Read() override;"):
            self.assertEqual(self.faults(tidy.nodiscard, src__core__core_DOT_h=line + "\n"), [], line)

    def test_columns(self):
        self.assertEqual(len(self.faults(tidy.columns, src__core__core_DOT_cpp="x" * 101 + "\n")), 1)
        self.assertEqual(len(self.faults(tidy.columns, src__core__core_DOT_cpp="\tx\n")), 1)
        self.assertEqual(len(self.faults(tidy.columns, src__core__core_DOT_cpp="x \n")), 1)

    def test_unfinished(self):
        self.assertEqual(len(self.faults(tidy.unfinished, src__core__core_DOT_cpp="// TO" + "DO: later\n")), 1)

    def test_lengths(self):
        self.assertEqual(len(self.faults(tidy.lengths, src__core__core_DOT_cpp="x\n" * 1000)), 1)

    def test_architecture(self):
        self.assertEqual(len(self.faults(tidy.architecture, docs__ARCHITECTURE_DOT_md="| `core` | 0 | x | |\n")), 1)
        wrong = "| `core` | 1 | x | |\n| `hub/api` | 5 | x | `os` |\n"
        self.assertEqual(len(self.faults(tidy.architecture, docs__ARCHITECTURE_DOT_md=wrong)), 2)

    def test_readmes(self):
        self.assertEqual(len(self.faults(tidy.readmes, rooms=ROOMS)), 1)

    def test_tested(self):
        code = {"src__core__more_DOT_cpp": "int x;\n" * 20}
        self.assertEqual(len(self.faults(tidy.tested, **code)), 1)
        excuse = {"tests__tidy__little_tested_DOT_txt": "core is new\nhub/api is new\n"}
        self.assertEqual(self.faults(tidy.tested, **code, **excuse), [])

    def test_machine_words(self):
        text = "see /home" + "/ann/notes\n"
        self.assertEqual(len(self.faults(tidy.machine_words, src__core__README_DOT_md=text)), 1)
        lock = '{\n"resolved": "https://mirror.example/x.tgz"}\n'
        self.assertEqual(len(self.faults(tidy.machine_words, **{"console__package-lock_DOT_json": lock})), 1)

    def test_spec(self):
        for text, faults in (("- **A-1** It shall work.\n  Proved by `Core.Fails`.\n", 1),
                             ("- **A-1** It shall work.\n", 1),
                             ("- **A-1** It works. Proved by `Core.Works`.\n", 1),
                             ("- **A-1** It shall work. Proved by `Core.Works`.\n" * 2, 1)):
            found = self.faults(tidy.spec, docs__spec__core_DOT_md=text)
            self.assertEqual(len(found), faults, (text, found))


if __name__ == "__main__":
    unittest.main()
