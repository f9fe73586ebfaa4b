"""A TCP relay between a gateway's uplink and the hub's broker: the plant's link to the outside, which can be cut.

Two kinds of cut: "silent" (nothing passes any more, neither does a goodbye: what a dead modem looks like) and
"refused" (connections are reset and new ones refused: what a dead broker looks like).
"""

import asyncio
import socket
import struct
import threading
import time

CHUNK_BYTES = 65536
SLOW_CHUNK_BYTES = 4096


class Relay:
    def __init__(self, name: str, target_port: int):
        self.name = name
        self.target_port = target_port
        self.port = 0
        self.cut_since: float | None = None
        self.outages: list[tuple[float, float]] = []   # wall clock, from and to
        self.bytes_passed = 0
        self.bytes_down = 0                            # of them: from the hub to the gateway
        self.down_bytes_s: float | None = None         # None: as fast as it goes
        self._kind = ""
        self._loop = asyncio.new_event_loop()
        self._open: asyncio.Event | None = None
        self._pairs: set[asyncio.StreamWriter] = set()
        self._server: asyncio.base_events.Server | None = None
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), daemon=True, name=f"relay-{name}")
        self._thread.start()
        ready.wait()

    # -- any thread ------------------------------------------------------------------------------------------

    def cut(self, kind: str = "silent") -> None:
        if self.cut_since is None:
            self.cut_since = time.time()
            self._call(self._cut, kind)

    def restore(self) -> None:
        if self.cut_since is not None:
            self._call(self._restore)
            self.outages.append((self.cut_since, time.time()))
            self.cut_since = None

    def outage_seconds(self) -> float:
        running = time.time() - self.cut_since if self.cut_since is not None else 0.0
        return sum(b - a for a, b in self.outages) + running

    def was_cut(self, at: float) -> bool:
        """Was the link cut at that moment (wall clock)?"""
        if self.cut_since is not None and at >= self.cut_since:
            return True
        return any(a <= at <= b for a, b in self.outages)

    def close(self) -> None:
        self._call(self._close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(2)

    # -- the relay's own thread ------------------------------------------------------------------------------

    def _call(self, function, *arguments) -> None:
        done = threading.Event()

        def run():
            function(*arguments)
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(2)

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(asyncio.sleep(0))   # cancelled tasks end
        self._loop.close()

    async def _start(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def _close(self) -> None:
        self._server.close()
        self._reset_all()
        self._open.set()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _cut(self, kind: str) -> None:
        self._kind = kind
        self._open.clear()
        if kind == "refused":
            self._reset_all()

    def _restore(self) -> None:
        self._open.set()
        if self._kind == "silent":
            self._reset_all()   # what hung in the dead link does not come back to life
        self._kind = ""

    def _reset_all(self) -> None:
        for writer in list(self._pairs):
            _reset(writer)
        self._pairs.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._pairs.add(writer)
        if not self._open.is_set():
            if self._kind == "refused":
                _reset(writer)
                self._pairs.discard(writer)
            return   # silent: the peer hears nothing until the link is restored, then a reset
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            _reset(writer)
            self._pairs.discard(writer)
            return
        self._pairs.add(far_writer)
        for end in (writer, far_writer):
            end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer, down=True))
        self._pairs -= {writer, far_writer}

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, down: bool = False) -> None:
        try:
            while data := await reader.read(SLOW_CHUNK_BYTES if down and self.down_bytes_s else CHUNK_BYTES):
                if down and self.down_bytes_s:
                    await asyncio.sleep(len(data) / self.down_bytes_s)
                await self._open.wait()
                writer.write(data)
                await writer.drain()
                self.bytes_passed += len(data)
                self.bytes_down += len(data) if down else 0
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            await self._open.wait()   # a dead link passes no goodbye either
            writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Closes with a reset instead of an orderly end."""
    connection = writer.get_extra_info("socket")
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    writer.transport.abort()
