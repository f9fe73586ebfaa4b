#!/usr/bin/env python3
"""Checks the tree against the project's style. Prints "file:line: what is wrong" and exits 1 where something is.

    tests/tidy/tidy.py --source . --rooms build/dev/rooms.txt

Each check is a function that takes the tree and yields faults; CHECKS at the end lists them.
"""
import argparse
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

CODE = (".h", ".cpp")
TEXT = CODE + (".cmake", ".py", ".sh", ".md", ".proto", ".fbs", ".sql", ".ts", ".tsx", ".mjs", ".css", ".toml",
               ".json", ".yaml", ".yml", ".txt", ".html")
COLUMNS_MAX = 100
LINES_MAX = {"code": 420, "test": 720}


@dataclass
class Fault:
    path: str
    line: int
    what: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.what}"


@dataclass
class Room:
    name: str
    layer: int
    uses: set


@dataclass
class Tree:
    root: Path
    rooms: dict = field(default_factory=dict)   # name -> Room
    paths: list = field(default_factory=list)   # tracked files, relative, with '/'
    _texts: dict = field(default_factory=dict)

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_bytes().decode("utf-8", "replace")
        return self._texts[path]

    def lines(self, path):
        return enumerate(self.text(path).splitlines(), 1)

    def code(self, *tops):
        return [p for p in self.paths if p.endswith(CODE) and p.startswith(tops or ("src/", "apps/"))]

    def room_of(self, path):
        """The room whose folder holds src/... `path` (given from src/); the longest name wins."""
        parts = path.split("/")
        for length in range(len(parts) - 1, 0, -1):
            name = "/".join(parts[:length])
            if name in self.rooms:
                return self.rooms[name]
        return None


def is_test(path):
    return path.endswith(("_test.cpp", "_fuzz.cpp")) or "/testing/" in path or path.startswith("tests/")


def load(root, rooms_file):
    root = Path(root).resolve()
    listed = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                            capture_output=True)
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    if not any(names):   # an exported tree
        names = [str(p.relative_to(root)) for p in root.rglob("*")
                 if p.is_file() and not {"build", "node_modules", ".git"} & set(p.relative_to(root).parts)]
    tree = Tree(root, paths=sorted(n for n in names if n and (root / n).is_file()))
    for line in Path(rooms_file).read_text().splitlines():
        name, layer, *uses = line.split(" ")
        tree.rooms[name] = Room(name, int(layer), set(filter(None, (uses or [""])[0].split(","))))
    return tree


# -- checks ------------------------------------------------------------------------------------------------------

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')


def arrows(tree):
    """A room includes only itself and the rooms its mw_room line names; its tests also any lower room."""
    for path in tree.code("src/"):
        room = tree.room_of(path[len("src/"):])
        if room is None:
            yield Fault(path, 1, "belongs to no room (is its CMakeLists.txt there, and src/CMakeLists.txt's list?)")
            continue
        for number, line in tree.lines(path):
            match = INCLUDE.match(line)
            target = tree.room_of(match[1]) if match else None
            if target is None or target.name == room.name or target.name in room.uses:
                continue
            if is_test(path) and (target.layer < room.layer or "/testing/" in match[1]):
                continue
            yield Fault(path, number, f"room {room.name} includes {match[1]}, but may only use "
                                      f"{', '.join(sorted(room.uses)) or 'no room'}")


RETURNS_RESULT = re.compile(r"^\s*(?:(?:virtual|static|inline|constexpr|explicit)\s+)*"
                            r"(?:millwright::)?Result<.*>\s+\w+\(")


def nodiscard(tree):
    """Result is an alias and cannot warn by itself, so every declaration that returns one says [[nodiscard]]."""
    for path in tree.code():
        if not path.endswith(".h") or is_test(path):
            continue
        before = ""
        for number, line in tree.lines(path):
            if RETURNS_RESULT.match(line) and "[[nodiscard]]" not in before and "override" not in line:
                yield Fault(path, number, "returns Result without [[nodiscard]]")
            before = line if line.strip() else before


def columns(tree):
    for path in tree.code("src/", "apps/", "fuzz/", "tests/", "benchmarks/"):
        for number, line in tree.lines(path):
            if len(line) > COLUMNS_MAX and not re.search(r"https?://|R\"", line):
                yield Fault(path, number, f"{len(line)} columns (at most {COLUMNS_MAX})")
            if "\t" in line:
                yield Fault(path, number, "a tab")
            if line != line.rstrip():
                yield Fault(path, number, "blanks at the end")


LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")


def unfinished(tree):
    """What is not done is in an issue, not in a comment."""
    for path in tree.paths:
        if path.endswith(TEXT) and "package-lock" not in path:
            for number, line in tree.lines(path):
                if LATER.search(line):
                    yield Fault(path, number, f"says {LATER.search(line)[1]}")


def lengths(tree):
    """A file that grows long has begun to mix things."""
    for path in tree.code():
        most = LINES_MAX["test" if is_test(path) else "code"]
        count = tree.text(path).count("\n")
        if count > most:
            yield Fault(path, count, f"{count} lines (at most {most})")


def readmes(tree):
    for room in tree.rooms.values():
        if f"src/{room.name}/README.md" not in tree.paths:
            yield Fault(f"src/{room.name}", 1, "the room has no README.md")


ROW = re.compile(r"^\|\s*`([\w/]+)`\s*\|\s*(\d+)\s*\|([^|]*)\|([^|]*)\|")


