"""./demo: a hub, two plants with a gateway each, their machines, and somebody who breaks things.

    ./demo                                              watch, and take the controls (keys in the terminal)
    ./demo --headless --seconds 180 --report r.json     unattended; exit status 0 only where every bar holds
    ./demo --replay DIR [--train DIR]                   recorded data through the same path
    ./demo --scenario update | bad-model | year         how a new model comes: good, sabotaged, each month for a year
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

import replay
import report
import training
import update
import year
from live import Live
from plants import load_plants, schedule
from report import Bar
from screen import Screen
from world import World

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build/release/bin"
WORK = ROOT / "build/demo"
COMMISSIONING_S = 20.0
SECONDS_DEFAULT = 180
STALL_MS_P999_MAX = 5.0   # above it the machine itself is too unsteady to measure decision times


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./demo", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--headless", action="store_true", help="run unattended for --seconds, then check the books")
    parser.add_argument("--seconds", type=float, help=f"length of an unattended run (default {SECONDS_DEFAULT})")
    parser.add_argument("--report", metavar="FILE", help="write the figures there as one flat JSON object")
    parser.add_argument("--json", action="store_true", help="print them as the last line of standard output")
    parser.add_argument("--uplink-qos", type=int, choices=(1, 2), default=1, help="MQTT QoS between gateway and hub")
    parser.add_argument("--replay", metavar="DIR", help="play recorded data (SKAB's CSV layout or recordings)")
    parser.add_argument("--train", metavar="DIR", help="with --replay: take the training runs from here")
    parser.add_argument("--seed", type=int, default=1, help="of the split and the training of a replay")
    parser.add_argument("--scenario", choices=("update", "bad-model", "year"), help="one story about new models, measured")
    parsed = parser.parse_args()
    if parsed.scenario and parsed.replay:
        parser.error("--scenario and --replay are two runs")
    if parsed.train and not parsed.replay:
        parser.error("--train goes with --replay")
    for flag, folder in (("--replay", parsed.replay), ("--train", parsed.train)):
        if folder and not Path(folder).is_dir():
            parser.error(f"{flag}: there is no folder {folder}")
    if parsed.seconds is not None and parsed.seconds < 40:
        parser.error("--seconds: at least 40, the machines need some of it to learn what is healthy")
    if parsed.seconds is not None and not parsed.headless:
        parser.error("--seconds goes with --headless")
    return parsed


def bars(seconds: float, machines: int, commissioning_s: float) -> list[Bar]:
    """The bars of an unattended run. A short slice has to decide as often per second as the whole run."""
    possible = machines * 5 * (seconds - commissioning_s - 10)
    return [Bar("decisions", low=10_000 if seconds >= 180 else int(possible * 0.7)), Bar("faults_injected", low=4),
            Bar("faults_undetected", high=0), Bar("lead_time_s_min", low=0.001), Bar("false_alarms_on_healthy", high=0),
            Bar("outage_seconds", low=20), Bar("events_accepted", low=1), Bar("events_difference", low=0, high=0),
            Bar("events_lost", high=0), Bar("events_duplicated", high=0), Bar("telemetry_gap_s", high=0),
            Bar("decision_ms_p999", high=10), Bar("rss_mb", high=40), Bar("programs_ended", high=0)]


def run(options: argparse.Namespace, screen: Screen) -> int:
    seconds = (options.seconds or SECONDS_DEFAULT) if options.headless else None
    plants = load_plants()
    schedule(plants, seconds or SECONDS_DEFAULT, COMMISSIONING_S)
    world = World(WORK / "run", BIN, Path(), plants, options.uplink_qos, COMMISSIONING_S)
    try:
        world.start_hub()
        screen.line(f"  {'console':<18} {world.console_url}", "good")
        models = training.demo_models(BIN, WORK, screen)
        world.bundle = models.base
        live = Live(world, screen, seconds, models)
        live.start()
        live.watch()
        return finish(live, options, screen)
    finally:
        screen.clear_status()
        world.stop()


def finish(live: Live, options: argparse.Namespace, screen: Screen) -> int:
    figures = live.close_books()
    if not options.headless:
        account(figures, screen)
        report.deliver(figures, options.json, options.report)
        return 0
    not_measured = ["decision_ms_p999"] if figures["stall_ms_p999"] > STALL_MS_P999_MAX else []
    machines = sum(len(p.machines) for p in live.world.plants)
    broken = report.judge(figures, bars(live.seconds, machines, live.world.commissioning_s), not_measured)
    account(figures, screen)
    for bar in broken:
        screen.line(f"  BROKEN  {bar}", "bad")
    report.deliver(figures, options.json, options.report)
    return 0 if figures["ok"] else 1


def account(f: dict, screen: Screen) -> None:
    screen.clear_status()
    screen.line()
    screen.line(f"  decisions   {f['decisions']}; sensor to decision p50 {f['decision_ms_p50']} ms, "
                f"p99.9 {f['decision_ms_p999']} ms (the machine itself stalls {f['stall_ms_p999']} ms)")
    screen.line(f"  faults      {f['faults_detected']} of {f['faults_injected']} told before the failure, the latest "
                f"{f['lead_time_s_min']} s before it; {f['false_alarms_on_healthy']} false alarms; "
                f"a plain threshold told {f['threshold_detected']}")
    screen.line(f"  link        cut for {f['outage_seconds']} s")
    screen.line(f"  events      {f['events_accepted']} accepted, {f['events_in_hub']} in the hub, {f['events_lost']} lost, "
                f"{f['events_duplicated']} twice; telemetry missing: {f['telemetry_gap_s']} s")


def main() -> int:
    options = arguments()
    if os.environ.get("MW_ARGUMENTS_ONLY"):
        return 0
    screen = Screen()
    # A terminal that closes and a service manager that stops end the run as Ctrl-C does: orderly.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    started = time.monotonic()
    try:
        if options.replay:
            return replay.run(options, screen, BIN, WORK)
        if options.scenario == "year":
            return year.run(options, screen)
        if options.scenario:
            return update.Scenario(options, screen, BIN, WORK).run()
        return run(options, screen)
    except KeyboardInterrupt:
        screen.line("stopped; nothing is left running", "dim")
        return 130
    except RuntimeError as error:
        screen.clear_status()
        screen.line(f"demo: {error}", "bad")
        if options.headless:
            report.deliver({"ok": False, "error": str(error)[:2000], "seconds": round(time.monotonic() - started, 1),
                            "not_measured": []}, options.json, options.report)
        return 1


if __name__ == "__main__":
    sys.exit(main())
