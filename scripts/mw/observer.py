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


class Observer:
    """One plant. `on_decision(site, asset, decision, level_before)` is called for every scored window, on the
    observer's own thread."""

    def __init__(self, site: str, port: int, on_decision, on_gateway=None):
        self.site = site
        self.assets: dict[str, AssetView] = {}
        self.latencies_ms: list[float] = []
        self.heartbeats = 0
        self.rejected = 0
        self.gateway: dict = {}
        self._on_decision = on_decision
        self._on_gateway = on_gateway
        self._lock = threading.Lock()
        self._client = mqtt.Client(client_id=f"observer-{site}", clean_session=False)
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
