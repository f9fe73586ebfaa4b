#!/usr/bin/env python3
"""What an inference costs on a Raspberry Pi 4 and a Jetson Nano, predicted without either board.

    benchmarks/arm/cost.py [--write]         prints the figures; --write: puts the tables into docs/RESOURCES.md

time = max(products, memory) + the rest, where
  products  multiply-accumulates by llvm-mca's cycles of the inner loop
  memory    lines that miss in the second-level cache (counted on the real addresses by a TCG plugin) at the board's
            measured bandwidth; products and memory overlap, since the loop's loads run ahead of it
  the rest  all other counted instructions, function by function, at llvm-mca's instructions per cycle of that
            function's loop; no weights are loaded there, so nothing overlaps
The band: at best the cache replaces the least recently used line, the memory is at its fastest and everything overlaps;
at worst the cache replaces at random, the memory is at its slowest and nothing overlaps."""

import argparse
import sys
from dataclasses import dataclass

import counts
import mca
import toolchain

RESOURCES = toolchain.ROOT / "docs/RESOURCES.md"
LINE_BYTES = 64
PRODUCTS = ("MultiplyOneDepth", "MultiplyFourDepth")
# What else takes time, and the loop that says at how many instructions per cycle; glue code has no loop to ask.
RESTS = ("ApplyLogistic(short*, unsigned long)", "TanhAll<3>", "TanhAll<4>", "RescaleRecurrentLoop<true>",
         "RescaleInputLoop<true>", "CellRule::Update(")
GLUE_PER_CYCLE = 1.2
PEAK_MAC_PER_CYCLE = 8.0


@dataclass(frozen=True)
class Board:
    key: str
    name: str
    ghz: float
    l2_kib: int
    gb_per_s: tuple[float, float]   # slowest, fastest
    source: str

    @property
    def gb_per_s_mean(self) -> float:
        return sum(self.gb_per_s) / 2


BOARDS = (
    Board("pi4", "Raspberry Pi 4 (4 x Cortex-A72)", 1.5, 1024, (4.84, 5.53),
          "STREAM triad and copy, sci-pi.org.uk; 0.4 GB/s less with a display"),
    Board("nano", "Jetson Nano (4 x Cortex-A57)", 1.43, 2048, (6.4, 12.8),
          "a quarter and a half of the bus's 25.6 GB/s: no measured figure is published"),
)


@dataclass(frozen=True)
class Kind:
    key: str
    what: str
    steps: int
    streams: int


WINDOW = Kind("", "a window of 64 steps", counts.STEPS, 1)
STEP = Kind("step_", "one step of a stream, back to back (worst: with an empty cache)", 1, 1)
BATCH = Kind("batch8_", "16 steps of each of 8 streams, per stream", 16, 8)
KINDS = (WINDOW, STEP, BATCH)


@dataclass(frozen=True)
class Work:
    """Of one inference of one stream."""
    shape: counts.Shape
    kind: Kind
    macs: int
    product_cycles: float
    rest_cycles: float
    instructions: float
    lines: dict[int, tuple[float, float]]   # L2 KiB -> missed lines: least recently used, random

    @property
    def weight_bytes(self) -> int:
        return 4 * self.shape.units * (self.shape.inputs + self.shape.units)

    def counted(self, board: Board) -> tuple[float, float]:
        """Fewest and most lines."""
        few, many = sorted(self.lines[board.l2_kib])
        return few, many

    def memory_ms(self, board: Board, lines: float, gb_per_s: float) -> float:
        return lines * LINE_BYTES / gb_per_s / 1e6

    def predicted_ms(self, board: Board) -> tuple[float, float, float]:
        """Best, expected, worst."""
        few, many = self.counted(board)
        rest = self.rest_cycles / board.ghz / 1e6
        products = self.product_cycles / board.ghz / 1e6
        best = max(products + rest, self.memory_ms(board, few, board.gb_per_s[1]))
        expected = max(products, self.memory_ms(board, (few + many) / 2, board.gb_per_s_mean)) + rest
        if self.kind == STEP:   # counted back to back; in a gateway other work has emptied the cache since
            many = max(many, self.weight_bytes / LINE_BYTES)
        worst = products + rest + self.memory_ms(board, many, board.gb_per_s[0])
        return best, expected, worst

    def floor_ms(self, board: Board) -> float:
        """The larger of what the multiply pipe and the memory allow at all."""
        few, many = self.counted(board)
        return max(self.macs / PEAK_MAC_PER_CYCLE / board.ghz / 1e6,
                   self.memory_ms(board, (few + many) / 2, board.gb_per_s_mean))


