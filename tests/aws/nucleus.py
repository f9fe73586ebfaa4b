"""A small Greengrass nucleus for tests: the IPC socket, one component, and what a test makes it say.

Written from the event-stream format alone, with Python's standard library, so that it shares no code with what it judges.
ipc_oracle.py lets AWS's own client try it before ours does.
"""

import base64
import json
import queue
import socket
import struct
import threading
import zlib
from pathlib import Path

MESSAGE, ERROR, PING, CONNECT, CONNECT_ACK = 0, 1, 2, 4, 5
ACCEPTED, TERMINATE = 1, 2
SERVICE = "aws.greengrass#"


def encode(headers: dict, payload: bytes = b"") -> bytes:
    """Integers become int32 headers, texts strings."""
    block = b""
    for name, value in headers.items():
        raw = name.encode()
        block += bytes([len(raw)]) + raw
        if isinstance(value, int):
            block += struct.pack(">Bi", 4, value)
        else:
            block += struct.pack(">BH", 7, len(value.encode())) + value.encode()
    lengths = struct.pack(">II", len(block) + len(payload) + 16, len(block))
    head = lengths + struct.pack(">I", zlib.crc32(lengths)) + block + payload
    return head + struct.pack(">I", zlib.crc32(head))


def decode(frame: bytes) -> tuple[dict, bytes]:
    total, length, checksum = struct.unpack_from(">III", frame)
    assert total == len(frame) and checksum == zlib.crc32(frame[:8]), "lengths and their checksum"
    assert struct.unpack(">I", frame[-4:])[0] == zlib.crc32(frame[:-4]), "checksum"
    headers, at, end = {}, 12, 12 + length
    while at < end:
        size = frame[at]
        name, kind = frame[at + 1:at + 1 + size].decode(), frame[at + 1 + size]
        at += 2 + size
        if kind == 4:
            headers[name] = struct.unpack_from(">i", frame, at)[0]
            at += 4
        elif kind == 7:
            text = struct.unpack_from(">H", frame, at)[0]
            headers[name] = frame[at + 2:at + 2 + text].decode()
            at += 2 + text
        else:
            raise AssertionError(f"a header of type {kind}")
    assert at == end, "headers and their length"
    return headers, frame[end:-4]


class Peer:
    """One connection of a component."""

    def __init__(self, nucleus: "Nucleus", connection: socket.socket):
        self.nucleus, self.connection = nucleus, connection
        self.subscriptions: dict[str, int] = {}
        self.lock = threading.Lock()

    def read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.connection.recv(count - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def send(self, kind: int, flags: int, stream: int, shape: str = "", payload=None) -> None:
        headers = {":message-type": kind, ":message-flags": flags, ":stream-id": stream}
        if shape:
            headers |= {":content-type": "application/json", "service-model-type": SERVICE + shape}
        data = encode(headers, b"" if payload is None else json.dumps(payload).encode())
        with self.lock:
            self.connection.sendall(data)

    def serve(self) -> None:
        try:
            while True:
                head = self.read(8)
                total = struct.unpack_from(">I", head)[0]
                assert 16 <= total <= 1 << 20, total
                self.take(*decode(head + self.read(total - 8)))
        except OSError:
            pass
        finally:
            self.nucleus.peers.discard(self)
            self.connection.close()

    def take(self, headers: dict, payload: bytes) -> None:
        kind, stream, flags = headers[":message-type"], headers[":stream-id"], headers[":message-flags"]
        if kind == CONNECT:
            assert headers[":version"] == "0.1.0" and stream == 0 and flags == 0, headers
            accepted = json.loads(payload)["authToken"] == self.nucleus.token
            self.send(CONNECT_ACK, ACCEPTED if accepted else 0, 0)
            if accepted:
                self.nucleus.peers.add(self)
            return
        if flags & TERMINATE or kind != MESSAGE:
            return
        operation = headers["operation"].removeprefix(SERVICE)
        assert headers["service-model-type"] == f"{SERVICE}{operation}Request", headers
        assert headers[":content-type"] == "application/json", headers
        self.answer(operation, stream, json.loads(payload))

    def answer(self, operation: str, stream: int, request: dict) -> None:
        self.nucleus.heard.put((operation, request))
        refusal = self.nucleus.refusals.get(operation)
        if refusal:
            self.send(ERROR, TERMINATE, stream, refusal, {"message": "refused for a test"})
            return
        handler = getattr(self.nucleus, "on_" + operation, None)
        if handler is None:
            self.send(ERROR, TERMINATE, stream, "ServiceError", {"message": f"no {operation} here"})
            return
        self.send(MESSAGE, 0 if operation.startswith("Subscribe") else TERMINATE, stream, operation + "Response",
                  handler(request) or {})
        if operation.startswith("Subscribe"):
            self.subscriptions[operation] = stream


class Nucleus:
    """`with Nucleus(folder) as nucleus:`; nucleus.environment is what a component is started with."""

    def __init__(self, folder: Path, configuration: dict | None = None):
        self.path, self.token = folder / "ipc.socket", "0123456789ABCDEF"
        self.configuration = configuration or {}
        self.heard: queue.Queue = queue.Queue()
        self.peers: set[Peer] = set()
        self.refusals: dict[str, str] = {}  # operation -> error
        self.environment = {"AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": str(self.path), "SVCUID": self.token}

    def __enter__(self) -> "Nucleus":
        self.path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.path))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.hang_up()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=Peer(self, connection).serve, daemon=True).start()

    def hang_up(self) -> None:
        for peer in list(self.peers):
            peer.connection.shutdown(socket.SHUT_RDWR)

    def wait_for(self, operation: str, judge=lambda request: True, within_s: float = 60) -> dict:
        """The next request of this operation that `judge` takes; others are passed over."""
        while True:
            try:
                name, request = self.heard.get(timeout=within_s)
            except queue.Empty:
                raise AssertionError(f"no {operation} came within {within_s} s") from None
            if name == operation and judge(request):
                return request

    def event(self, operation: str, shape: str, payload: dict) -> None:
        for peer in list(self.peers):
            if operation in peer.subscriptions:
                peer.send(MESSAGE, 0, peer.subscriptions[operation], shape, payload)

    def announce(self, deployment: str) -> None:
        self.event("SubscribeToComponentUpdates", "ComponentUpdatePolicyEvents",
                   {"preUpdateEvent": {"deploymentId": deployment, "isGgcRestarting": False}})

    def configure(self, **changes) -> None:
        self.configuration |= changes
        self.event("SubscribeToConfigurationUpdate", "ConfigurationUpdateEvents",
                   {"configurationUpdateEvent": {"componentName": "com.millwright.agent", "keyPath": list(changes)}})

    # -- what it knows, by operation ------------------------------------------------------------------------------------

    def on_UpdateState(self, request: dict) -> None:
        assert request["state"] in ("RUNNING", "ERRORED"), request

    def on_GetConfiguration(self, request: dict) -> dict:
        assert isinstance(request.get("keyPath", []), list), request
        return {"componentName": "com.millwright.agent", "value": self.configuration}

    def on_SubscribeToConfigurationUpdate(self, request: dict) -> None:
        assert isinstance(request.get("keyPath", []), list), request

    def on_SubscribeToComponentUpdates(self, request: dict) -> None:
        assert request == {}, request

    def on_DeferComponentUpdate(self, request: dict) -> None:
        assert isinstance(request["deploymentId"], str) and request["recheckAfterMs"] >= 0, request

    def on_PublishToIoTCore(self, request: dict) -> None:
        assert request["qos"] in ("0", "1") and request["topicName"], request
        base64.b64decode(request["payload"], validate=True)
