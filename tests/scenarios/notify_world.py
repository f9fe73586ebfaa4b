"""A hub that reaches people: a broker, a gateway's events by hand, a mail server and a receiver of webhooks, all on the loopback."""

import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import socketserver
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt

import paths  # noqa: F401
from identity_world import blob, fixed, until, varint
from procs import Process, free_port, wait_for_port

SECRET = "a secret of the test"
LOGIN = ("hub", "a password of the test")


def number(field_no: int, value: int) -> bytes:
    return varint(field_no << 3) + varint(value)


def alarm_batch(device: str, seq: int, key: str, level: int = 2, cause: str = "") -> bytes:
    """One alarm raised, as an agent tells it (src/wire/event.proto)."""
    now = time.time_ns()
    alarm = blob(1, "P-1") + blob(2, "hall") + blob(3, key) + number(5, level) + blob(6, "outer_race") + blob(11, "grease it")
    alarm += varint(18 << 3 | 2) + varint(len(cause)) + cause.encode() if cause else b""
    event = number(1, 0) + number(2, seq) + fixed(3, now) + blob(10, alarm)
    return blob(1, device) + fixed(2, 7) + blob(3, "alder") + blob(4, event) + number(5, 1)


class MailServer(socketserver.ThreadingTCPServer):
    """As much of RFC 5321 as a client needs. `hold` keeps it from answering the end of a mail's data."""
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None):
        self.tls, self.login = tls, login
        self.logins = 0
        self.mails: list[email.message.EmailMessage] = []
        self.hold = threading.Event()
        self.data_ended = threading.Event()
        self.refuse = False
        self.delay_s = 0.0  # before the end of a mail's data is answered
        super().__init__(("127.0.0.1", port), MailSession)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class MailSession(socketserver.StreamRequestHandler):
    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        try:
            self.converse()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass

    def converse(self) -> None:
        self.say("220 test")
        self.secret, self.known = False, False
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "EHLO":
                offers = ["test"] + ["STARTTLS"] * bool(self.server.tls and not self.secret)
                offers += ["AUTH PLAIN"] * bool(self.server.login and self.secret)
                for i, offer in enumerate(offers):
                    self.say(("250 " if i + 1 == len(offers) else "250-") + offer)
            elif verb == "STARTTLS":
                self.say("220 go on")
                self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                self.secret = True
            elif verb == "AUTH":
                words = line.split()
                if len(words) < 3:
                    self.say("334 ")
                    words.append(self.rfile.readline().decode().strip())
                _, *login = base64.b64decode(words[2]).decode().split("\0")
                self.known = tuple(login) == self.server.login
                self.server.logins += self.known
                self.say("235 welcome" if self.known else "535 wrong")
            elif verb == "MAIL" and self.server.login and not self.known:
                self.say("530 who are you")
            elif verb == "RCPT" and self.server.refuse:
                self.say("550 no such user")
            elif verb == "DATA":
                self.say("354 go on")
                self.take_mail()
            elif verb == "QUIT":
                return self.say("221 bye")
            else:
                self.say("250 ok")

    def take_mail(self) -> None:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return
            lines.append(line[1:] if line.startswith(b".") else line)
        self.server.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
        self.server.data_ended.set()
        if self.server.hold.is_set():
            until(lambda: not self.server.hold.is_set(), 30)
        time.sleep(self.server.delay_s)
        self.say("250 taken")


@dataclass
class Post:
    headers: dict
    body: bytes
    json: dict = field(default_factory=dict)


class WebhookServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, tls: ssl.SSLContext | None = None):
        self.posts: list[Post] = []
        self.status = 200
        self.location = ""
        self.hold = threading.Event()
        super().__init__(("127.0.0.1", port), WebhookSession)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()


class WebhookSession(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append(Post(dict(self.headers), body, json.loads(body)))
        if self.server.hold.is_set():
            until(lambda: not self.server.hold.is_set(), 30)
        try:
            self.send_response(self.server.status)
            if self.server.location:
                self.send_header("Location", self.server.location)
            self.end_headers()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ssl.SSLError, ConnectionResetError):
            pass  # who connects does not trust us

    def log_message(self, *_ignored) -> None:
        pass


def verifies(post: Post, secret: str = SECRET) -> bool:
    """As docs/formats/notify.md says it."""
    parts = dict(part.split("=", 1) for part in post.headers["Millwright-Signature"].split(","))
    wanted = hmac.new(secret.encode(), parts["t"].encode() + b"." + post.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, parts["v1"]) and abs(time.time() - int(parts["t"])) < 300


