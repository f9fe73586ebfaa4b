"""./check: everything that must hold. Without arguments all parts run, the long ones as short slices; a part that is
named runs alone and in full. The last line is "N passed, N failed" (and N skipped, where there are any); with --json
one flat JSON object comes after it."""

import argparse
import signal
import sys
import time

import report
from parts import PARTS, Context, Outcome, build_ahead
from screen import Screen


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./check", description=__doc__)
    for part in PARTS:
        if part.count:
            parser.add_argument(f"--{part.name}", metavar="N", type=positive, nargs="?", const=part.count,
                                help=f"only this: {part.what} (N: {part.count} where it is not told)")
        else:
            parser.add_argument(f"--{part.name}", action="store_true", help=f"only this: {part.what}")
    parser.add_argument("--long", action="store_true", help="soak: the long parts run for as long as a shift")
    parser.add_argument("--json", action="store_true", help="print the figures as the last line of standard output")
    parser.add_argument("--report", metavar="FILE", help="write the figures there")
    return parser.parse_args()


def main() -> int:
    options = arguments()
    screen = Screen()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    named = [p for p in PARTS if getattr(options, p.name)]
    chosen = named or [p for p in PARTS if not p.only_named]
    if named and not any(p.name == "build" for p in named):
        chosen = [p for p in PARTS if p in named or (p.name == "build" and any(n.needs_build for n in named))]
    counts = {p.name: getattr(options, p.name) for p in named if p.count}
    context = Context(screen, full=bool(named), long=options.long, counts=counts)
    started = time.monotonic()
    outcomes: dict[str, Outcome] = {}
    try:
        for index, part in enumerate(chosen):
            if part.waits and not named and not context.ahead:
                context.ahead = build_ahead()
            outcomes[part.name] = run_part(part, index, len(chosen), context, screen)
            if part.name == "build" and outcomes["build"].failed:
                break
    except KeyboardInterrupt:
        screen.clear_status()
        return 130
    finally:
        if context.ahead:
            context.ahead.stop()
    figures = collect(outcomes, single=len(named) == 1, seconds=time.monotonic() - started)
    report.deliver(figures, False, options.report)
    summary(outcomes, figures, screen)
    if options.json:
        report.deliver(figures, True, None)
    return 0 if figures["ok"] else 1


def run_part(part, index: int, count: int, context: Context, screen: Screen) -> Outcome:
    screen.bar(f"{index + 1}/{count} {part.name}", index, count, part.what)
    started = time.monotonic()
    try:
        outcome = part.run(context)
    except (OSError, RuntimeError, ValueError) as error:
        outcome = Outcome(failed=1, notes=[f"{type(error).__name__}: {error}"])
    outcome.seconds = time.monotonic() - started
    screen.clear_status()
    word = "FAILED" if outcome.failed else "skipped" if not outcome.passed else "ok"
    kind = "bad" if outcome.failed else "dim" if not outcome.passed else "good"
    counts = f"{outcome.passed} passed, {outcome.failed} failed" + (f", {outcome.skipped} skipped" if outcome.skipped else "")
    screen.line(f"  {part.name:<12} {word:<8} {outcome.seconds:6.0f} s   {counts}", kind)
    for note in outcome.notes:
        screen.line(f"      {note}", "bad" if outcome.failed else "dim")
    return outcome


def collect(outcomes: dict[str, Outcome], single: bool, seconds: float) -> dict:
    """All parts' figures in one flat object; a part that was run alone keeps its own names."""
    figures: dict = {}
    not_measured: set[str] = set()
    for name, outcome in outcomes.items():
        for key, value in outcome.figures.items():
            if key == "not_measured":
                not_measured |= set(value if single else [f"{name}_{v}" for v in value])
            elif key != "ok":
                figures[key if single else f"{name}_{key}"] = value
        if not single:
            figures[f"{name}_s"] = round(outcome.seconds, 1)
    figures |= {"passed": sum(o.passed for o in outcomes.values()), "failed": sum(o.failed for o in outcomes.values()),
                "skipped": sum(o.skipped for o in outcomes.values()), "seconds": round(seconds, 1),
                "parts_failed": [n for n, o in outcomes.items() if o.failed], "not_measured": sorted(not_measured)}
    figures["ok"] = figures["failed"] == 0 and figures["passed"] > 0
    return figures


def summary(outcomes: dict[str, Outcome], figures: dict, screen: Screen) -> None:
    screen.line(f"  {len(outcomes)} parts in {figures['seconds'] / 60:.1f} minutes; logs in build/logs")
    skipped = f", {figures['skipped']} skipped" if figures["skipped"] else ""
    print(f"{figures['passed']} passed, {figures['failed']} failed{skipped}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
