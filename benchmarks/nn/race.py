"""Contenders that take turns, so that what else the machine does falls on all of them alike; medians of their laps."""
import statistics
import subprocess
from dataclasses import dataclass, field


@dataclass
class Lane:
    """One contender: `times` runs make a lap, each run being `windows` windows (or steps); so many laps at each turn."""
    name: str
    server: "Server"
    index: int
    times: int = 1
    windows: int = 1
    laps: int = 1
    laps_ms: list = field(default_factory=list)

    def lap(self) -> None:
        self.laps_ms.append(self.server.lap(self.index, self.times) / 1e6 / self.times / self.windows)

    @property
    def median_ms(self) -> float:
        return statistics.median(self.laps_ms)

    @property
    def best_ms(self) -> float:
        return min(self.laps_ms)


def first_in_line() -> list:
    """What to put before a command so that no other process takes its cores away; nothing where that is not allowed.
    Contenders and peer get it alike."""
    argv = ["chrt", "--fifo", "10"]
    try:
        allowed = subprocess.run([*argv, "true"], capture_output=True).returncode == 0
    except OSError:
        allowed = False
    return argv if allowed else []


class Server:
    """A program that answers each line "INDEX TIMES" with nanoseconds."""

    def __init__(self, argv: list, greeting: str = "", setup: str = ""):
        self.child = subprocess.Popen([*first_in_line(), *(str(a) for a in argv)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL, text=True)
        if setup:
            self.child.stdin.write(setup)
            self.child.stdin.flush()
        while greeting and self._line() != greeting:   # TensorFlow Lite prints what it pleases before
            pass

    def _line(self) -> str:
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.child.args[0]} ended with status {self.child.wait()}")
        return line.strip()

    def lap(self, index: int, times: int) -> int:
        self.child.stdin.write(f"{index} {times}\n")
        self.child.stdin.flush()
        return int(self._line())

    def close(self) -> None:
        self.child.stdin.close()
        self.child.wait(timeout=60)


def runs_of(lap_ms: float, server: Server, index: int) -> int:
    """Runs of this contender that fill a lap."""
    return max(1, round(lap_ms * 1e6 / min(server.lap(index, 1) for _ in range(5))))


def race(lanes: list, rounds: int, say) -> None:
    for round_ in range(rounds):
        for lane in lanes:
            for _ in range(lane.laps):
                lane.lap()
        if round_ % 10 == 9:
            say(f"round {round_ + 1} of {rounds}")
