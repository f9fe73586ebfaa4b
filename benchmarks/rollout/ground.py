"""What the fleet stands on: one broker, one hub program, signed releases, and real agents with a feeder for their
sensors. Plain listeners on the loopback: identity is measured elsewhere."""

import json
import math
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import paho.mqtt.client as mqtt

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts/mw"))
from observer import wait_until
from procs import Family, Process, free_port, wait_for_port
from releases import Releases
from wire import messages

SITES = 40
RATE_HZ = 1000           # of the test bundles' vibration; a block is a second long
FEEDER_STEP_S = 1.0
# The limits that `millwright mosquitto-config` sets.
BROKER = """listener {port} 127.0.0.1
allow_anonymous true
{user}persistence false
log_dest stdout
log_type error
log_type warning
set_tcp_nodelay true
max_inflight_messages 200
max_queued_messages 100000
max_queued_bytes 536870912
max_packet_size 4194304
"""


class Ground:
    def __init__(self, folder: Path, bin_dir: Path):
        self.folder, self.bin_dir = folder, bin_dir
        self.family = Family()
        self.releases = Releases(folder / "hub", bin_dir)
        self.port, self._http = free_port(), 0
        self.agents: list[RealAgent] = []
        self._feeder: Feeder | None = None

    def start(self) -> None:
        (self.folder / "hub").mkdir(parents=True)
        self._start_broker("broker", self.port)
        self.releases.make()
        self._http = free_port()
        config = self.folder / "hub.toml"
        config.write_text(f"""[broker]\nport = {self.port}\n[http]\nlisten = "127.0.0.1:{self._http}"
[store]\npath = "{self.folder / 'hub' / 'hub.db'}"\n[delivery]\nrepository = "{self.releases.folder}"\n""")
        self.hub = self.family.add(Process("hub", [self.bin_dir / "millwright-hub", "--config", config], self.folder / "logs/hub.log"))
        wait_for_port(self._http, self.hub)

    def _start_broker(self, name: str, port: int) -> None:
        config = self.folder / f"{name}.conf"
        config.write_text(BROKER.format(port=port, user="user root\n" if os.geteuid() == 0 else ""))
        broker = self.family.add(Process(name, ["mosquitto", "-c", config], self.folder / f"logs/{name}.log"))
        wait_for_port(port, broker)

    def start_agents(self, count: int, bundle: Path) -> None:
        """Each with a state of its own; one broker stands for all their own brokers."""
        if count == 0:
            return
        port = free_port()
        self._start_broker("plant-broker", port)
        self._feeder = Feeder(port, count)
        self._feeder.start()
        for number in range(count):
            agent = RealAgent(number, self.folder / "agents", self.port, port, self.releases.root, bundle)
            agent.process = self.family.add(Process(
                agent.device, [self.bin_dir / "millwright-agent", "--config", agent.config],
                self.folder / f"logs/{agent.device}.log", nice=10))
            self.agents.append(agent)
            time.sleep(0.05)

    def stop(self) -> None:
        if self._feeder:
            self._feeder.stop()
        self.family.stop_all(2)

    # -- the hub's API ---------------------------------------------------------------------------------------

    def get(self, path: str) -> dict:
        return self._call(urllib.request.Request(f"http://127.0.0.1:{self._http}/api/v1/{path}"))

    def post(self, path: str, body: dict) -> dict:
        return self._call(urllib.request.Request(f"http://127.0.0.1:{self._http}/api/v1/{path}",
                                                 json.dumps(body).encode(), {"Content-Type": "application/json"}))

    @staticmethod
    def _call(request: urllib.request.Request) -> dict:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"the hub refused {request.full_url}: {error.read()[:300]!r}") from None

    def brief(self, rollout: str) -> dict:
        """A rollout without its members."""
        return next(r for r in self.get("rollouts")["rollouts"] if r["id"] == rollout)


class RealAgent:
    def __init__(self, number: int, folder: Path, hub_port: int, plant_port: int, root: Path, bundle: Path):
        self.device, self.asset = f"real-{number:03d}", f"P-{number:03d}"
        self.state = folder / self.device
        self.state.mkdir(parents=True)
        self.config = self.state / "agent.toml"
        self.process: Process | None = None
        self.config.write_text(f"""[device]\nid = "{self.device}"\nsite = "real"
[broker]\nport = {plant_port}\n[uplink]\nport = {hub_port}\ntelemetry_flush_ms = 10000
[paths]\nstate = "{self.state}"\n[model]\nbundle = "{bundle}"
[delivery]\nenabled = true\nroot = "{root}"\nblock_bytes = 65536\nwindows_min = 5\ntime_min_s = 2\n
[[asset]]\nid = "{self.asset}"\narea = "hall"\nmachine = {{ shaft_hz = 25.0, bpfo = 3.5 }}
  [[asset.channel]]\n  name = "vib"\n  unit = "m/s2"\n  kind = "samples"\n  rate_hz = {RATE_HZ}
  [[asset.channel]]\n  name = "temperature"\n  unit = "degC"\n  rate_hz = 1
""")

    def serving(self, bin_dir: Path) -> str:
        """The digest of the bundle that decides, as its own disk says; "" while it is the one that it came with."""
        done = subprocess.run([bin_dir / "millwright", "slot", "--state", self.state, "--json"], capture_output=True,
                              text=True, timeout=20)
        return json.loads(done.stdout.splitlines()[-1]).get("serving", "") if done.stdout.strip() else ""


class Feeder(threading.Thread):
    """Sensors of all the real agents' machines: a steady hum, and a temperature."""

    def __init__(self, port: int, machines: int):
        super().__init__(name="feeder", daemon=True)
        self._machines = machines
        self._ending = threading.Event()
        self._messages = messages("sample")
        self._client = mqtt.Client(client_id="feeder")
        self._client.max_inflight_messages_set(1000)
        self._client.connect("127.0.0.1", port, keepalive=60)

    def run(self) -> None:
        self._client.loop_start()
        wave = [math.sin(2 * math.pi * 25 * i / RATE_HZ) + 0.2 * ((i * 7919) % 1000) / 1000 for i in range(RATE_HZ)]
        seq, at = 0, time.time()
        while not self._ending.wait(max(0.0, at + FEEDER_STEP_S - time.time())):
            first, at, seq = int(at * 1e9), at + FEEDER_STEP_S, seq + 1
            block = self._messages.SampleBlock(ts_ns=first, rate_hz=RATE_HZ, seq=seq, sent_ns=time.time_ns())
            block.f32.v.extend(wave)
            payload = block.SerializeToString()
            reading = json.dumps({"ts": first, "v": 40 + 0.01 * (seq % 50), "seq": seq, "sent": time.time_ns()})
            for number in range(self._machines):
                head = f"mw/real/hall/P-{number:03d}"
                self._client.publish(f"{head}/vib", payload, qos=1)
                self._client.publish(f"{head}/temperature", reading, qos=1)

    def stop(self) -> None:
        self._ending.set()
        self.join(5)
        self._client.loop_stop()
