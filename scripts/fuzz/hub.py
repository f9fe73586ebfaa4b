"""Sends mutated uplink payloads to a real hub through a real broker and reads from its /metrics what became of them."""
import os
import random
import re
import sys
import tempfile
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path

# The parser written in Python says nothing on stderr about each broken payload.
os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
warnings.simplefilter("ignore")

DEVICE = "gw-fuzz"


def shake(payloads: int, seed: int, root: Path) -> dict:
    sys.path.insert(0, str(root / "scripts/mw"))
    from broker import broker
    from procs import Family, Process, free_port, wait_for_port

    program = root / "build/release/bin/millwright-hub"
    if not program.exists():
        raise RuntimeError(f"there is no {program}: run ./check --build first")
    family = Family()
    with tempfile.TemporaryDirectory(prefix="millwright-fuzz-hub-") as name:
        folder = Path(name)
        broker_port, http_port = free_port(), free_port()
        config = folder / "hub.toml"
        config.write_text(f'[broker]\nhost = "127.0.0.1"\nport = {broker_port}\n'
                          f'[http]\nlisten = "127.0.0.1:{http_port}"\n[store]\npath = "{folder / "hub.db"}"\n')
        # Whatever a gateway could send shall reach the hub, so nothing is asked of who sends it.
        broker_config = folder / "mosquitto.conf"
        broker_config.write_text(f"listener {broker_port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
                                 "max_queued_messages 100000\n")
        (folder / "logs").mkdir()
        try:
            wait_for_port(broker_port, family.add(broker("broker", folder, broker_config)))
            hub = family.add(Process("hub", [program, "--config", config], folder / "hub.log"))
            url = f"http://127.0.0.1:{http_port}/metrics"
            _wait(lambda: _metric(url, "millwright_hub_broker_connected") == 1, 30, "the hub to connect", hub)
            return _shake(payloads, seed, root, broker_port, url, hub)
        finally:
            family.stop_all()


def _shake(payloads: int, seed: int, root: Path, port: int, url: str, hub) -> dict:
    before = {name: _metric(url, name) for name in ("millwright_hub_messages_total",
                                                    "millwright_hub_rejected_payloads_total")}
    sent, malformed = _publish(payloads, seed, root, port)

    def taken():
        return int(_metric(url, "millwright_hub_messages_total") - before["millwright_hub_messages_total"])

    try:
        _wait(lambda: not hub.alive() or taken() >= sent, 60, "the hub to take the payloads", hub)
    except TimeoutError as error:
        print(error, file=sys.stderr)
    if not hub.alive():
        print(hub.last_words(), file=sys.stderr)
        return {"hub_payloads_sent": sent, "hub_payloads_taken": 0, "hub_payloads_malformed": malformed,
                "hub_rejected": 0, "hub_crashes": 1, "counted_in_metrics": False}
    time.sleep(0.5)   # the last transaction
    rejected = int(_metric(url, "millwright_hub_rejected_payloads_total")
                   - before["millwright_hub_rejected_payloads_total"])
    # What no protobuf parser can read is certainly refused; the hub refuses more: bad ids, lanes, columns.
    return {"hub_payloads_sent": sent, "hub_payloads_taken": taken(), "hub_payloads_malformed": malformed,
            "hub_rejected": rejected, "hub_crashes": 0,
            "counted_in_metrics": taken() == sent and rejected >= malformed > 0}


def _publish(payloads: int, seed: int, root: Path, port: int) -> tuple:
    import paho.mqtt.client as mqtt
    from wire import event_messages

    messages = event_messages()
    generator = random.Random(seed)
    bases = [b.SerializeToString() for b in _batches(messages, generator)]
    malformed = 0
    client = mqtt.Client(client_id="fuzz", clean_session=True)
    client.max_inflight_messages_set(100)
    client.connect("127.0.0.1", port)
    client.loop_start()
    for i in range(payloads):
        payload = mutate(generator.choice(bases), generator, bases)
        malformed += not _parses(messages, payload)
        kind = "events" if i % 2 else "telemetry"
        client.publish(f"mw/v1/{DEVICE}/{kind}", payload, qos=1).wait_for_publish(30)
    client.loop_stop()
    client.disconnect()
    return payloads, malformed


def _parses(messages, payload: bytes) -> bool:
    try:
        messages.EventBatch().ParseFromString(payload)
        return True
    except Exception:  # the parser's own exception type differs between protobuf's implementations
        return False


def _batches(messages, generator):
    """Valid batches, one for each kind of event."""
    for lane in range(4):
        batch = messages.EventBatch(device=DEVICE, epoch=generator.getrandbits(53) | 1, site="alder", wire_version=1)
        for seq in range(1, 4):
            event = batch.events.add(lane=lane, seq=seq, ts_ns=time.time_ns())
            if lane == 0:
                event.alarm.asset, event.alarm.area = "P-1", "pumps"
                event.alarm.alarm_key, event.alarm.score = f"P-1-{seq}", 0.9
                event.alarm.probabilities.extend([0.1, 0.9])
                event.alarm.window = generator.randbytes(200)
            elif lane == 1:
                event.gap.asset, event.gap.cause, event.gap.count = "P-1", "not_received", seq
            elif lane == 2:
                event.features.asset, event.features.area = "P-1", "pumps"
                event.features.ts_ns.extend([event.ts_ns, event.ts_ns + 1])
                event.features.score.extend([0.1, 0.2])
                event.features.level.extend([0, 0])
                event.features.state.extend([2, 2])
                event.features.fault.extend([0, 0])
            else:
                event.spectrum.asset, event.spectrum.channel = "P-1", "vib"
                event.spectrum.values.extend([0.5] * 50)
        yield batch


def mutate(data: bytes, generator: random.Random, others: list) -> bytes:
    """A few random changes: bits, cuts, repeats, insertions, splices with another batch, numbers without end."""
    out = bytearray(data)
    for _ in range(generator.choice((1, 1, 1, 2, 4))):
        at = generator.randrange(len(out) + 1)
        end = min(len(out), at + generator.randint(1, 40))
        change = generator.randrange(6)
        if change == 0 and at < len(out):
            out[at] ^= 1 << generator.randrange(8)
        elif change == 1:
            del out[at:end]
        elif change == 2:
            out[at:at] = out[at:end] * generator.randint(1, 20)
        elif change == 3:
            out[at:at] = generator.randbytes(generator.randint(1, 30))
        elif change == 4:
            other = generator.choice(others)
            out[at:] = other[generator.randrange(len(other)):]
        else:
            out[at:end] = b"\xff" * generator.randint(1, 12)
    return bytes(out)


def _metric(url: str, name: str) -> float:
    """The sum of a metric over its labels; 0 where it does not show yet."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            text = answer.read().decode()
    except (urllib.error.URLError, OSError):
        return 0.0
    return sum(float(m[1]) for m in re.finditer(rf"^{name}(?:{{[^}}]*}})? (\S+)", text, re.M))


def _wait(condition, seconds: float, what: str, hub) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until or not hub.alive():
            raise TimeoutError(f"waited {seconds:.0f} s for {what}:\n{hub.last_words()}")
        time.sleep(0.1)
