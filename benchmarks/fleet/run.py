#!/usr/bin/env python3
"""Ten thousand gateways on one hub: what Prometheus scrapes, how fast one gateway is looked up, what the hub needs.

    ./bench fleet [--quick | --long] [--devices N] [--seconds S] [--build DIR] [--json]

One Mosquitto, one hub program on SQLite, simulated gateways with two machines each at 120 sites, every one with health and
features each 30 s (./bench fleet --long: 100,000 gateways). Once all are known, /metrics is scraped each second and random
gateways are looked up over HTTP while the telemetry goes on. With --json the last line is one flat object; what misses its
bar stands in `bars_broken`."""

import argparse
import http.client
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT / "scripts/mw"), str(HERE)]
import report  # noqa: E402
from gateways import MACHINES, machine_of, name_of, site_of  # noqa: E402
from procs import Family, Process, free_port, wait_for_port  # noqa: E402
from report import Bar  # noqa: E402

PLANS = {"full": (10_000, 90.0), "quick": (500, 15.0), "long": (100_000, 300.0)}
PERIOD_S = 30.0
LOOK_UPS_PER_S = 50
BARS = [Bar("series", low=1, high=5000), Bar("scrape_ms", high=100), Bar("drilldown_ms_p99", high=50),
        Bar("hub_rss_mb", high=1000), Bar("gateways_missing", high=0), Bar("drilldowns_wrong", high=0),
        Bar("behind_at_end", high=0)]
BROKER = """listener {port} 127.0.0.1
allow_anonymous true
persistence false
log_dest none
max_inflight_messages 200
max_queued_messages 1000000
max_queued_bytes 536870912
"""


def say(text: str) -> None:
    print(f"fleet: {time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def build(folder: Path | None) -> Path:
    if folder is not None:
        return folder.resolve()
    subprocess.run([ROOT / "scripts/build.sh", "release", "millwright-hub"], check=True, stdout=sys.stderr)
    return ROOT / "build/release"


class Hub:
    """Broker and hub, and questions over connections that stay open."""

    def __init__(self, folder: Path, bin_dir: Path):
        self.family = Family()
        self.port, self.http = free_port(), 0
        config = folder / "broker.conf"
        config.write_text(BROKER.format(port=self.port))
        broker = self.family.add(Process("broker", ["mosquitto", "-c", config], folder / "broker.log"))
        wait_for_port(self.port, broker)
        self.http = free_port()
        config = folder / "hub.toml"
        config.write_text(f"""[broker]\nport = {self.port}\n[http]\nlisten = "127.0.0.1:{self.http}"
[store]\npath = "{folder / 'hub.db'}"\n[freshness]\ntelemetry_period_s = {PERIOD_S}\n""")
        self.process = self.family.add(Process("hub", [bin_dir / "millwright-hub", "--config", config], folder / "hub.log"))
        wait_for_port(self.http, self.process)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.http, timeout=30)

    def stop(self) -> None:
        self.family.stop_all(10)


def ask(connection: http.client.HTTPConnection, path: str) -> tuple[bytes, float]:
    """(body, seconds)."""
    began = time.monotonic()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    took = time.monotonic() - began
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {body[:200]!r}")
    return body, took


def value(metrics: str, name: str, labels: str = "") -> float:
    """The sum of a family's series whose labels hold the text."""
    return sum(float(line.rsplit(" ", 1)[1]) for line in metrics.splitlines()
               if re.match(rf"{name}(\{{|\s)", line) and labels in line)


class LookUps(threading.Thread):
    """A gateway and one of its machines, at random, at a steady pace."""

    def __init__(self, hub: Hub, devices: int):
        super().__init__(daemon=True)
        self._hub, self._devices = hub, devices
        self._ending = threading.Event()
        self._dice = random.Random(7)
        self.took: list[float] = []
        self.wrong = 0
        self.error = ""

    def run(self) -> None:
        connection = self._hub.connection()
        began = time.monotonic()
        try:
            while not self._ending.is_set():
                self._look(connection)
                self._ending.wait(max(0.0, began + len(self.took) / LOOK_UPS_PER_S - time.monotonic()))
        except (OSError, RuntimeError, ValueError, http.client.HTTPException) as error:
            self.error = f"looking up a gateway: {error}"

    def _look(self, connection: http.client.HTTPConnection) -> None:
        index = self._dice.randrange(self._devices)
        body, took = ask(connection, f"/api/v1/devices/{name_of(index)}")
        self.took.append(took)
        seen = json.loads(body)
        right = seen["device"]["site"] == site_of(index) and len(seen["machines"]) == MACHINES
        body, took = ask(connection, f"/api/v1/machines/{site_of(index)}/{machine_of(index, 0)}")
        self.took.append(took)
        self.wrong += not (right and json.loads(body)["device"] == name_of(index))

    def stop(self) -> None:
        self._ending.set()
        self.join(30)


