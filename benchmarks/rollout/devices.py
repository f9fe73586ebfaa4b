"""Gateways that are not there: each with its own state, speaking the Jobs and file-stream contracts
(docs/formats/delivery.md) as a gateway does. Some hundred of them share a connection; what comes for one that is
offline is thrown away, as a broker would whose session has ended. A trial goes on while the link is away."""

import base64
import hashlib
import heapq
import json
import random
import threading
import time

import paho.mqtt.client as mqtt

PREFIX = "$aws/things"
PATIENCE_S = 10.0        # then a question or a report is sent again, as by a real gateway
BLOCK_BYTES = 65536
SHADOW_S, PROBATION_S = (0.3, 1.5), (0.5, 2.5)
SUBSCRIPTIONS = ("jobs/notify-next", "jobs/$next/get/accepted", "jobs/+/update/+", "streams/+/description/json",
                 "streams/+/data/json")
SUBSCRIBE_AT_ONCE = 100


class Device:
    """One gateway. `serving` is what decides there, `committed` what it would start with, `before` what undo brings
    back; each a bundle's digest."""

    def __init__(self, name: str, site: str, seed: int, base: str):
        self.name, self.site = name, site
        self.dice = random.Random(seed)
        self.online = False
        self.came_online = 0.0
        self.serving = self.committed = base
        self.before = ""
        self.went_back_at = self.online_at_return = 0.0
        self.candidate = ""
        self.decided_with: set[str] = set()
        self.verdict = ("", "")      # on a candidate, by digest
        self.job: dict | None = None
        self.generation = 0          # of the job: timers of an older one do nothing
        self.waiting: dict = {}      # streams: what is still to come
        self.report: dict | None = None
        self.asked_at = 0.0
        self.tokens = 0

    def topic(self, rest: str) -> str:
        return f"{PREFIX}/{self.name}/{rest}"


