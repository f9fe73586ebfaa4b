"""Child processes that never outlive us: each in a session of its own, killed by the kernel when we die."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path


class Process:
    """One program with its log. Start it from the main thread only: the kernel's parent-death signal is the
    forking thread's."""

    def __init__(self, name: str, argv: list, log: Path, keep_stdin: bool = False, nice: int = 0,
                 env: dict | None = None, realtime: int = 0):
        self.name = name
        self.argv = [str(a) for a in argv]
        self.log = log
        self.keep_stdin = keep_stdin
        self.nice = nice
        self.env = env
        self.realtime = realtime
        self.child: subprocess.Popen | None = None
        self.starts = 0
        self.rss_mb_max = 0.0

    def start(self) -> "Process":
        launcher = ["setpriv", "--pdeathsig", "KILL"]
        if self.nice:
            launcher = ["nice", "-n", str(self.nice)] + launcher
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen(
                launcher + self.argv, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
                stdin=subprocess.PIPE if self.keep_stdin else subprocess.DEVNULL,
                env={**os.environ, **(self.env or {})})
        if self.realtime:
            self._hurry()
        self.starts += 1
        return self

    def _hurry(self) -> None:
        """Real-time round robin where we may; otherwise as ordinary as everything else."""
        try:
            os.sched_setscheduler(self.child.pid, os.SCHED_RR, os.sched_param(self.realtime))
        except OSError:
            pass

    @property
    def pid(self) -> int:
        return self.child.pid if self.child else 0

    def alive(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def say(self, line: str) -> bool:
        """Writes a line to its standard input; False where it no longer listens."""
        try:
            self.child.stdin.write(line.encode() + b"\n")
            self.child.stdin.flush()
            return True
        except (BrokenPipeError, ValueError, AttributeError, OSError):
            return False

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._signal(signal.SIGKILL)
        if self.child:
            self.child.wait()

    def finish(self, wait_s: float) -> None:
        """Ends its standard input and lets it come to its own end; SIGTERM where that takes too long."""
        if not self.child:
            return
        if self.child.stdin:
            try:
                self.child.stdin.close()
            except OSError:
                pass
        try:
            self.child.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.stop()

    def stop(self, wait_s: float = 10.0) -> int | None:
        """SIGTERM, then SIGKILL where it takes too long; its exit status."""
        if not self.child:
            return None
        self._signal(signal.SIGTERM)
        try:
            self.child.wait(wait_s)
        except subprocess.TimeoutExpired:
            self.kill()
        return self.child.returncode

    def _signal(self, number: int) -> None:
        if self.alive():
            try:
                os.killpg(self.child.pid, number)
            except ProcessLookupError:
                pass

    def sample_rss(self) -> float:
        """The process's peak resident memory so far in MB, over all its lives."""
        try:
            for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self.rss_mb_max = max(self.rss_mb_max, int(line.split()[1]) / 1024)
        except OSError:
            pass
        return self.rss_mb_max

    def last_words(self, lines: int = 12) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


class Family:
    """All processes of a run; stops them in the reverse order of their start."""

    def __init__(self):
        self.members: list[Process] = []

    def add(self, process: Process) -> Process:
        self.members.append(process)
        return process.start()

    def stop_all(self, wait_s: float = 5.0) -> None:
        for process in reversed(self.members):
            process.stop(wait_s)

    def dead(self) -> list[Process]:
        return [p for p in self.members if not p.alive()]


def free_port(preferred: int = 0) -> int:
    """A TCP port of the loopback that nobody listens on, `preferred` where that one is free."""
    for port in ([preferred] if preferred else []) + [0]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise OSError("no free port on 127.0.0.1")


def wait_for_port(port: int, process: Process | None, wait_s: float = 20.0) -> None:
    """Returns when something accepts connections there; raises when its process ended or time is up."""
    until = time.monotonic() + wait_s
    while time.monotonic() < until:
        if process is not None and not process.alive():
            raise RuntimeError(f"{process.name} ended at once:\n{process.last_words()}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"nothing listens on port {port} after {wait_s:.0f} s")
