"""Guest instructions and cache misses of one inference: a whole program is counted for two numbers of repetitions and
the difference taken, so that start-up and loading fall out."""

from dataclasses import dataclass
from pathlib import Path

import peer
import toolchain

STEPS = 64
MODELS = toolchain.BUILD / "models"


@dataclass(frozen=True)
class Shape:
    inputs: int
    units: int

    @property
    def name(self) -> str:
        return f"{self.inputs}x{self.units}"

    def macs(self, steps: int) -> int:
        """The LSTM's and its dense head's, as the model file says."""
        classes = 4
        return 4 * self.units * (self.inputs + self.units) * steps + classes * self.units

    def model(self, steps: int) -> Path:
        path = MODELS / f"{self.name}_t{steps}.tflite"
        MODELS.mkdir(parents=True, exist_ok=True)
        toolchain.output([*toolchain.qemu(), toolchain.BENCH, "make", self.inputs, self.units, steps, path])
        return path


SHAPES = (Shape(64, 728), Shape(64, 432), Shape(6, 256))


def ours(shape: Shape, steps: int = STEPS, streams: int = 1, kernel: str = "neon", l2_kib: tuple[int, ...] = (),
         ranges: tuple[tuple[int, int], ...] = ()) -> dict[str, float]:
    """Of one inference of one stream."""
    model = shape.model(steps)
    # A short inference is repeated more often: the counts of a whole process vary by some tens.
    few, many = (1, 3) if steps > 1 else (10, 42)
    words = toolchain.counting(kernel, l2_kib, ranges)
    at = [toolchain.counted([*words, toolchain.BENCH, "run", model, kernel, streams, 1, times]) for times in (few, many)]
    return {name: (at[1][name] - at[0][name]) / (many - few) / streams for name in at[0]}


def tensorflow_lite(shape: Shape, l2_kib: tuple[int, ...] = ()) -> dict[str, float]:
    """The same of TensorFlow Lite's arm64 build; raises peer.Unavailable where there is none."""
    peer.prepare()
    model = shape.model(STEPS)
    # Python's own start varies by a million or two: enough windows to drown that.
    few, many = 1, 1 + max(3, round(4e8 / shape.macs(STEPS)))
    at = [toolchain.counted(peer.command(toolchain.counting("neon", l2_kib), model, times)) for times in (few, many)]
    return {name: (at[1][name] - at[0][name]) / (many - few) for name in at[0]}
