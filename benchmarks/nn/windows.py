"""Real windows of machines for models that are at hand: SKAB's pump for ../shared/models/skab_lstm32, and the golden
vectors of the bundle that ./demo trained."""
import csv
import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path

BASE_ROWS = 400   # of each run, healthy: they give mean and deviation
HOP_STEPS = 15
CLIP = 8.0


@dataclass
class Windows:
    name: str
    model: Path
    data: bytes


def skab(root: Path) -> Windows | None:
    """Windows of 60 seconds as the model's maker cut them: each channel by the run's first rows, then quantized."""
    model, folder = root / "../shared/models/skab_lstm32.tflite", root / "../shared/data/skab"
    files = sorted(p for p in folder.glob("*/*") if ".csv" in p.name)
    if not model.exists() or not files:
        return None
    info = json.loads(model.with_suffix(".json").read_text())
    steps, scale, zero = info["input_shape"][1], info["input_scale"], info["input_zero_point"]
    data = bytearray()
    for path in files:
        rows = _standardised(_read(path))
        for first in range(0, len(rows) - steps, HOP_STEPS):
            for row in rows[first:first + steps]:
                data += bytes(_quantize(v, scale, zero) & 0xFF for v in row)
    return Windows("skab", model, bytes(data))


def demo(root: Path) -> Windows | None:
    """Inputs of the newest bundle's golden vectors: healthy and faulty machines of the simulated plants."""
    manifests = sorted((root / "build/demo").glob("**/manifest.json"), key=lambda p: p.stat().st_mtime)
    for path in reversed(manifests):
        manifest = json.loads(path.read_text())
        model = manifest["model"]
        golden = (path.parent / manifest["golden"]["file"]).read_bytes()
        return Windows("demo", path.parent / model["file"],
                       golden[:manifest["golden"]["count"] * model["steps"] * model["features"]])
    return None


def _read(path: Path) -> list:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    names = [k for k in rows[0] if k not in ("datetime", "anomaly", "changepoint")]
    return [[float(row[k]) for k in names] for row in rows]


def _standardised(rows: list) -> list:
    base = rows[:BASE_ROWS]
    columns = list(zip(*base))
    mean = [sum(c) / len(c) for c in columns]
    deviation = [(sum((v - m) ** 2 for v in c) / len(c)) ** 0.5 + 1e-3 for c, m in zip(columns, mean)]
    return [[max(-CLIP, min(CLIP, (v - m) / d)) for v, m, d in zip(row, mean, deviation)] for row in rows]


def _quantize(value: float, scale: float, zero: int) -> int:
    return max(-128, min(127, round(value / scale) + zero))