def architecture(tree):
    """docs/ARCHITECTURE.md has a row `room | layer | purpose | may use` for each room, and it is true."""
    path, seen = "docs/ARCHITECTURE.md", set()
    if path not in tree.paths:
        yield Fault(path, 1, "is missing")
        return
    for number, line in tree.lines(path):
        match = ROW.match(line)
        if not match:
            continue
        name, layer, uses = match[1], int(match[2]), set(re.findall(r"`?([\w/]+)`?", match[4]))
        room = tree.rooms.get(name)
        seen.add(name)
        if room is None and f"src/{name}/CMakeLists.txt" not in tree.paths:
            yield Fault(path, number, f"there is no room {name}")
        elif room is None:
            continue   # this build leaves it out (no libtorch)
        elif layer != room.layer:
            yield Fault(path, number, f"{name} is on layer {room.layer}")
        elif uses != room.uses:
            yield Fault(path, number, f"{name} may use: {', '.join(sorted(room.uses)) or 'nothing'}")
    for name in sorted(set(tree.rooms) - seen):
        yield Fault(path, 1, f"room {name} has no row in the table of rooms")


def tested(tree):
    """A room's tests are at least a fifth as long as its code; tests/tidy/little_tested.txt names exceptions and why."""
    path = "tests/tidy/little_tested.txt"
    excused = {line.split()[0] for _, line in tree.lines(path) if line.strip()} if path in tree.paths else set()
    for name in sorted(excused - set(tree.rooms)):
        yield Fault(path, 1, f"there is no room {name}")
    lines = {name: [0, 0] for name in tree.rooms}
    for source in tree.code("src/"):
        room = tree.room_of(source[len("src/"):])
        if room and source.endswith(".cpp"):
            lines[room.name][is_test(source)] += tree.text(source).count("\n")
    for name, (code, test) in lines.items():
        if name not in excused and test * 5 < code:
            yield Fault(f"src/{name}", 1, f"{test} lines of tests for {code} lines of code")


def machine_words(tree):
    """Nothing of the machine it was written on: no folder of a person, no address of a package mirror."""
    # A folder of the root alone, /root or /src, is a word of any text.
    folders = {f for f in (str(tree.root), os.path.dirname(str(tree.root))) if f.count("/") > 1} - {"/usr/src"}
    person = re.compile(r"/home/[a-z]|/Users/[A-Z]")
    for path in tree.paths:
        if not path.endswith(TEXT) or path.startswith("tests/tidy/tidy"):
            continue
        if path.endswith("package-lock.json"):
            for number, line in tree.lines(path):
                if '"resolved"' in line:
                    yield Fault(path, number, "names where a package was fetched from")
                    break
            continue
        for number, line in tree.lines(path):
            if person.search(line) or any(re.search(re.escape(f) + r"(/|\b)", line) for f in folders):
                yield Fault(path, number, "names a folder of the machine it was written on")


TEST_NAME = re.compile(r"^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)"
                       r"\(\s*(\w+),\s*(\w+)", re.M)
SHALL = re.compile(r"^- \*\*([A-Z]+-\d+)\*\* ")
PYTHON_TEST = re.compile(r"^\s*def (test_\w+)\(", re.M)
NAMED = re.compile(r"`([A-Z]\w+\.\w+|test_\w+|[\w./-]+\.(?:py|mjs|sh|ts)|\./\w+[^`]*)`")


def spec(tree):
    """docs/spec: each numbered line says "shall" and names tests or commands that exist."""
    names = {f"{m[1]}.{m[2]}" for p in tree.code("src/", "apps/", "tests/") for m in TEST_NAME.finditer(tree.text(p))}
    scripts = [p for p in tree.paths if p.startswith("tests/") and p.endswith(".py")]
    names |= {name for p in scripts for name in PYTHON_TEST.findall(tree.text(p))}
    numbers = {}
    for path in [p for p in tree.paths if p.startswith("docs/spec/") and p.endswith(".md")]:
        entries = []
        for number, line in tree.lines(path):
            if SHALL.match(line):
                entries.append([number, line])
            elif entries and line.startswith("  "):
                entries[-1][1] += " " + line.strip()
        for number, line in entries:
            yield from _entry(tree, path, number, line, names, numbers)


def _entry(tree, path, number, line, names, numbers):
    identity = SHALL.match(line)[1]
    if identity in numbers:
        yield Fault(path, number, f"{identity} is also {numbers[identity]}")
    numbers[identity] = f"{path}:{number}"
    if " shall " not in line:
        yield Fault(path, number, f"{identity} does not say what shall be")
    claim, _, proof = line.partition("Proved by")
    found = NAMED.findall(proof)
    if not found:
        yield Fault(path, number, f"{identity} names no test after \"Proved by\"")
    for name in found:
        if name.startswith("./"):
            if name.split()[0][2:] not in tree.paths:
                yield Fault(path, number, f"{identity}: there is no {name.split()[0]}")
        elif "/" in name or name.endswith((".py", ".mjs", ".sh", ".ts")):
            if name not in tree.paths:
                yield Fault(path, number, f"{identity}: there is no {name}")
        elif name not in names:
            yield Fault(path, number, f"{identity}: there is no test {name}")


CHECKS = [arrows, nodiscard, columns, unfinished, lengths, readmes, architecture, tested, machine_words, spec]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", default=".", help="the tree's root")
    parser.add_argument("--rooms", required=True, help="rooms.txt of a configured build")
    parser.add_argument("--only", action="append", help="only this check (its function's name)")
    options = parser.parse_args()
    tree = load(options.source, options.rooms)
    faults = 0
    for check in CHECKS:
        if options.only and check.__name__ not in options.only:
            continue
        for fault in check(tree):
            faults += 1
            print(f"{fault}  [{check.__name__}]")
    print(f"{len(tree.paths)} files, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