class Shard(threading.Thread):
    """A connection and its devices; their only thread."""

    def __init__(self, name: str, port: int, devices: list[Device], offline_share: float,
                 away_s: tuple[float, float], outcome):
        super().__init__(name=name, daemon=True)
        self.devices = {d.name: d for d in devices}
        self._outcome = outcome          # (device, digest) -> "good" | "refused" | "rolled_back"
        self._offline_share = offline_share
        self._away_s = away_s            # how long one is offline; how long it is online follows from the share
        self._timers: list = []
        self._order = 0
        self._ending = threading.Event()
        self.received = self.dropped = self.sent = 0
        self._client = mqtt.Client(client_id=name, clean_session=True)
        self._client.max_inflight_messages_set(1000)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda *_: self._subscribe()
        self._client.connect("127.0.0.1", port, keepalive=60)

    # -- the thread ------------------------------------------------------------------------------------------

    def run(self) -> None:
        while not self._ending.is_set():
            self._client.loop(timeout=0.01)
            now = time.monotonic()
            while self._timers and self._timers[0][0] <= now:
                _, _, work = heapq.heappop(self._timers)
                work()
        self._client.disconnect()

    def stop(self) -> None:
        self._ending.set()
        self.join(10)

    def _at(self, seconds: float, work) -> None:
        self._order += 1
        heapq.heappush(self._timers, (time.monotonic() + seconds, self._order, work))

    def _subscribe(self) -> None:
        filters = [(d.topic(rest), 1) for d in self.devices.values() for rest in SUBSCRIPTIONS]
        for first in range(0, len(filters), SUBSCRIBE_AT_ONCE):
            self._client.subscribe(filters[first:first + SUBSCRIBE_AT_ONCE])
        for device in self.devices.values():
            if device.dice.random() < self._offline_share:
                self._tell_status(device)
                self._at(device.dice.uniform(0, self._away_s[1]), lambda d=device: self._come(d))
            else:
                self._come(device)

    def _send(self, topic: str, body: dict, retain: bool = False) -> None:
        self.sent += 1
        self._client.publish(topic, json.dumps(body, separators=(",", ":")), qos=1, retain=retain)

    # -- the link --------------------------------------------------------------------------------------------

    def _tell_status(self, d: Device) -> None:
        self._send(f"mw/v1/{d.name}/status", {"online": d.online, "site": d.site, "version": "simulated"}, retain=True)

    def _come(self, d: Device) -> None:
        d.online, d.came_online = True, time.monotonic()
        self._tell_status(d)
        self._ask(d)
        if d.report:
            self._send_report(d)
        self._ask_again_for_files(d)
        mean_away = sum(self._away_s) / 2
        stays = mean_away * (1 - self._offline_share) / max(self._offline_share, 1e-9)
        self._at(d.dice.uniform(0.5, 1.5) * stays, lambda: self._go(d))

    def _go(self, d: Device) -> None:
        d.online = False
        self._tell_status(d)   # as its last will would
        self._at(d.dice.uniform(*self._away_s), lambda: self._come(d))

    def _on_message(self, _client, _userdata, message) -> None:
        name, kind, rest = message.topic[len(PREFIX) + 1:].split("/", 2)
        device = self.devices[name]
        if not device.online:
            self.dropped += 1
            return
        self.received += 1
        body = json.loads(message.payload)
        if kind == "streams":
            stream, what, _ = rest.split("/")
            (self._description if what == "description" else self._block)(device, stream, body)
        elif rest == "notify-next" or rest == "$next/get/accepted":
            self._next(device, body.get("execution"))
        else:
            self._answered(device, body, accepted=rest.endswith("/accepted"))

    # -- jobs ------------------------------------------------------------------------------------------------

    def _ask(self, d: Device) -> None:
        d.asked_at = time.monotonic()
        self._send(d.topic("jobs/$next/get"), {"clientToken": "next"})
        self._at(PATIENCE_S, lambda: d.online and d.asked_at and time.monotonic() - d.asked_at >= PATIENCE_S
                 and self._ask(d))

    def _next(self, d: Device, execution: dict | None) -> None:
        d.asked_at = 0.0
        if execution is None:
            if d.job and not d.report:
                self._drop_candidate(d)
                d.job, d.generation = None, d.generation + 1
            return
        if d.job and d.job["jobId"] == execution["jobId"]:
            return
        self._drop_candidate(d)
        d.job, d.report, d.generation = execution, None, d.generation + 1
        document = execution["jobDocument"]
        if document["operation"] == "millwright.undo":
            self._undo(d, document)
        elif document["operation"] == "millwright.install":
            self._install(d, document)
        else:
            self._report(d, "REJECTED", "refused", reason="the operation is not known")

    def _report(self, d: Device, status: str, phase: str, **more: str) -> None:
        d.tokens += 1
        d.report = {"job": d.job["jobId"], "body": {
            "status": status, "clientToken": f"r{d.tokens}",
            "statusDetails": {"phase": phase, "serving": d.serving, **more}}}
        self._send_report(d)

    def _send_report(self, d: Device) -> None:
        if not d.online:
            return
        report = d.report
        self._send(d.topic(f"jobs/{report['job']}/update"), report["body"])
        self._at(PATIENCE_S, lambda: d.report is report and self._send_report(d))

    def _answered(self, d: Device, body: dict, accepted: bool) -> None:
        if not d.report or body.get("clientToken") != d.report["body"]["clientToken"]:
            return
        ended = d.report["body"]["status"] != "IN_PROGRESS"
        d.report = None
        if ended:
            d.job = None
        if ended or not accepted:
            self._ask(d)

    # -- taking a model --------------------------------------------------------------------------------------

    def _install(self, d: Device, document: dict) -> None:
        digest = document["bundle"]["digest"]
        if digest == d.committed:
            self._report(d, "SUCCEEDED", "committed", reason="decides already")
            return
        d.candidate = digest
        self._report(d, "IN_PROGRESS", "checking")
        self._fetch(d, document["metadata_stream"], lambda files: self._checked(d, document, files))

    def _checked(self, d: Device, document: dict, files: dict) -> None:
        if not all(json.loads(text)["signatures"] for text in files.values()):
            self._end(d, "refused", "metadata without a signature")
            return
        self._report(d, "IN_PROGRESS", "downloading")
        self._fetch(d, document["pack_stream"], lambda packs: self._loaded(d, document, packs))

    def _loaded(self, d: Device, document: dict, packs: dict) -> None:
        got = hashlib.sha256(packs[document["pack_file"]]).hexdigest()
        if document["pack_stream"] != f"mw-pack-{got[:40]}":
            self._end(d, "refused", "the pack's hash is another one")
            return
        self._report(d, "IN_PROGRESS", "shadow")
        self._later(d, SHADOW_S, lambda: self._shadowed(d))

    def _shadowed(self, d: Device) -> None:
        if self._outcome(d, d.candidate) == "refused":
            self._end(d, "refused", "confidence fell by 0.062 over 212 windows")
            return
        d.serving = d.candidate
        d.decided_with.add(d.serving)
        self._report(d, "IN_PROGRESS", "probation")
        self._later(d, PROBATION_S, lambda: self._tried(d))

    def _tried(self, d: Device) -> None:
        if self._outcome(d, d.candidate) == "rolled_back":
            self._end(d, "rolled_back", "confidence fell by 0.051 over 388 windows")
            return
        d.before, d.committed, d.candidate = d.committed, d.candidate, ""
        self._report(d, "SUCCEEDED", "committed")

    def _end(self, d: Device, phase: str, reason: str) -> None:
        self._drop_candidate(d)
        self._report(d, "FAILED", phase, reason=reason)

    def _drop_candidate(self, d: Device) -> None:
        if d.candidate and d.serving == d.candidate:
            d.went_back_at, d.online_at_return = time.monotonic(), d.came_online
        d.serving, d.candidate, d.waiting = d.committed, "", {}

    def _undo(self, d: Device, document: dict) -> None:
        if not d.before:
            self._report(d, "FAILED", "refused", reason="there is no model before this one")
            return
        d.committed, d.before = d.before, ""
        d.serving, d.went_back_at, d.online_at_return = d.committed, time.monotonic(), d.came_online
        self._report(d, "SUCCEEDED", "undone", reason=document["reason"])

    def _later(self, d: Device, span: tuple[float, float], work) -> None:
        generation = d.generation
        self._at(d.dice.uniform(*span), lambda: d.generation == generation and work())

    # -- files -----------------------------------------------------------------------------------------------

    def _fetch(self, d: Device, stream: str, done) -> None:
        d.waiting = {"stream": stream, "sizes": {}, "blocks": {}, "done": done, "at": 0.0}
        self._ask_again_for_files(d)

    def _ask_again_for_files(self, d: Device) -> None:
        waiting = d.waiting
        if not waiting or not d.online:
            return
        waiting["at"] = time.monotonic()
        head = d.topic(f"streams/{waiting['stream']}")
        if not waiting["sizes"]:
            self._send(f"{head}/describe/json", {"c": "d"})
        for file, size in waiting["sizes"].items():
            if len(waiting["blocks"][file]) < _blocks(size):
                self._send(f"{head}/get/json", {"c": "g", "f": file, "l": BLOCK_BYTES, "o": 0, "n": _blocks(size)})
        self._at(PATIENCE_S, lambda: d.waiting is waiting and time.monotonic() - waiting["at"] >= PATIENCE_S
                 and self._ask_again_for_files(d))

    def _description(self, d: Device, stream: str, body: dict) -> None:
        if d.waiting.get("stream") != stream or d.waiting["sizes"]:
            return
        d.waiting["sizes"] = {f["f"]: f["z"] for f in body["r"]}
        d.waiting["blocks"] = {f["f"]: {} for f in body["r"]}
        self._ask_again_for_files(d)

    def _block(self, d: Device, stream: str, body: dict) -> None:
        waiting = d.waiting
        if waiting.get("stream") != stream or body["f"] not in waiting["sizes"]:
            return
        waiting["at"] = time.monotonic()
        waiting["blocks"][body["f"]][body["i"]] = base64.b64decode(body["p"])
        if all(len(waiting["blocks"][f]) == _blocks(size) for f, size in waiting["sizes"].items()):
            d.waiting = {}
            waiting["done"]({f: b"".join(block for _, block in sorted(blocks.items()))
                             for f, blocks in waiting["blocks"].items()})


def _blocks(size: int) -> int:
    return max(1, -(-size // BLOCK_BYTES))
