"""The parts of ./check. Each runs something that can also be run by hand, keeps its log in build/logs and tells what
passed. `context.full`: the part was asked for by name, so nothing is cut short."""

import json
import os
import re
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from screen import Screen

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "build/logs"
RELEASE = ROOT / "build/release"
DEV = ROOT / "build/dev"
SHARED = ROOT.parent / "shared"
MW = ROOT / "scripts/mw"
PYTHON = "/usr/bin/python3"


@dataclass
class Context:
    screen: Screen
    full: bool
    long: bool
    ahead: "Ahead | None" = None
    counts: dict[str, int] = field(default_factory=dict)   # of parts that take a number: how many were asked for


@dataclass
class Outcome:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list[str] = field(default_factory=list)
    figures: dict = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Part:
    name: str
    what: str
    run: Callable[[Context], Outcome]
    needs_build: bool = True
    only_named: bool = False
    waits: bool = False   # mostly for things to happen: what later parts need is built meanwhile
    count: int = 0        # asked for by name, it takes a number: this one where none is told


# -- how parts run ---------------------------------------------------------------------------------------------

def call(context: Context, name: str, argv: list, env: dict | None = None, limit_s: float = 3600.0,
         progress: Callable[[str], tuple | None] | None = None) -> tuple[int, str]:
    """Runs to the end with its output in build/logs/check-NAME.log; exit status and output. `progress` turns a line
    into (done, total), or None."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"check-{name}.log"
    lines: list[str] = []
    until = time.monotonic() + limit_s
    with open(log, "w") as out, subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *map(str, argv)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, cwd=ROOT, env={**os.environ, **(env or {})}, text=True, errors="replace",
            start_new_session=True) as child:
        try:
            for line in child.stdout:
                out.write(line)
                lines.append(line)
                shown = progress(line) if progress else None
                if shown:
                    context.screen.bar(name, *shown)
                elif context.screen.tty and line.strip():
                    context.screen.status([f"  {name:<18} {line.strip()[:110]}"])
                if time.monotonic() > until:
                    raise TimeoutError(f"{name} took longer than {limit_s:.0f} s")
        except BaseException:
            os.killpg(child.pid, 15)
            child.wait(15)
            raise
    return child.returncode, "".join(lines)


def tail(text: str, lines: int = 12) -> list[str]:
    return [t for t in text.splitlines() if t.strip()][-lines:]


def last_json(text: str) -> dict:
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            try:
                return json.loads(line)
            except ValueError:
                continue
    return {}


def one(code: int, text: str, figures: dict | None = None) -> Outcome:
    """A part that counts as one check."""
    return Outcome(passed=int(code == 0), failed=int(code != 0), notes=[] if code == 0 else tail(text),
                   figures=figures or {})


def skip(why: str) -> Outcome:
    return Outcome(skipped=1, notes=[f"skipped: {why}"])


def tracked(*endings: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True)
    names = listed.stdout.decode().split("\0") if listed.returncode == 0 else []
    if not names:   # an exported tree without its history
        names = [str(p.relative_to(ROOT)) for top in ("src", "apps", "fuzz", "tests", "benchmarks")
                 for p in (ROOT / top).rglob("*") if p.is_file()]
    return [ROOT / n for n in names if n.endswith(endings) and (ROOT / n).exists()]


class Ahead:
    """Builds that a later part needs, at the lowest priority, while earlier parts wait for machines to break. Whether they
    succeed is told by that part, which builds again what is missing."""

    def __init__(self, commands: list[list]):
        # Where the kernel shares the processor by session first, niceness counts within one only; this is the session's own.
        lowest = "echo 19 2>/dev/null >/proc/self/autogroup"
        script = "; ".join([lowest, *(" ".join(map(str, c)) for c in commands)])
        LOGS.mkdir(parents=True, exist_ok=True)
        self._log = open(LOGS / "check-ahead.log", "w")
        self._child = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", "nice", "-n", "19", "bash", "-c", script], cwd=ROOT,
                                       stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True)

    def wait(self, screen: Screen) -> None:
        while self._child.poll() is None:
            screen.status(["  building what this part needs; build/logs/check-ahead.log tells how far it is"])
            time.sleep(1)
        self.stop()

    def stop(self) -> None:
        if self._child.poll() is None:
            os.killpg(self._child.pid, 15)
            self._child.wait(15)
        self._log.close()


# -- the parts -------------------------------------------------------------------------------------------------

def build(context: Context) -> Outcome:
    code, text = call(context, "build", [ROOT / "scripts/build.sh", "release"], progress=_percent)
    return one(code, text)


def _percent(line: str):
    match = re.search(r"(\d+)%", line)
    return (int(match[1]), 100) if match else None


def ctest(context: Context, preset: str, name: str, arguments: list | None = None,
          env: dict | None = None) -> Outcome:
    def progress(line):
        match = re.match(r"\s*(\d+)/(\d+) Test", line)
        return (int(match[1]), int(match[2])) if match else None

    code, text = call(context, name, ["ctest", "--test-dir", ROOT / "build" / preset, "-j", str(os.cpu_count() or 2),
                                      "--output-on-failure", "--no-tests=error", *(arguments or [])], env=env, progress=progress)
    match = re.search(r"(\d+)% tests passed, (\d+) tests failed out of (\d+)", text)
    if not match:
        return Outcome(failed=1, notes=tail(text))
    skipped = len(re.findall(r"\*\*\*Skipped", text))
    failed, total = int(match[2]), int(match[3])
    # A parametrised test's name holds blanks; why it did not pass has many words ("Failed", "Not Run", "Child aborted").
    names = re.findall(r"^\s*\d+ - (.+?) \((?!Skipped|Disabled)[^()]*\)\s*$", text.rpartition("The following tests FAILED")[2], re.M)
    notes = [line for n in names[:10] for line in (f"failed: {n}", *_why(text, n))]
    return Outcome(passed=total - failed - skipped, failed=failed, skipped=skipped, notes=notes, figures={"tests": total})


def _why(text: str, test: str, lines: int = 30) -> list[str]:
    """What a failed test printed, so that a report says more than its name: the first lines of a sanitizer's finding
    or of a failed expectation."""
    match = re.search(rf"^[^\n]*Test\s+#\d+: {re.escape(test)} \.[^\n]*\n(.*?)(?=^[^\n]*Test\s+#\d+: |\Z)", text, re.M | re.S)
    printed = match[1].splitlines() if match else []
    start = next((i for i, line in enumerate(printed) if re.search(r"WARNING: |ERROR: |Failure", line)), 0)
    return ["  " + line.rstrip()[:160] for line in printed[start:start + lines] if line.strip()]


def unit(context: Context) -> Outcome:
    return ctest(context, "release", "unit")


def style(context: Context) -> Outcome:
    files = tracked(".h", ".cpp")
    code, text = call(context, "style", ["clang-format-14", "--dry-run", "-Werror", *files])
    wrong = sorted({line.split(":")[0] for line in text.splitlines() if ": error:" in line})
    outcome = one(code, text, {"files": len(files)})
    outcome.notes = [f"clang-format would change {Path(w).relative_to(ROOT)}" for w in wrong[:10]] or outcome.notes
    return outcome


TIDY_SLICE_S = 90.0


def tidy(context: Context) -> Outcome:
    """clang-tidy, newest changes first; as part of the whole only for a while.

    The dev preset names each file alone (the others batch them) and so each must include what it uses."""
    code, text = call(context, "tidy-dev", [ROOT / "scripts/build.sh", "dev", "mw_wire_messages", "mw_model_schema",
                                               "mw_importer_messages"])
    if code != 0:
        return one(code, text, {})
    known = {Path(e["file"]) for e in json.loads((DEV / "compile_commands.json").read_text())}
    # libtorch's headers do not compile with clang 14.
    files = [f for f in _newest_first() if f in known and "_test.cpp" not in f.name and f.parent.name != "torch"]
    started, done, bad = time.monotonic(), 0, []
    for first in range(0, len(files), 2):
        if not context.full and time.monotonic() - started > TIDY_SLICE_S:
            break
        pair = files[first:first + 2]
        for file, child in [(f, _tidy_one(f)) for f in pair]:
            text, _ = child.communicate()
            done += 1
            if child.returncode != 0:
                bad += [line for line in text.splitlines() if "error:" in line][:5] or [f"{file}: {tail(text, 1)}"]
        context.screen.bar("tidy", done, len(files), files[min(first, len(files) - 1)].name)
    (LOGS / "check-tidy.log").write_text("\n".join(bad) + "\n")
    left = len(files) - done
    notes = [b.replace(f"{ROOT}/", "") for b in bad[:10]] + ([f"{left} files left out of this slice"] if left else [])
    return Outcome(passed=int(not bad), failed=int(bool(bad)), notes=notes,
                   figures={"files": done, "files_left_out": left, "findings": len(bad)})


def _tidy_one(file: Path) -> subprocess.Popen:
    return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "clang-tidy-14", "--quiet", "-p", DEV, file],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace")


def _newest_first() -> list[Path]:
    log = subprocess.run(["git", "log", "-n", "60", "--name-only", "--format="], cwd=ROOT, capture_output=True, text=True)
    order = {name: i for i, name in reversed(list(enumerate(log.stdout.split())))}
    files = [f for f in tracked(".cpp") if f.is_relative_to(ROOT / "src") or f.is_relative_to(ROOT / "apps")]
    return sorted(files, key=lambda f: order.get(str(f.relative_to(ROOT)), 10**9))


def oracles(context: Context) -> Outcome:
    script = ROOT / "tests/oracles/run.py"
    argv = [PYTHON, script, "--json", *([] if context.full else ["--quick"])]
    code, text = call(context, "oracles", argv)
    outcome = one(code, text, last_json(text))
    code, text = call(context, "oracles-trust", [PYTHON, ROOT / "tests/trust/run.py", "--json"], limit_s=900)
    _add(outcome, code, text, "trust_")
    code, text = call(context, "oracles-aws", [PYTHON, ROOT / "tests/aws/run.py", "--json"], limit_s=900)
    _add(outcome, code, text, "aws_")
    code, text = call(context, "oracles-import", [PYTHON, ROOT / "tests/oracles/import_run.py", "--json"], limit_s=1800)
    _add(outcome, code, text, "import_")
    code, text = call(context, "oracles-drift", [PYTHON, ROOT / "tests/oracles/drift.py", "--json"], limit_s=900)
    _add(outcome, code, text, "drift_")
    return outcome


def mutations(context: Context) -> Outcome:
    """Each check against an attack of TUF is taken away once: its attack must then succeed."""
    code, text = call(context, "mutations", [PYTHON, ROOT / "tests/trust/mutations.py", "--json"], limit_s=3600)
    figures = last_json(text)
    outcome = one(code, text, figures)
    outcome.passed, outcome.failed = figures.get("passed", 0), figures.get("failed", 1)
    return outcome


def arm(context: Context) -> Outcome:
    """The engine as a 64-bit ARM program under qemu."""
    code, text = call(context, "arm", [PYTHON, ROOT / "benchmarks/arm/check.py", "--json", *(["--full"] if context.full else [])])
    figures = last_json(text)
    if code == 0 and figures.get("not_measured"):
        return skip(figures["not_measured"][0])
    return one(code, text, figures)


def bench(context: Context) -> Outcome:
    """Every kernel set's bytes, and the race; how fast it is on a busy machine is told, not judged."""
    code, text = call(context, "bench", [PYTHON, ROOT / "benchmarks/nn/run.py", "--json",
                                         *([] if context.full else ["--quick", "--no-arm"])], limit_s=7200)
    figures = last_json(text)
    slow = figures.get("bars_broken", [])
    if not context.full and figures.get("bytes_different") == 0 and figures.get("allocations_per_inference") == 0:
        return Outcome(passed=1, notes=slow, figures=figures)
    outcome = one(code, text, figures)
    outcome.notes = slow or outcome.notes
    return outcome