def measure(shapes) -> list[Work]:
    found = toolchain.functions()
    products = [(begin, end) for begin, end, name in found if any(p in name for p in PRODUCTS)]
    rests = [next((begin, end) for begin, end, name in found if rest in name) for rest in RESTS]
    per_cycle = [mca.longest_loop(toolchain.BENCH, rest).instructions_per_cycle for rest in RESTS]
    mac_cycles = mca.longest_loop(toolchain.BENCH, "MultiplyOneDepthTwo(").cycles / 256

    def work(shape: counts.Shape, kind: Kind) -> Work:
        said = counts.ours(shape, steps=kind.steps, streams=kind.streams, l2_kib=tuple(b.l2_kib for b in BOARDS),
                           ranges=(*products, *rests))
        ranged = [said[f"range_{i}"] for i in range(len(products) + len(rests))]
        in_products, in_rests = sum(ranged[:len(products)]), ranged[len(products):]
        glue = said["instructions"] - in_products - sum(in_rests)
        return Work(shape=shape, kind=kind, macs=shape.macs(kind.steps),
                    product_cycles=_padded_macs(shape, kind.steps) * mac_cycles,
                    rest_cycles=sum(n / p for n, p in zip(in_rests, per_cycle)) + glue / GLUE_PER_CYCLE,
                    instructions=said["instructions"],
                    lines={b.l2_kib: (said[f"l2_misses_{b.l2_kib}k"], said[f"l2_random_misses_{b.l2_kib}k"])
                           for b in BOARDS})

    return [work(shape, kind) for kind in KINDS for shape in shapes]


def _padded_macs(shape: counts.Shape, steps: int) -> int:
    def round_up(value: int) -> int:
        return (value + 7) // 8 * 8

    units = round_up(shape.units)
    return 4 * units * (round_up(shape.inputs) + units) * steps


def predictions(works: list[Work]) -> dict[str, float]:
    figures = {}
    for work in works:
        for board in BOARDS:
            best, expected, worst = work.predicted_ms(board)
            key = f"{work.kind.key}{board.key}_{work.shape.name}"
            figures |= {f"predicted_ms_{key}": round(expected, 3), f"predicted_ms_best_{key}": round(best, 3),
                        f"predicted_ms_worst_{key}": round(worst, 3),
                        f"predicted_floor_ratio_{key}": round(expected / work.floor_ms(board), 3)}
    return figures


def broken(figures: dict) -> list[str]:
    bars = []
    for board in BOARDS:
        key = f"{board.key}_64x728"
        if figures[f"predicted_ms_{key}"] > 50:
            bars.append(f"predicted_ms_{key} is {figures[f'predicted_ms_{key}']}, over 50")
        if figures[f"predicted_floor_ratio_{key}"] > 1.15:
            bars.append(f"predicted_floor_ratio_{key} is {figures[f'predicted_floor_ratio_{key}']}, over 1.15")
    return bars


BEGIN, END = "<!-- benchmarks/arm/cost.py begins -->\n", "<!-- benchmarks/arm/cost.py ends -->\n"


def tables(works: list[Work]) -> str:
    lines = []
    for kind in KINDS:
        lines += [f"**{kind.what[0].upper()}{kind.what[1:]}**", "",
                  "| shape (weights) | instructions | " + " | ".join(
                      f"{b.name.split(' (')[0]}: from memory | predicted ms (band) | over the floor" for b in BOARDS) + " |",
                  "|---" * (2 + 3 * len(BOARDS)) + "|"]
        for work in (w for w in works if w.kind == kind):
            cells = [f"{work.shape.name} ({work.weight_bytes / 1e6:.2f} MB)", f"{work.instructions / 1e6:.2f} M"]
            for board in BOARDS:
                best, expected, worst = work.predicted_ms(board)
                few, many = work.counted(board)
                cells += [f"{few * LINE_BYTES / 1e6:.2f}-{many * LINE_BYTES / 1e6:.2f} MB",
                          f"**{expected:.3g}** ({best:.3g}-{worst:.3g})", f"{expected / work.floor_ms(board):.2f} x"]
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    lines += ["| board | clock | L2 | memory, one core | source |", "|---|---|---|---|---|"]
    lines += [f"| {b.name} | {b.ghz} GHz | {b.l2_kib // 1024} MB | {b.gb_per_s[0]}-{b.gb_per_s[1]} GB/s | {b.source} |"
              for b in BOARDS]
    return "\n".join(lines) + "\n"


def write(works: list[Work]) -> None:
    text = RESOURCES.read_text()
    before, rest = text.split(BEGIN)
    RESOURCES.write_text(before + BEGIN + tables(works) + END + rest.split(END)[1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into docs/RESOURCES.md")
    options = parser.parse_args()
    toolchain.install()
    toolchain.build("arm_bench")
    works = measure(counts.SHAPES)
    for key, value in predictions(works).items():
        print(f"{key:<44} {value}")
    if options.write:
        write(works)
    return 0


if __name__ == "__main__":
    sys.exit(main())
