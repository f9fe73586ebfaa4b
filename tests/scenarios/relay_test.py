import socket
import threading
import unittest

import paths  # noqa: F401
from relay import Relay


class Echo:
    """A server that answers each byte with itself."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            while data := connection.recv(4096):
                connection.sendall(data)
        except OSError:
            pass


class RelayTest(unittest.TestCase):
    def setUp(self):
        self.relay = Relay("test", Echo().port)
        self.addCleanup(self.relay.close)

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.relay.port), 5)
        self.addCleanup(connection.close)
        return connection

    def test_passes_bytes_both_ways(self):
        connection = self.connect()
        connection.sendall(b"reading")
        self.assertEqual(connection.recv(100), b"reading")

    def test_silent_cut_passes_nothing_and_says_nothing(self):
        connection = self.connect()
        connection.sendall(b"a")
        self.assertEqual(connection.recv(1), b"a")
        self.relay.cut("silent")
        connection.sendall(b"b")
        connection.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            connection.recv(1)
        newcomer = self.connect()
        newcomer.sendall(b"c")
        newcomer.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            newcomer.recv(1)

    def test_restored_link_resets_what_hung_and_serves_newcomers(self):
        hung = self.connect()
        hung.sendall(b"a")
        self.assertEqual(hung.recv(1), b"a")
        self.relay.cut("silent")
        self.relay.restore()
        with self.assertRaises(OSError):
            if hung.recv(1) == b"":
                raise OSError("closed")
        newcomer = self.connect()
        newcomer.sendall(b"d")
        self.assertEqual(newcomer.recv(1), b"d")

    def test_refused_cut_resets(self):
        connection = self.connect()
        connection.sendall(b"a")
        connection.recv(1)
        self.relay.cut("refused")
        with self.assertRaises(OSError):
            if connection.recv(1) == b"":
                raise OSError("closed")

    def test_knows_how_long_the_link_was_cut(self):
        self.assertEqual(self.relay.outage_seconds(), 0)
        self.relay.cut()
        at = self.relay.cut_since
        self.relay.restore()
        self.assertGreater(self.relay.outage_seconds(), 0)
        self.assertTrue(self.relay.was_cut(at))
        self.assertFalse(self.relay.was_cut(at - 1))


if __name__ == "__main__":
    unittest.main()
