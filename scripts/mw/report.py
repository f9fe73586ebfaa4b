"""A run's figures as one flat JSON object, and the bars that they must meet."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Bar:
    """`key` must be at least `low` and at most `high` (None: no bound)."""
    key: str
    low: float | None = None
    high: float | None = None

    def holds(self, figures: dict) -> bool:
        value = figures.get(self.key)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return False
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        bounds = [f">= {self.low}"] * (self.low is not None) + [f"<= {self.high}"] * (self.high is not None)
        return f"{self.key} {' and '.join(bounds)}"


def judge(figures: dict, bars: list[Bar], not_measured: list[str]) -> list[str]:
    """The bars that do not hold; one whose key was not measured is not asked. Sets `ok` and `not_measured`."""
    broken = [f"{bar}: {figures.get(bar.key)}" for bar in bars
              if bar.key not in not_measured and not bar.holds(figures)]
    figures["bars_broken"] = broken
    figures["not_measured"] = sorted(set(not_measured))
    figures["ok"] = not broken
    return broken


def percentile(ordered: list[float], share: float) -> float:
    """Nearest-rank percentile of an ascending list."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def flat(figures: dict) -> str:
    for key, value in figures.items():
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(i, (int, float, str, bool)) for i in items):
            raise TypeError(f"{key} is not flat: {value!r}")
    return json.dumps(figures)


def deliver(figures: dict, as_json: bool, file: str | None) -> None:
    """Writes the object to the file and prints it as the last line of standard output, as asked."""
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(flat(figures) + "\n")
    if as_json:
        print(flat(figures), flush=True)
