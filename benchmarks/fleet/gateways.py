"""Gateways that are not there, as the hub sees them: a birth, what they watch, then health and features at a steady pace.
Spread over a few connections; each keeps its own sequence numbers, so that the hub's books must close.

    gateways.py --port PORT --devices N --period-s S    tells "born" on standard output, then sends until its input ends
"""

import argparse
import select
import sys
import time
from pathlib import Path

import paho.mqtt.client as mqtt

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts/mw"))
from wire import event_messages  # noqa: E402

wire = event_messages()

MACHINES = 2
STEPS = 5
ALARM_EACH = 50          # one gateway of so many has an alarm that is open
SITES = 120              # more than the hub gives a label of their own
MODELS = 12
HEALTH, FEATURES, ALARM = 1, 2, 0


def name_of(index: int) -> str:
    return f"gw-{index:06d}"


def site_of(index: int) -> str:
    return f"site-{index % SITES:03d}"


def machine_of(index: int, number: int) -> str:
    return f"M-{index:06d}-{number}"


class Gateway:
    def __init__(self, index: int):
        self.index, self.name, self.site = index, name_of(index), site_of(index)
        self.model = f"model-{index % MODELS}"
        self.epoch = 1 + index
        self.seq = {ALARM: 0, HEALTH: 0, FEATURES: 0}

    def _batch(self):
        return wire.EventBatch(device=self.name, epoch=self.epoch, site=self.site, wire_version=1, sent_ns=time.time_ns())

    def _event(self, batch, lane: int):
        self.seq[lane] += 1
        return batch.events.add(lane=lane, seq=self.seq[lane], ts_ns=time.time_ns())

    def birth(self) -> bytes:
        """What it watches; of some gateways an alarm."""
        batch = self._batch()
        for number in range(MACHINES):
            info = self._event(batch, HEALTH).asset_info
            info.asset, info.area, info.name = machine_of(self.index, number), f"hall-{self.index % 7}", f"Pump {number}"
            info.classes.extend(["healthy", "outer_race"])
            info.watch_from, info.warning_from, info.act_from, info.machine_class = 0.5, 0.7, 0.9, "pump"
            info.channels.add(name="vib", unit="m/s2", kind="samples", rate_hz=1000)
        if self.index % ALARM_EACH == 0:
            event = self._event(batch, ALARM)
            alarm = event.alarm
            alarm.asset, alarm.area, alarm.alarm_key = machine_of(self.index, 0), f"hall-{self.index % 7}", f"{self.name}-{event.ts_ns}"
            alarm.level, alarm.fault, alarm.score, alarm.model_name = wire.LEVEL_WARNING, "outer_race", 0.83, self.model
        return batch.SerializeToString()

    def telemetry(self) -> bytes:
        batch = self._batch()
        now = time.time_ns()
        health = self._event(batch, HEALTH).health
        health.uptime_s, health.rss_bytes, health.decisions = now / 1e9 % 1e6, 36_000_000 + self.index, now // 10**9
        health.decision_ms_p50, health.decision_ms_p99, health.decision_ms_p999 = 0.4, 1.0 + self.index % 50 / 10, 4.0
        health.outbox_records, health.model_name, health.agent_version = self.index % 40, self.model, "simulated"
        for number in range(MACHINES):
            steps = self._event(batch, FEATURES).features
            steps.asset, steps.area = machine_of(self.index, number), f"hall-{self.index % 7}"
            steps.ts_ns.extend(now - (STEPS - 1 - i) * 10**9 for i in range(STEPS))
            steps.score.extend([0.05 + self.index % 90 / 100] * STEPS)
            steps.level.extend([wire.LEVEL_NONE] * STEPS)
            steps.state.extend([wire.STATE_RUNNING] * STEPS)
            steps.fault.extend([0] * STEPS)
            steps.signals.extend(1.0 + i / 10 for i in range(STEPS))
            steps.signal_names.append("vib.velocity_rms")
            steps.signal_units.append("mm/s")
        return batch.SerializeToString()


class Link:
    """One connection to the broker. What it may still send is limited by what the broker has not confirmed."""
    UNCONFIRMED_MAX = 500

    def __init__(self, number: int, port: int):
        self.sent = self.confirmed = 0
        self._client = mqtt.Client(client_id=f"gateways-{number}", clean_session=True)
        self._client.max_inflight_messages_set(self.UNCONFIRMED_MAX)
        self._client.on_publish = self._on_publish
        self._client.connect("127.0.0.1", port, keepalive=60)
        self._client.loop_start()

    def _on_publish(self, *_) -> None:
        self.confirmed += 1

    def send(self, topic: str, payload: bytes, retain: bool = False) -> None:
        while self.sent - self.confirmed >= self.UNCONFIRMED_MAX:
            time.sleep(0.002)
        self.sent += 1
        self._client.publish(topic, payload, qos=1, retain=retain)

    def drain(self) -> None:
        while self.confirmed < self.sent:
            time.sleep(0.01)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--devices", type=int, required=True)
    parser.add_argument("--period-s", type=float, required=True, help="a gateway's telemetry")
    options = parser.parse_args()
    links = [Link(i, options.port) for i in range(4)]
    fleet = [Gateway(i) for i in range(options.devices)]
    for gateway in fleet:
        link = links[gateway.index % len(links)]
        link.send(f"mw/v1/{gateway.name}/status", b'{"online":true,"site":"%s","version":"simulated"}' % gateway.site.encode(), True)
        link.send(f"mw/v1/{gateway.name}/events", gateway.birth())
    for link in links:
        link.drain()
    print("born", flush=True)
    began, sent = time.monotonic(), 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        due = int((time.monotonic() - began) / options.period_s * len(fleet))
        for _ in range(min(due - sent, 200)):
            gateway = fleet[sent % len(fleet)]
            links[gateway.index % len(links)].send(f"mw/v1/{gateway.name}/telemetry", gateway.telemetry())
            sent += 1
        if sent >= due:
            time.sleep(0.005)
    print(f"sent {sent} behind {max(0, due - sent)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
