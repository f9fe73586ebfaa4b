"""One gateway and one hub on one Mosquitto, with sensors beside them: the real programs, for what a fleet's configuration does."""

import json
import math
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import paho.mqtt.client as mqtt

import paths  # noqa: F401
from procs import Process, free_port, wait_for_port

BLOCK_S = 0.2
RATE_HZ = 1000
AGENT_TOML = """[device]
id = "gw-1"
site = "alder"
[broker]
port = {port}
[uplink]
port = {port}
[paths]
state = "{folder}/state"
[model]
bundle = "{folder}/bundle"
[delivery]
enabled = true
root = "{folder}/repository/metadata/1.root.json"
windows_min = 5
time_min_s = 1
[[asset]]
id = "P-1"
area = "hall"
class = "pump"
decision = {{ watch_from = 1.0, warning_from = 1.0, act_from = 1.0 }}
  [[asset.channel]]
  name = "vib"
  unit = "m/s2"
  kind = "samples"
  rate_hz = {rate}
  [[asset.channel]]
  name = "temperature"
  unit = "degC"
  rate_hz = 5
"""


def sample_block(ts_ns: int, seq: int, samples: list[float]) -> bytes:
    """wire.SampleBlock by hand: a sensor need not know our code."""
    data = struct.pack(f"<{len(samples)}f", *samples)
    packed = b"\x0a" + _varint(len(data)) + data
    return (b"\x09" + struct.pack("<q", ts_ns) + b"\x11" + struct.pack("<d", RATE_HZ) + b"\x1a" + _varint(len(packed)) +
            packed + b"\x28" + _varint(seq))


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


class ConfigWorld:
    def __init__(self, cli: str, hub: str, agent: str, make_bundle: str, hub_more: str = ""):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        self.cli_program = cli
        self.port, http = free_port(), free_port()
        self.url = f"http://127.0.0.1:{http}"
        subprocess.run([make_bundle, str(self.folder / "bundle"), "1"], check=True, timeout=60)
        self._make_repository()
        (self.folder / "broker.conf").write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        (self.folder / "hub.toml").write_text(
            f'[broker]\nport = {self.port}\n[http]\nlisten = "127.0.0.1:{http}"\n[store]\npath = "{self.folder}/hub.db"\n'
            f'[delivery]\nrepository = "{self.folder}/repository"\n' + hub_more.replace("WORLD", str(self.folder)))
        (self.folder / "agent.toml").write_text(AGENT_TOML.format(port=self.port, folder=self.folder, rate=RATE_HZ))
        self.broker = self._start("broker", ["mosquitto", "-c", self.folder / "broker.conf"], self.port)
        self.hub = self._start("hub", [hub, "--config", self.folder / "hub.toml"], http)
        self.agent = Process("agent", [agent, "--config", self.folder / "agent.toml"], self.folder / "agent.log").start()
        self.decisions: list[dict] = []
        self._closing = threading.Event()
        self._client = mqtt.Client(client_id="sensors")
        self._client.on_message = lambda _c, _u, m: self.decisions.append(json.loads(m.payload))
        self._client.on_connect = lambda c, *_: c.subscribe("mw/alder/hall/P-1/decision", 1)
        self._client.connect("127.0.0.1", self.port)
        self._client.loop_start()
        self._sensors = threading.Thread(target=self._measure, daemon=True)
        self._sensors.start()

    def _start(self, name: str, argv: list, port: int) -> Process:
        process = Process(name, argv, self.folder / f"{name}.log").start()
        wait_for_port(port, process)
        return process

    def _make_repository(self) -> None:
        key = self.folder / "release.pem"
        self.cli("keys", "make", key)
        roles = [word for role in ("root", "targets", "snapshot", "timestamp") for word in (f"--{role}", key)]
        self.cli("keys", "init-repo", self.folder / "repository", *roles)

    def _measure(self) -> None:
        begin, step = time.time_ns(), 0
        while not self._closing.is_set():
            ts = begin + int(step * BLOCK_S * 1e9)
            samples = [math.sin(0.157 * i) + math.sin(12.9 * (i + step * 200)) for i in range(int(RATE_HZ * BLOCK_S))]
            step += 1
            self._client.publish("mw/alder/hall/P-1/vib", sample_block(ts, step, samples), 1)
            reading = {"ts": ts, "v": 40 + math.sin(step), "seq": step}
            self._client.publish("mw/alder/hall/P-1/temperature", json.dumps(reading), 1)
            self._closing.wait(max(0.0, (begin + step * BLOCK_S * 1e9 - time.time_ns()) / 1e9))

    def close(self) -> None:
        self._closing.set()
        self._sensors.join()
        self._client.loop_stop()
        for process in (self.agent, self.hub, self.broker):
            process.stop()
        self.scratch.cleanup()

    # -- as people do it --------------------------------------------------------------------------------------------

    def cli(self, *words, status: int = 0) -> dict:
        done = subprocess.run([self.cli_program, *map(str, words), "--json"], capture_output=True, text=True, timeout=60)
        assert done.returncode == status, f"{words}: {done.returncode}: {done.stdout} {done.stderr}"
        return json.loads(done.stdout.splitlines()[-1])

    def release(self, version: str, text: str) -> dict:
        source, bundle = self.folder / f"{version}.toml", self.folder / f"config-{version}"
        source.write_text(text)
        self.cli("bundle", "config", source, bundle, "--name", "pumps", "--version", version)
        return self.cli("release", "add", self.folder / "repository", bundle, "--line", "config/pumps", "--key",
                        self.folder / "release.pem")

    def start_rollout(self, target: str) -> str:
        words = ("--hub", self.url, "rollout", "start", target, "--waves", "100%", "--wave-min", "0", "--no-approval")
        return self.cli(*words)["id"]

    def rollout(self, rollout: str, *action) -> dict:
        return self.cli("--hub", self.url, "rollout", *(action or ("show",)), rollout)

    def slot(self) -> dict:
        return self.cli("slot", "--state", self.folder / "state")

    def level(self) -> str:
        return self.decisions[-1]["level"] if self.decisions else ""
