"""A hub and its broker with everything that keeps strangers out, for the tests that try to come in."""

import json
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt

import paths
from procs import Process, free_port, wait_for_port

WAIT_S = 20


def openssl(*words, data: bytes | None = None) -> bytes:
    return subprocess.run(["openssl", *map(str, words)], input=data, capture_output=True, check=True).stdout


def new_key(path: Path) -> Path:
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
    return path


def new_request(key: Path, name: str = "") -> str:
    return openssl("req", "-new", "-key", key, "-subj", f"/CN={name}" if name else "/").decode()


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def blob(number: int, data: bytes | str) -> bytes:
    """A field of a protobuf message: text, bytes, a message."""
    data = data.encode() if isinstance(data, str) else data
    return varint(number << 3 | 2) + varint(len(data)) + data


def fixed(number: int, value: int) -> bytes:
    return varint(number << 3 | 1) + struct.pack("<q", value)


def baseline_batch(device: str, asset: str, file: str, document: str) -> bytes:
    """What an agent tells of a baseline, the first event of its health lane (src/wire/event.proto)."""
    now = time.time_ns()
    baseline = blob(1, asset) + blob(2, file) + fixed(3, now) + blob(4, document)
    event = varint(1 << 3) + varint(1) + varint(2 << 3) + varint(1) + fixed(3, now) + blob(17, baseline)
    return blob(1, device) + fixed(2, 7) + blob(3, "alder") + blob(4, event) + varint(5 << 3) + varint(1)


def until(condition, wait_s: float = WAIT_S) -> bool:
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


@dataclass
class Peer:
    """An MQTT client with whatever certificate it was given."""
    port: int
    client_id: str
    ca: Path
    cert: Path | None = None
    key: Path | None = None
    tls_max: int | None = None
    tls: bool = True
    account: tuple[str, str] | None = None
    heard: list = field(default_factory=list)
    connects: int = 0
    drops: int = 0
    refusals: int = 0

    def __post_init__(self):
        self.client = mqtt.Client(client_id=self.client_id, clean_session=True)
        if self.tls:
            context = ssl.create_default_context(cafile=str(self.ca))
            if self.cert:
                context.load_cert_chain(str(self.cert), str(self.key or self.cert))
            if self.tls_max:
                context.maximum_version = self.tls_max
            self.client.tls_set_context(context)
        if self.account:
            self.client.username_pw_set(*self.account)
        self.client.on_connect = self._connected
        self.client.on_disconnect = self._dropped
        self.client.on_message = lambda _c, _u, m: self.heard.append((m.topic, m.payload.decode()))

    def _connected(self, _client, _userdata, _flags, code) -> None:
        self.connects += 1 if code == 0 else 0

    def _dropped(self, *_ignored) -> None:
        self.drops += 1

    def start(self) -> "Peer":
        self.closing = threading.Event()
        self.client.connect_async("127.0.0.1", self.port, keepalive=20)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        return self

    def _run(self) -> None:
        """Comes back again and again; paho's own loop gives up where TLS refuses it."""
        while not self.closing.is_set():
            try:
                self.client.reconnect()
                while self.client.loop(0.1) == mqtt.MQTT_ERR_SUCCESS and not self.closing.is_set():
                    pass
            except (OSError, ValueError):
                self.refusals += 1
            self.closing.wait(0.1)

    def comes_in(self, wait_s: float = WAIT_S) -> bool:
        self.start()
        return until(lambda: self.connects > 0, wait_s)

    def is_refused(self, wait_s: float = 1.5) -> bool:
        """Tries for a while, again and again, and never gets in."""
        self.start()
        return not until(lambda: self.connects > 0, wait_s) and self.refusals + self.drops > 1

    def subscribe(self, *filters: str) -> None:
        done = threading.Event()
        self.client.on_subscribe = lambda *_: done.set()
        self.client.subscribe([(f, 1) for f in filters])
        done.wait(WAIT_S)

    def publish(self, topic: str, payload: str) -> None:
        self.client.publish(topic, payload, qos=1).wait_for_publish(WAIT_S)

    def close(self) -> None:
        self.closing.set()
        self.thread.join()
        try:
            self.client.disconnect()
        except OSError:
            pass  # it was thrown out already