def bundle(context: Context) -> Outcome:
    """The gateway's tarball in an empty root under qemu."""
    code, text = call(context, "bundle", [PYTHON, ROOT / "tests/bundle/run.py", "--json"], limit_s=3600)
    return one(code, text, last_json(text))


def fuzz(context: Context) -> Outcome:
    code, text = call(context, "fuzz", [PYTHON, ROOT / "scripts/fuzz/run.py", "--json",
                                        *([] if context.full else ["--quick"])])
    return one(code, text, last_json(text))


def e2e(context: Context) -> Outcome:
    own = ROOT / "build/node/node_modules/.bin/node"
    argv = [own if own.exists() else "node", ROOT / "tests/e2e/run.mjs", "--hub", RELEASE / "bin/millwright-hub", "--json"]
    code, text = call(context, "e2e", argv, limit_s=1200)
    outcome = one(code, text, last_json(text))
    match = re.findall(r"^(\d+) passed, (\d+) failed", text, re.M)
    if match:
        outcome.passed, outcome.failed = int(match[-1][0]), max(int(match[-1][1]), int(code != 0))
    return outcome


def dashboards(context: Context) -> Outcome:
    """Every query on a live fleet where it is asked for by name; types, lint, rules and faults always."""
    code, text = call(context, "dashboards", [PYTHON, MW / "dashboards.py", *(["--live"] if context.full else []), "--json"], limit_s=900)
    return one(code, text, last_json(text))