HUB_TOML = """[broker]
port = {broker}
[http]
listen = "127.0.0.1:{http}"
[store]
path = "{folder}/hub.db"
[notify]
backoff_s = 0.2
webhook_timeout_s = 20
[notify.smtp]
host = "127.0.0.1"
port = {smtp}
tls = "none"
from = "hub@plant.example"
[[notify.route]]
name = "crew"
email = ["ana@plant.example"]
group_s = {group_s}
storm_max = 1000
[[notify.route]]
name = "chat"
webhook = "http://127.0.0.1:{webhook}/hooks/private"
secret_file = "{folder}/secret"
group_s = {group_s}
storm_max = 1000
"""


class NotifyWorld:
    """`tls`: mail by STARTTLS with a login, webhooks by HTTPS, both under an authority of their own."""

    def __init__(self, cli: str, hub: str, group_s: float = 0, tls: bool = False):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = Path(self.scratch.name)
        self.cli_program, self.hub_program = cli, hub
        self.ports = {name: free_port() for name in ("broker", "http", "smtp", "webhook")}
        self.url = f"http://127.0.0.1:{self.ports['http']}"
        self.seq = 0
        self.batches: list[bytes] = []
        self.mail = self.chat = None
        (self.folder / "secret").write_text(SECRET + "\n")
        text = HUB_TOML.format(folder=self.folder, group_s=group_s, **self.ports)
        self.tls = self.make_authority("authority") if tls else None
        (self.folder / "hub.toml").write_text(self._with_tls(text, "authority") if tls else text)
        (self.folder / "broker.conf").write_text(f"listener {self.ports['broker']} 127.0.0.1\nallow_anonymous true\n")
        self.broker = Process("broker", ["mosquitto", "-c", self.folder / "broker.conf"], self.folder / "broker.log").start()
        wait_for_port(self.ports["broker"], self.broker)
        self.receivers_up()
        self.hub = None
        self.hub_up()
        self.client = mqtt.Client(client_id="gw-1")
        self.client.connect("127.0.0.1", self.ports["broker"])
        self.client.loop_start()

    def make_authority(self, name: str) -> ssl.SSLContext:
        folder = self.folder / name
        subprocess.run([self.cli_program, "ca", "init", "--dir", folder, "--host", "127.0.0.1"], check=True,
                       capture_output=True, timeout=60)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        return context

    def _with_tls(self, text: str, authority: str) -> str:
        (self.folder / "password").write_text(LOGIN[1] + "\n")
        login = f'tls = "starttls"\nusername = "{LOGIN[0]}"\npassword_file = "{self.folder}/password"'
        ca = f'"{self.folder}/{authority}/ca.pem"'
        return (text.replace('tls = "none"', f"{login}\nca_file = {ca}").replace("http://127", "https://127")
                .replace("[notify]", f"[notify]\nwebhook_ca_file = {ca}"))

    def restart_trusting(self, authority: str) -> None:
        """The hub believes another authority from now on."""
        self.hub.stop()
        config = self.folder / "hub.toml"
        config.write_text(config.read_text().replace("/authority/", f"/{authority}/"))
        self.hub_up()

    def receivers_up(self) -> None:
        self.mail = MailServer(self.ports["smtp"], self.tls, LOGIN if self.tls else None)
        self.chat = WebhookServer(self.ports["webhook"], self.tls)

    def receivers_down(self) -> None:
        self.mail.close()
        self.chat.close()

    def hub_up(self) -> None:
        self.hub = Process("hub", [self.hub_program, "--config", self.folder / "hub.toml"], self.folder / "hub.log").start()
        wait_for_port(self.ports["http"], self.hub)
        assert until(self.ready), self.hub.last_words()

    def ready(self) -> bool:
        try:
            return urllib.request.urlopen(self.url + "/readyz", timeout=5).status == 200
        except OSError:
            return False

    def close(self) -> None:
        self.mail.hold.clear()
        self.chat.hold.clear()
        self.client.loop_stop()
        self.hub.stop()
        self.broker.stop()
        self.receivers_down()
        self.scratch.cleanup()

    def raise_alarm(self, key: str, **more) -> None:
        self.seq += 1
        self.batches.append(alarm_batch("gw-1", self.seq, key, **more))
        self.publish(self.batches[-1])

    def publish(self, batch: bytes) -> None:
        self.client.publish("mw/v1/gw-1/events", batch, qos=1).wait_for_publish(10)

    def tell_again(self) -> None:
        """As a gateway does after an outage: what the hub took from the broker and did not commit is told again."""
        for batch in self.batches:
            self.publish(batch)

    def cli(self, *words, status: int = 0) -> dict:
        done = subprocess.run([self.cli_program, "--hub", self.url, *map(str, words), "--json"], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == status, f"{words}: {done.returncode}: {done.stdout} {done.stderr}"
        return json.loads(done.stdout.splitlines()[-1])

    def deliveries(self) -> list[dict]:
        return json.load(urllib.request.urlopen(self.url + "/api/v1/notifications?limit=500", timeout=10))["notifications"]

    def states(self) -> list[str]:
        return sorted(d["state"] for d in self.deliveries())
