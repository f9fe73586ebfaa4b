"""Listens to what a plant's controllers would listen to: decisions and gateway states on the gateway's own broker."""

import json
import threading
import time
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt

ALARM_LEVELS = {"watch": 1, "warning": 2, "act": 3}


@dataclass
class AssetView:
    last: dict = field(default_factory=dict)
    level: int = 0
    decisions: int = 0
    seq: int = 0
    learned: bool = False
    model: str = ""            # hash of the model that decided last
    step_end: int = 0          # of the last window, data time; 0: none, or the machine did not run
    decided_at: int = 0        # when that was told, ns
    windows: int = 0           # that were decided while the machine ran
    missed: int = 0            # windows between two decisions of a running machine that nobody decided
    twice: int = 0
    silent_s: int = 0          # whole seconds without a decision while it ran
    switches: int = 0          # of the model that decides


class Observer:
    """One plant. `on_decision(site, asset, decision, level_before)` is called for every scored window, on the
    observer's own thread."""

    def __init__(self, site: str, port: int, account: tuple[str, str], on_decision, on_gateway=None, step_ms: float = 0.0):
        self.site = site
        self._step_ns = int(step_ms * 1e6)   # 0: windows are not counted
        self.assets: dict[str, AssetView] = {}
        self.latencies_ms: list[float] = []
        self.heartbeats = 0
        self.rejected = 0
        self.gateway: dict = {}
        self._on_decision = on_decision
        self._on_gateway = on_gateway
        self._lock = threading.Lock()
        self._client = mqtt.Client(client_id=f"observer-{site}", clean_session=False)
        self._client.username_pw_set(*account)
        self._client.on_connect = self._connected
        self._client.on_message = self._message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port, keepalive=30)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def decisions(self) -> int:
        return sum(a.decisions for a in list(self.assets.values()))

    def take_latencies(self) -> list[float]:
        with self._lock:
            return list(self.latencies_ms)

    def _connected(self, client, _userdata, _flags, _rc) -> None:
        client.subscribe([(f"mw/{self.site}/+/+/decision", 1), (f"mw/{self.site}/gateways/+/status", 1)])

    def _message(self, _client, _userdata, message) -> None:
        try:
            body = json.loads(message.payload)
        except ValueError:
            self.rejected += 1
            return
        if message.topic.endswith("/status"):
            self.gateway = body
            if self._on_gateway:
                self._on_gateway(self.site, body)
            return
        self._decision(body, message.retain)

    def _decision(self, body: dict, retained: bool) -> None:
        view = self.assets.setdefault(body["asset"], AssetView())
        before, view.last = view.level, body
        view.level = ALARM_LEVELS.get(body.get("level"), 0)
        view.learned = view.learned or body.get("state") == "running"
        if retained:
            return
        if body.get("heartbeat"):
            self.heartbeats += 1
            return
        if self._step_ns:
            _count_window(view, body, self._step_ns)
        if body.get("state") != "learning" and body.get("score") is not None:
            view.decisions += 1
            view.seq = body.get("seq", 0)
            with self._lock:
                # From the reading's departure to the decision's, both stamped at their source on this machine.
                self.latencies_ms.append((body["ts"] - body["sensor_ts"]) / 1e6)
        self._on_decision(self.site, body["asset"], body, before)


def wait_until(condition, wait_s: float, step_s: float = 0.1) -> bool:
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(step_s)
    return bool(condition())


def _count_window(view: AssetView, body: dict, step_ns: int) -> None:
    """Steps follow each other without a hole while a machine runs; a decision each, whichever model makes it."""
    if body.get("state") != "running":
        view.step_end = 0
        return
    step_end, at = body["step_end"], body["ts"]
    if view.step_end:
        steps = round((step_end - view.step_end) / step_ns)
        view.missed += max(0, steps - 1)
        view.twice += steps < 1
        view.silent_s += max(0, at - view.decided_at) // 1_000_000_000
    view.windows += 1
    view.switches += bool(view.model) and view.model != body["model_hash"]
    view.step_end, view.decided_at, view.model = step_end, at, body["model_hash"]