def demo(context: Context) -> Outcome:
    seconds = 3600 if context.long else 180 if context.full else 60
    outcome = Outcome()
    for qos in (1, 2) if context.full else (1,):
        code, text = call(context, f"demo-qos{qos}", [PYTHON, MW / "demo.py", "--headless", "--seconds", seconds,
                                                      "--uplink-qos", qos, "--json"])
        _add(outcome, code, text, f"qos{qos}_" if qos == 2 else "")
    for scenario in ("update", "bad-model", "year"):
        code, text = call(context, f"demo-{scenario}", [PYTHON, MW / "demo.py", "--scenario", scenario, "--headless", "--json"],
                          limit_s=600)
        _add(outcome, code, text, scenario.replace("-", "_") + "_")
    return outcome


def replay(context: Context) -> Outcome:
    data = SHARED / "data/skab"
    if not data.is_dir():
        return skip("no recorded data beside the project (../shared/data/skab)")
    code, text = call(context, "replay", [PYTHON, MW / "demo.py", "--replay", data, "--headless", "--json"])
    return one(code, text, last_json(text))


REPLAYS_SLICE = 200


def replays(context: Context) -> Outcome:
    """Simulated machines raise alarms through real agents into the hub's database, on a virtual clock; then each is worked out
    again from its stored window and its model: the same bits."""
    count = context.counts.get("replays", REPLAYS_SLICE)

    def progress(line):
        match = re.match(r"(\d+) of (\d+) alarms", line)
        return (int(match[1]), int(match[2])) if match else None

    code, text = call(context, "replays-build", [ROOT / "scripts/build.sh", "release", "mw-replays"], progress=_percent)
    if code == 0:
        code, text = call(context, "replays", [RELEASE / "bin/mw-replays", "--alarms", count], progress=progress)
    figures = last_json(text) if code in (0, 1) else {}
    outcome = one(code, text, figures)
    if figures and code != 0:
        outcome.notes = [f"{figures['different']} of {figures['replayed']} alarms came out different; of {figures['windows']} windows "
                         f"{figures['foreign_equal']} came out the same by another model"]
    return outcome


