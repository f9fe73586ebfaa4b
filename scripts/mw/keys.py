"""Single keys from the terminal, and the small dialogue by which a person chooses a machine and a fault."""

import os
import select
import sys
import termios
import tty

HELP = "f fault   r repair   c cut/restore a link   k kill -9 a gateway   u push a new model   b push a bad one   q quit"


class Keys:
    """Reads keys without waiting for Enter while the terminal is ours; does nothing where there is none."""

    def __init__(self):
        self._fd = sys.stdin.fileno() if sys.stdin.isatty() else None
        self._saved = None

    def __enter__(self) -> "Keys":
        if self._fd is not None:
            self._saved = termios.tcgetattr(self._fd)
            tty.setcbreak(self._fd)
        return self

    def __exit__(self, *_exc) -> None:
        if self._saved is not None:
            termios.tcsetattr(self._fd, termios.TCSADRAIN, self._saved)

    def wait(self, seconds: float) -> str:
        """The next key, "" when none came in time."""
        if self._fd is None:
            select.select([], [], [], seconds)
            return ""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        return os.read(self._fd, 1).decode(errors="replace") if ready else ""


class Menu:
    """Asks a few questions one after another, each answered by one key: a dialogue that never blocks the demo.

    `questions`: functions that take the answers so far and return (title, options).
    """

    LABELS = "1234567890abcdefghijklmnopqrstuvwxyz"

    def __init__(self, questions: list, done):
        self._questions = questions
        self._done = done
        self._answers: list = []
        self._ask()

    def _ask(self) -> None:
        self.title, self.options = self._questions[len(self._answers)](self._answers)

    def lines(self) -> list[str]:
        shown = [f"{self.LABELS[i]} {name}" for i, name in enumerate(self.options)]
        return [f"  {self.title} (Esc: back)"] + ["  " + "   ".join(shown[i:i + 5]) for i in range(0, len(shown), 5)]

    def key(self, key: str) -> bool:
        """Takes a key; True while there is more to ask."""
        if key == "\x1b":
            return False
        index = self.LABELS.find(key.lower()) if key else -1
        if not 0 <= index < len(self.options):
            return True
        self._answers.append(self.options[index])
        if len(self._answers) == len(self._questions):
            self._done(*self._answers)
            return False
        self._ask()
        return True
