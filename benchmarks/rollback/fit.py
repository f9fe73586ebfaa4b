"""Fits the simulated streams to recorded pairs: how differences of confidence are spread (their quantiles, moved to a mean of
zero: the new model is no worse), what a window shares with the next one of its machine (lag-1 correlation within runs,
deviations from each run's mean left in: a run on which one model is surer throughout counts as shared), how often and how
lastingly the old model alarms, and how often the new one does not agree."""
import csv
from itertools import pairwise
from pathlib import Path

QUANTILES = 101
# A model that is no worse stays within what the trial lets pass (slots::TrialOptions): where recorded models are
# further apart than that, one of them is worse by that measure, and the stream of a good one is drawn at half of it.
TOLERATED = {"missed": 0.2, "alarming": 0.02, "confused": 0.3}
PAIRS_MIN = 60


def read(path: Path) -> list[dict]:
    with open(path, newline="") as file:
        return [{k: v if k == "run" else float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def fit(pairs: list[dict]) -> tuple[dict, dict]:
    """The stream's model and what was found before anything was bounded."""
    if len(pairs) < PAIRS_MIN:
        raise ValueError(f"{len(pairs)} pairs of windows are too few to fit a stream")
    differences = [p["new"] - p["old"] for p in pairs]
    mean = sum(differences) / len(differences)
    spread = sorted(d - mean for d in differences)
    variance = sum(d * d for d in spread) / len(spread)
    neighbours = [(a, b) for a, b in pairwise(pairs) if a["run"] == b["run"]]
    shared = sum((a["new"] - a["old"] - mean) * (b["new"] - b["old"] - mean) for a, b in neighbours)
    alarms = [p for p in pairs if p["old_alarms"]]
    stays = [b["old_alarms"] for a, b in neighbours if a["old_alarms"]]
    found = {
        "pairs": len(pairs), "runs": len({p["run"] for p in pairs}), "mean": mean, "deviation": variance ** 0.5,
        "neighbours": max(0.0, shared / max(1, len(neighbours)) / max(1e-12, variance)),
        "alarm_share": len(alarms) / len(pairs), "alarm_stays": sum(stays) / max(1, len(stays)),
        "missed": _share([not p["new_alarms"] for p in alarms]),
        "alarming": _share([p["new_alarms"] for p in pairs if not p["old_alarms"]]),
        "confused": _share([not p["same_class"] for p in alarms if p["new_alarms"]]),
        "old_confidence": sum(p["old"] for p in pairs) / len(pairs)}
    model = {k: found[k] for k in ("neighbours", "alarm_share", "alarm_stays", "missed", "alarming", "confused", "old_confidence")}
    model["quantiles"] = [spread[round(i * (len(spread) - 1) / (QUANTILES - 1))] for i in range(QUANTILES)]
    shift = sum(model["quantiles"]) / QUANTILES
    model["quantiles"] = [q - shift for q in model["quantiles"]]
    for key, most in TOLERATED.items():
        model[key] = min(model[key], most / 2)
    return model, found


def _share(hits: list) -> float:
    return sum(map(bool, hits)) / max(1, len(hits))