def faults(context: Context) -> Outcome:
    kills = 300 if context.long else 24 if context.full else 6
    outcome = Outcome()
    for command in (["kill", "--kills", kills], ["slots", *([] if context.full else ["--quick"])]):
        code, text = call(context, f"faults-{command[0]}", [PYTHON, MW / "faults.py", *command, "--json"])
        _add(outcome, code, text, "slots_" if command[0] == "slots" else "")
    return outcome


# Rooms with threads of their own: what a slice shows to ThreadSanitizer.
THREADED = ["core", "os", "mqtt", "nn", "outbox", "store", "http", "metrics", "agent", "hub/ingest", "hub/rollout",
            "hub/identity", "hub/api"]


def sanitizer_builds(full: bool) -> list[tuple[str, list[str]]]:
    """(preset, targets): under ThreadSanitizer a slice takes only the rooms that have threads."""
    tested = [room for room in THREADED if any((ROOT / "src" / room).glob("*_test.cpp"))]
    return [("asan", []), ("tsan", [] if full else [f"mw_{room.replace('/', '_')}_test" for room in tested])]


def build_ahead() -> Ahead:
    return Ahead([[ROOT / "scripts/build.sh", preset, *targets] for preset, targets in sanitizer_builds(full=False)])


def sanitizers(context: Context) -> Outcome:
    """The unit tests under AddressSanitizer with UBSan; under ThreadSanitizer all of them, in a slice those of the
    rooms that have threads."""
    if context.ahead:
        context.ahead.wait(context.screen)
    outcome = Outcome()
    options = {"asan": ("ASAN_OPTIONS", "detect_leaks=1"),
               "tsan": ("TSAN_OPTIONS", f"halt_on_error=1 second_deadlock_stack=1 suppressions={ROOT / 'tests/tsan.supp'}")}
    for preset, targets in sanitizer_builds(context.full):
        code, text = call(context, f"build-{preset}", [ROOT / "scripts/build.sh", preset, *targets], progress=_percent)
        if code != 0:
            _add(outcome, code, text, f"{preset}_")
            continue
        # GoogleTest's names hold a dot; those without one are scripts, corpora and what was not built for a slice.
        only = ["-E", "^[^.]*$"] if targets else []
        part = ctest(context, preset, f"unit-{preset}", only, dict([options[preset]]))
        outcome.passed += part.passed
        outcome.failed += part.failed
        outcome.skipped += part.skipped
        outcome.notes += [f"{preset}: {n}" for n in part.notes]
        outcome.figures[f"{preset}_tests"] = part.figures.get("tests", 0)
    return outcome


