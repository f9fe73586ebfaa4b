"""Runs in the environment that drift.py makes: the same questions to mw-drift-oracle and to river, scipy, statsmodels.

    python drift_compare.py --tool build/release/bin/mw-drift-oracle --seed 1

Prints one flat JSON object: how many streams and values were compared, how many differ, and the first few that do."""
import argparse
import csv
import json
import subprocess

import numpy as np

# river 0.26 names csv.DictReader[...], which Python 3.11 does not know yet; it is only a type there.
if not hasattr(csv.DictReader, "__class_getitem__"):
    csv.DictReader.__class_getitem__ = classmethod(lambda cls, _: cls)

from river import drift
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

KINDS = ("errors_jump", "errors_creep", "healthy", "mean_jumps", "spread_grows", "ramp", "autocorrelated", "heavy_tails",
         "large_units", "falls_and_rises", "alternating", "constant_then_jump")


def stream(kind: str, rng: np.random.Generator) -> np.ndarray:
    n = int(rng.integers(800, 4000))
    cut = int(n * rng.uniform(0.3, 0.7))
    late = np.arange(n) >= cut
    if kind == "errors_jump":
        return (rng.random(n) < np.where(late, 0.05 + rng.uniform(0.05, 0.4), 0.05)).astype(float)
    if kind == "errors_creep":
        return (rng.random(n) < np.linspace(0.02, 0.5, n)).astype(float)
    if kind == "healthy":
        return (rng.random(n) < 0.1).astype(float)
    if kind == "mean_jumps":
        return rng.normal(size=n) + np.repeat(rng.normal(0, 3, n // 200 + 1), 200)[:n]
    if kind == "spread_grows":
        return rng.normal(size=n) * np.where(late, 4, 1)
    if kind == "ramp":
        return rng.normal(size=n) + np.linspace(0, rng.uniform(1, 6), n)
    if kind == "autocorrelated":
        out, now = np.empty(n), 0.0
        for i, e in enumerate(rng.normal(size=n)):
            now = 0.95 * now + e
            out[i] = now
        return out
    if kind == "heavy_tails":
        return rng.standard_t(2, size=n) + 2 * late
    if kind == "large_units":
        return 1e6 + 1e3 * rng.normal(size=n) + 2e3 * late
    if kind == "falls_and_rises":
        return rng.normal(size=n) + 3 * np.sin(np.arange(n) / 150)
    if kind == "alternating":
        return np.arange(n) % 2 + 0.5 * late
    return np.where(late, 1.0, 0.0)


def alarms(detector, values) -> list:
    out = []
    for i, v in enumerate(values):
        detector.update(float(v))
        if detector.drift_detected:
            out.append(i)
    return out


def questions_river(rng, rounds: int):
    for round_number in range(rounds):
        for kind in KINDS:
            values = stream(kind, rng)
            told = " ".join(repr(float(v)) for v in values)
            delta = (0.002, 0.05)[round_number % 2]
            yield f"{kind} adwin", f"adwin {delta} {told}", alarms(drift.ADWIN(delta=delta), values)
            for threshold, change in ((50, 0.005), (8, 0.05)):
                detector = drift.PageHinkley(delta=change, threshold=threshold)
                yield f"{kind} page_hinkley", f"page_hinkley {change} {threshold} {told}", alarms(detector, values)


def questions_statistics(rng):
    for _ in range(60):
        a = rng.normal(size=int(rng.integers(5, 300))).astype(np.float32)
        b = (rng.normal(size=int(rng.integers(5, 300))) * rng.uniform(0.7, 1.4) + rng.uniform(-0.6, 0.6)).astype(np.float32)
        want = stats.ks_2samp(a, b, method="exact")
        told = " ".join(repr(float(v)) for v in np.concatenate([a, b]))
        yield "ks", f"ks {len(a)} {told}", [want.statistic, want.pvalue]
    for _ in range(60):
        trials = int(rng.choice([1, 5, 40, 300, 20_000, 3_000_000]))
        right = int(rng.integers(0, trials + 1) if rng.random() < 0.7 else rng.choice([0, trials]))
        for name, method in (("wilson", "wilson"), ("clopper_pearson", "beta")):
            low, high = proportion_confint(right, trials, 0.05, method)
            yield name, f"{name} {right} {trials}", [0.0 if np.isnan(low) else low, 1.0 if np.isnan(high) else high]
    for _ in range(60):
        x, k = float(rng.uniform(0.01, 120)), float(rng.integers(1, 60))
        yield "chi2", f"chi2 {x!r} {k}", [stats.chi2.sf(x, k)]
        p, a, b = float(rng.uniform(0.001, 0.999)), float(rng.uniform(0.2, 300)), float(rng.uniform(0.2, 300))
        yield "beta", f"beta {p!r} {a!r} {b!r}", [special.betainc(a, b, p)]


def ask(tool: str, questions: list) -> list:
    done = subprocess.run([tool], input="".join(q + "\n" for _, q, _ in questions), capture_output=True, text=True, check=True)
    return [[float(v) for v in line.split()] for line in done.stdout.splitlines()]


def close(got: list, want: list) -> bool:
    return len(got) == len(want) and all(abs(g - w) <= 1e-9 + 1e-8 * abs(w) for g, w in zip(got, want))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5, help="streams of each kind")
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    river, other = list(questions_river(rng, options.rounds)), list(questions_statistics(rng))
    answers = ask(options.tool, river + other)
    wrong_river = [n for (n, _, want), got in zip(river, answers) if got != [float(i) for i in want]]
    wrong_other = [n for (n, _, want), got in zip(other, answers[len(river):]) if not close(got, want)]
    print(json.dumps({"river_streams": options.rounds * len(KINDS), "river_runs": len(river),
                      "river_alarms": sum(len(want) for _, _, want in river), "river_mismatches": len(wrong_river),
                      "statistics_compared": len(other), "statistics_mismatches": len(wrong_other),
                      "failures": (wrong_river + wrong_other)[:10]}))


if __name__ == "__main__":
    main()
