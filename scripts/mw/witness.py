"""Witness: a process of its own that writes down each event id an agent accepted.

An agent connects to the unix socket and sends "device epoch lane seq kind" after the fsync that made the event
durable. What stands in the witness's file must be in the hub's database in the end, once.

    witness.py SOCKET FILE
"""

import selectors
import socket
import sys
from pathlib import Path


def main() -> int:
    socket_path, file_path = Path(sys.argv[1]), Path(sys.argv[2])
    socket_path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(socket_path))
    listener.listen(8)
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    rests: dict[socket.socket, bytes] = {}
    with open(file_path, "ab", buffering=0) as ledger:
        while True:
            for key, _ in selector.select():
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    selector.register(connection, selectors.EVENT_READ)
                    rests[connection] = b""
                    continue
                connection = key.fileobj
                data = _receive(connection)
                if not data:   # an agent that died mid-line: that event was told to nobody
                    selector.unregister(connection)
                    connection.close()
                    rests.pop(connection)
                    continue
                whole, _, rest = (rests[connection] + data).rpartition(b"\n")
                rests[connection] = rest
                if whole:
                    ledger.write(whole + b"\n")


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 16)
    except OSError:
        return b""


if __name__ == "__main__":
    sys.exit(main())