def _add(outcome: Outcome, code: int, text: str, prefix: str) -> None:
    part = one(code, text)
    outcome.passed += part.passed
    outcome.failed += part.failed
    outcome.notes += part.notes
    for key, value in last_json(text).items():
        if key == "not_measured":
            outcome.figures[key] = outcome.figures.get(key, []) + [prefix + v for v in value]
        else:
            outcome.figures[prefix + key] = value


PARTS = [
    Part("build", "set up and build the release preset", build, needs_build=False),
    Part("unit", "unit tests, corpus replays and the tidy test", unit),
    Part("style", "clang-format", style, needs_build=False),
    Part("oracles", "the engine against TensorFlow Lite, byte for byte; trust against python-tuf; AWS's own clients; "
         "models of Keras and PyTorch, imported", oracles),
    Part("bench", "the engine's kernels: same bytes, how fast beside TensorFlow Lite", bench),
    Part("arm", "the engine for 64-bit ARM, under qemu", arm, needs_build=False),
    Part("e2e", "the console in a real browser against a real hub", e2e, waits=True),
    Part("dashboards", "Grafana's dashboards and Prometheus' alerts: types, lint, each fault against every alert", dashboards),
    Part("demo", "two plants, faults, a cut link, the books", demo, waits=True),
    Part("faults", "kill -9 at random, the books; the model slots under every cut", faults, waits=True),
    Part("replay", "recorded data through the same path", replay, waits=True),
    Part("replays", "alarms of a simulated plant, each worked out again from its window and model, bit for bit", replays,
         needs_build=False, count=10_000),
    Part("sanitizers", "unit tests under ASan, UBSan and TSan", sanitizers, needs_build=False),
    Part("fuzz", "mutated models, payloads and configurations under sanitizers", fuzz),
    Part("tidy", "clang-tidy", tidy),
    Part("mutations", "each check of TUF is taken away once, and its attack then succeeds", mutations, only_named=True),
    Part("bundle", "the gateway's tarball for 64-bit ARM, in an empty root under qemu", bundle, only_named=True),
]