class GatewayBroker:
    """A gateway's Mosquitto: plain on the loopback, TLS 1.3 on what stands for the plant's network."""

    def __init__(self, cli: str):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        self.port, self.lan_port = free_port(), free_port()
        self.ca = self.folder / "authority/ca.pem"
        for words in (["ca", "init", "--dir", self.folder / "authority", "--host", "127.0.0.1"],
                      ["mosquitto-config", "gateway", "--site", "alder", "--out", self.folder, "--port", self.port,
                       "--lan", "127.0.0.1", "--lan-port", self.lan_port, "--identity", self.folder / "authority",
                       "--sensor", "vib-1", "--reader", "plc-1", "--user", "root"]):
            subprocess.run([cli, *map(str, words)], check=True, capture_output=True, timeout=60)
        self.accounts = dict(line.split() for line in (self.folder / "accounts").read_text().splitlines())
        self.broker = Process("broker", ["mosquitto", "-c", self.folder / "mosquitto.conf"],
                              self.folder / "broker.log").start()
        wait_for_port(self.port, self.broker)

    def peer(self, name: str, password: str | None = None, **more) -> Peer:
        account = (name, password or self.accounts[name]) if name else None
        return Peer(self.port, f"{name}-{time.monotonic_ns()}", self.ca, tls=False, account=account, **more)

    def close(self) -> None:
        self.broker.stop()
        self.scratch.cleanup()


class Fortress:
    """Hub over HTTPS, its Mosquitto over TLS 1.3, both on this machine."""

    def __init__(self, cli: str, hub: str, certificate_days: float = 90):
        self.certificate_days = certificate_days
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        self.cli_program = cli
        self.identity = self.folder / "identity"
        self.port, self.broker_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.ca = self.identity / "ca.pem"
        self.cli("ca", "init", "--dir", self.identity, "--host", "127.0.0.1")
        self.cli("mosquitto-config", "hub", "--identity", self.identity, "--out", self.folder / "broker", "--listen",
                 "127.0.0.1", "--port", self.broker_port, "--user", "root")
        self.broker = Process("broker", ["mosquitto", "-c", self.folder / "broker/mosquitto.conf"],
                              self.folder / "broker.log").start()
        wait_for_port(self.broker_port, self.broker)
        (self.folder / "hub.toml").write_text(self.hub_toml())
        self.hub = Process("hub", [hub, "--config", self.folder / "hub.toml"], self.folder / "hub.log").start()
        wait_for_port(self.port, self.hub)
        self.admin = (self.folder / "first-token").read_text().strip()
        assert until(lambda: self.ask("GET", "/readyz")[0] == 200), self.hub.last_words()

    def hub_toml(self) -> str:
        identity = self.identity
        return "\n".join([
            "[broker]", f"port = {self.broker_port}", f'ca_file = "{identity}/ca.pem"',
            f'cert_file = "{identity}/hub.pem"', f'key_file = "{identity}/hub.key"',
            "[http]", f'listen = "127.0.0.1:{self.port}"', f'cert_file = "{identity}/server.pem"',
            f'key_file = "{identity}/server.key"', "[store]", f'path = "{self.folder}/hub.db"',
            "[identity]", f'folder = "{identity}"', f'broker_pid_file = "{self.folder}/broker/mosquitto.pid"',
            f"certificate_days = {self.certificate_days}", "[access]", "required = true", f'first_token_file = "{self.folder}/first-token"', ""])

    def close(self) -> None:
        self.hub.stop()
        self.broker.stop()
        self.scratch.cleanup()

    # -- as people and gateways do it ---------------------------------------------------------------------------

    def cli(self, *words, status: int = 0) -> dict:
        done = subprocess.run([self.cli_program, *map(str, words), "--json"], capture_output=True, text=True, timeout=60)
        assert done.returncode == status, f"{words}: {done.returncode}, not {status}: {done.stdout} {done.stderr}"
        return json.loads(done.stdout)

    def admin_cli(self, *words, status: int = 0) -> dict:
        return self.cli("--hub", self.url, "--ca", self.ca, "--token", self.admin, *words, status=status)

    def enroll(self, device: str, *token_words, folder: str = "") -> Path:
        token = self.admin_cli("enroll-token", *(token_words or (device,)))["token"]
        at = self.folder / (folder or device)
        self.cli("enroll", "--hub", self.url, "--token", token, "--dir", at)
        return at

    # -- as attackers do it -------------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: dict | None = None, token: str = "", headers: dict | None = None):
        """Status, body and headers, whatever the answer is."""
        request = urllib.request.Request(self.url + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={**({"Authorization": f"Bearer {token}"} if token else {}),
                                                  **(headers or {})})
        context = ssl.create_default_context(cafile=str(self.ca))
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S, context=context) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else {}, answer.headers
        except urllib.error.HTTPError as error:
            text = error.read()
            return error.code, json.loads(text) if text else {}, error.headers
        except OSError:
            return 0, {}, {}

    def secret_of(self, device: str) -> str:
        return self.admin_cli("enroll-token", device)["token"].split(".")[1]

    def peer(self, at: Path | None, client_id: str, **more) -> Peer:
        pem = at / "identity.pem" if at else None
        return Peer(self.broker_port, client_id, self.ca, pem, **more)

    def hub_peer(self, client_id: str) -> Peer:
        return Peer(self.broker_port, client_id, self.ca, self.identity / "hub.pem", self.identity / "hub.key")