class Gateways:
    """The program that plays them: apart, so that its work does not count as the hub's time to answer."""

    def __init__(self, port: int, devices: int, log: Path):
        self._log = open(log, "w")
        self._child = subprocess.Popen([sys.executable, HERE / "gateways.py", "--port", str(port), "--devices", str(devices),
                                        "--period-s", str(PERIOD_S)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=self._log, text=True)

    def wait_born(self) -> None:
        if self._child.stdout.readline().strip() != "born":
            raise RuntimeError("the simulated gateways ended early")

    def stop(self) -> tuple[int, int]:
        """(batches sent, batches that were due and not sent)."""
        out, _ = self._child.communicate("\n", timeout=120)
        self._log.close()
        match = re.search(r"sent (\d+) behind (\d+)", out)
        if not match:
            raise RuntimeError("the simulated gateways ended early")
        return int(match[1]), int(match[2])

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()


def wait_known(hub: Hub, devices: int, limit_s: float) -> float:
    """Until the hub's own figures tell every gateway as heard and every machine as shown."""
    began = time.monotonic()
    connection = hub.connection()
    while True:
        metrics = ask(connection, "/metrics")[0].decode()
        known = value(metrics, "millwright_fleet_gateways", 'state="online"')
        healthy = value(metrics, "millwright_fleet_machines", 'state="healthy"')
        if known >= devices and healthy >= devices * MACHINES:
            return time.monotonic() - began
        if time.monotonic() - began > limit_s:
            raise TimeoutError(f"the hub knows {known:.0f} of {devices} gateways and {healthy:.0f} machines")
        time.sleep(2)


def measure(options: argparse.Namespace, folder: Path, devices: int, seconds: float) -> dict:
    hub = Hub(folder, build(options.build) / "bin")
    gateways = Gateways(hub.port, devices, folder / "gateways.log")
    figures: dict = {"devices": devices, "machines": devices * MACHINES, "telemetry_period_s": PERIOD_S, "store": "sqlite"}
    try:
        gateways.wait_born()
        say(f"{devices} gateways are born")
        figures["known_s"] = round(wait_known(hub, devices, 300 + devices / 50), 1)
        say("all are heard, and so are their machines")
        look_ups = LookUps(hub, devices)
        look_ups.start()
        connection = hub.connection()
        scrapes: list[float] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until and not look_ups.error:
            body, took = ask(connection, "/metrics")
            scrapes.append(took)
            time.sleep(max(0.0, 1.0 - took))
        look_ups.stop()
        if look_ups.error:
            raise RuntimeError(look_ups.error)
        metrics = body.decode()
        sent, behind = gateways.stop()
        scrapes.sort()
        took = sorted(look_ups.took)
        figures |= {
            "series": sum(1 for line in metrics.splitlines() if line and not line.startswith("#")),
            "scrapes": len(scrapes), "scrape_ms": round(1e3 * report.percentile(scrapes, 0.99), 1),
            "scrape_ms_p50": round(1e3 * report.percentile(scrapes, 0.5), 1), "scrape_bytes": len(body),
            "fleet_refresh_ms": round(1e3 * value(metrics, "millwright_fleet_refresh_seconds"), 1),
            "drilldowns": len(took), "drilldowns_wrong": look_ups.wrong,
            "drilldown_ms_p50": round(1e3 * report.percentile(took, 0.5), 2),
            "drilldown_ms_p99": round(1e3 * report.percentile(took, 0.99), 2),
            "gateways_missing": devices - int(value(metrics, "millwright_fleet_gateways", 'state="online"')),
            "batches": sent, "behind_at_end": behind, "hub_rss_mb": round(hub.process.sample_rss(), 1)}
    finally:
        gateways.kill()
        hub.stop()
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="./bench fleet", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="500 gateways: half a minute")
    size.add_argument("--long", action="store_true", help="100,000 gateways")
    parser.add_argument("--devices", type=int, help="simulated gateways")
    parser.add_argument("--seconds", type=float, help="how long is measured")
    parser.add_argument("--build", type=Path, help="a folder that is built; nothing is built")
    parser.add_argument("--json", action="store_true", help="the figures as the last line of standard output")
    options = parser.parse_args()
    devices, seconds = PLANS["quick" if options.quick else "long" if options.long else "full"]
    devices, seconds = options.devices or devices, options.seconds or seconds
    folder = Path(tempfile.mkdtemp(prefix="mw-fleet-"))
    began = time.monotonic()
    try:
        figures = measure(options, folder, devices, seconds)
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        figures = {"failed": str(error)}
        say(str(error))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures["seconds"] = round(time.monotonic() - began, 1)
    broken = report.judge(figures, BARS, [])
    for key, what in figures.items():
        if not isinstance(what, list):
            print(f"  {key:<22} {what}")
    for what in broken:
        print(f"  does not hold: {what}")
    if options.json:
        report.deliver(figures, True, None)
    return 0 if figures["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
