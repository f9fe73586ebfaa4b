"""What a person sees: one line per event, and on a terminal a status line below that is redrawn. Standard error, so
that standard output stays for answers."""

import os
import sys
import threading
import time

STYLES = {"fault": "33", "detected": "32;1", "failure": "31;1", "false": "31;1", "link": "35", "kill": "35",
          "repair": "36", "note": "0", "good": "32", "bad": "31;1", "dim": "2"}


class Screen:
    def __init__(self, quiet: bool = False):
        self._tty = sys.stderr.isatty()
        self._colour = self._tty and "NO_COLOR" not in os.environ
        self._quiet = quiet
        self._lock = threading.RLock()
        self._status: list[str] = []
        self._drawn = 0
        self._started = time.monotonic()

    @property
    def tty(self) -> bool:
        return self._tty

    def restart_clock(self) -> None:
        self._started = time.monotonic()

    def tell(self, kind: str, text: str) -> None:
        """One event, with the time since the run began."""
        if self._quiet and kind in ("note", "dim"):
            return
        with self._lock:
            self._erase()
            print(f"{time.monotonic() - self._started:7.1f} s  {self._paint(kind, text)}", file=sys.stderr, flush=True)
            self._draw()

    def line(self, text: str = "", kind: str = "note") -> None:
        with self._lock:
            self._erase()
            print(self._paint(kind, text), file=sys.stderr, flush=True)
            self._draw()

    def status(self, lines: list[str]) -> None:
        """Replaces the status below the events; nothing where there is no terminal."""
        if not self._tty:
            return
        with self._lock:
            self._erase()
            self._status = lines
            self._draw()

    def bar(self, label: str, done: float, total: float, note: str = "") -> None:
        """A progress bar as the status line, or a plain line at each tenth."""
        share = 0.0 if total <= 0 else min(1.0, done / total)
        if self._tty:
            filled = int(share * 30)
            self.status([f"  {label:<18} [{'#' * filled}{'.' * (30 - filled)}] {share * 100:3.0f}%  {note}"])
        else:
            tenth = (label, int(share * 10))
            if getattr(self, "_tenth", None) != tenth:
                self._tenth = tenth
                print(f"  {label:<18} {share * 100:3.0f}%  {note}", file=sys.stderr, flush=True)

    def clear_status(self) -> None:
        with self._lock:
            self._erase()
            self._status = []

    def _paint(self, kind: str, text: str) -> str:
        return f"\033[{STYLES.get(kind, '0')}m{text}\033[0m" if self._colour and kind != "note" else text

    def _erase(self) -> None:
        if self._drawn:
            sys.stderr.write(f"\033[{self._drawn}A\033[J" if self._drawn > 1 else "\r\033[K")
            self._drawn = 0

    def _draw(self) -> None:
        if not self._tty or not self._status:
            return
        width = os.get_terminal_size(sys.stderr.fileno()).columns - 1 if self._tty else 100
        lines = [text[:width] for text in self._status]
        if len(lines) == 1:
            sys.stderr.write("\r\033[K" + lines[0])
        else:
            sys.stderr.write("\n".join(lines) + "\n")
        self._drawn = len(lines)
        sys.stderr.flush()
