"""./evaluate NAME|all [options]: what the models are worth. Each study trains INT8 models on one public data set, judges
them on groups that they never saw and puts the simple methods beside. The last line of standard output is one flat JSON
object; exit status 0 only if every bar holds."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from screen import Screen

ROOT = Path(__file__).resolve().parents[2]
TRAINER = ROOT / "build/release/bin/millwright-train"
LOGS = ROOT / "build/logs"
ALONE = ("compression",)   # takes as long as all others together: only by name
AT_ONCE = 2


def studies() -> dict[str, str]:
    """Names and what they say of themselves; empty before the first build."""
    if not TRAINER.exists():
        return {}
    lines = subprocess.run([TRAINER, "study", "--list"], text=True, capture_output=True, check=True).stdout.splitlines()
    return dict(line.split(None, 1) for line in lines)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./evaluate", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="\n".join(f"  {n:<12} {w}" for n, w in studies().items()))
    parser.add_argument("name", nargs="?", help="a study, or all (without compression)")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data",
                        help="folder that holds the data sets (default: %(default)s)")
    parser.add_argument("--train", type=Path, help="train on this folder, in the set's own layout")
    parser.add_argument("--test", type=Path, help="judge on this folder instead of a validation split")
    parser.add_argument("--seeds", type=int, default=5, help="figures are means over them (default: 5)")
    parser.add_argument("--quick", action="store_true", help="a slice that ends soon")
    parser.add_argument("--predictions", type=Path, help="write one CSV row a window (one study)")
    parser.add_argument("--save", type=Path, help="write the best .tflite within the budget (one study; compression has several)")
    parser.add_argument("--budget-bytes", type=float, help="--save: largest file")
    parser.add_argument("--budget-ms", type=float, help="--save: longest decision, predicted on the board")
    parser.add_argument("--board", choices=("pi4", "nano"), default="pi4", help="--save: whose milliseconds (default: pi4)")
    parser.add_argument("--report-dir", type=Path, help="write NAME.html and NAME.json for each study into this folder")
    parser.add_argument("--report", type=Path, help="write the JSON object to a file")
    parser.add_argument("--json", action="store_true", help="no other text on standard output")
    return parser.parse_args()


def command(name: str, a: argparse.Namespace, report: Path) -> list[str]:
    argv = [TRAINER, "study", name, "--data", a.data.resolve(), "--seeds", a.seeds, "--report", report]
    for flag, value in (("--train", a.train), ("--test", a.test), ("--predictions", a.predictions)):
        if value is not None:
            argv += [flag, value.resolve()]
    if a.save is not None:
        argv += ["--save", a.save.resolve(), "--board", a.board]
        argv += [x for flag, n in (("--budget-bytes", a.budget_bytes), ("--budget-ms", a.budget_ms)) if n for x in (flag, n)]
    if a.report_dir is not None:
        argv += ["--html", a.report_dir.resolve() / f"{name}.html"]
    return [str(x) for x in argv + ["--quick"] * a.quick]


def run_one(name: str, a: argparse.Namespace, screen: Screen, alone: bool) -> dict:
    """The study's figures; `error` in place of them where it did not get that far."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"evaluate-{name}.log"
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, open(log, "w") as out:
        report = Path(folder) / "report.json"
        screen.tell("note", f"{name} begins; its log is {log.relative_to(ROOT)}")
        with subprocess.Popen(command(name, a, report), stdout=subprocess.DEVNULL, text=True, errors="replace",
                              stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"}) as child:
            tail = ""
            for line in child.stderr:
                out.write(line)
                tail = line.strip() or tail
                if alone and tail:
                    screen.tell("dim", tail)
        took = time.monotonic() - began
        if not report.exists():
            screen.tell("bad", f"{name} failed after {took:.0f} s: {tail}")
            return {"error": tail, "ok": False}
        if a.report_dir is not None:
            (a.report_dir / f"{name}.json").write_text(report.read_text())
        figures = json.loads(report.read_text())
    screen.tell("good" if figures["ok"] else "bad", f"{name} took {took:.0f} s"
                + "".join(f"; not held: {b}" for b in figures["bars_broken"]))
    figures[f"{name}_seconds"] = round(took, 1)
    return figures


def merge(results: dict[str, dict]) -> dict:
    merged, broken, missing = {}, [], []
    for name, figures in results.items():
        error = figures.pop("error", None)
        if error is not None:
            missing.append(name)
            merged[f"{name}_error"] = error
        broken += figures.pop("bars_broken", [])
        missing += figures.pop("not_measured", [])
        figures.pop("ok", None)
        merged.update(figures)
    absent = {n for n in missing if "is not at" in merged.get(f"{n}_error", "")}   # a set that is not here is skipped
    measured = [n for n in results if n not in missing]
    merged["ok"] = bool(measured) and not broken and not ((set(results) & set(missing)) - absent)
    merged["bars_broken"] = broken
    merged["not_measured"] = missing
    return merged


def main() -> int:
    a = arguments()
    known = studies()
    if a.name != "all" and a.name not in known:
        print(f"evaluate: there is no study '{a.name}'; there are: all, {', '.join(known)}", file=sys.stderr)
        return 2
    names = [n for n in known if n not in ALONE] if a.name == "all" else [a.name]
    if len(names) > 1 and (a.train or a.test or a.predictions or a.save):
        print("evaluate: --train, --test, --predictions and --save want one study", file=sys.stderr)
        return 2
    if a.report_dir is not None:
        a.report_dir.mkdir(parents=True, exist_ok=True)
    screen = Screen()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        done = {n: pool.submit(run_one, n, a, screen, len(names) == 1) for n in names}
        merged = merge({n: future.result() for n, future in done.items()})
    line = json.dumps(merged)
    if a.report:
        a.report.write_text(line + "\n")
    if not a.json:
        for key, value in merged.items():
            print(f"  {key:<44} {value}")
    print(line)
    return 0 if merged["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
