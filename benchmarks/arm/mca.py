"""Cycles of the engine's loops on a Cortex-A72, by llvm-mca: the loop is taken from the finished program, as it runs.
llvm-mca has one model for A57, A72 and A76, assumes hits in the first-level cache and no wrong guesses."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

CPU = "cortex-a72"


@dataclass(frozen=True)
class Loop:
    instructions: int
    cycles: float   # of one turn

    @property
    def instructions_per_cycle(self) -> float:
        return self.instructions / self.cycles


def longest_loop(program: Path, function: str) -> Loop:
    """The longest innermost loop of the function whose (demangled) name holds `function`."""
    return _analyse(_loop_of(_disassemble(program, function), function))


def _disassemble(program: Path, function: str) -> list[tuple[int, str]]:
    listing = subprocess.run(["aarch64-linux-gnu-objdump", "-d", "-C", "--no-show-raw-insn", program], check=True,
                             capture_output=True, text=True).stdout
    found = [part for part in listing.split("\n\n") if function in part.split("\n", 1)[0]]
    if len(found) != 1:
        raise RuntimeError(f"{len(found)} functions of {program.name} are called '{function}'")
    lines = (re.match(r"\s+([0-9a-f]+):\s+(.*)", line) for line in found[0].splitlines())
    return [(int(m[1], 16), re.sub(r"\s*(//|<).*", "", m[2])) for m in lines if m]


def _loop_of(code: list[tuple[int, str]], function: str) -> list[str]:
    index = {address: i for i, (address, _) in enumerate(code)}
    loops = []
    for i, (_, text) in enumerate(code):
        branch = re.match(r"(?:b\.\w+|cbn?z\s+\w+,)\s+([0-9a-f]+)$", text)
        target = index.get(int(branch[1], 16)) if branch else None
        if target is not None and target <= i:
            loops.append((target, i))
    inner = [(a, b) for a, b in loops if not any(a <= c and d <= b and (a, b) != (c, d) for c, d in loops)]
    if not inner:
        raise RuntimeError(f"'{function}' has no loop")
    first, last = max(inner, key=lambda ab: ab[1] - ab[0])
    # An address that llvm-mca cannot read back: any label does as well.
    body = [re.sub(r"^adrp(\s+\w+,).*", r"adrp\1 loop", text) for _, text in code[first:last]]
    return ["loop:", *body, re.sub(r"[0-9a-f]+$", "loop", code[last][1])]


def _analyse(lines: list[str], turns: int = 200) -> Loop:
    said = subprocess.run(["llvm-mca", "-mtriple=aarch64-linux-gnu", f"-mcpu={CPU}", f"-iterations={turns}"],
                          input="\n".join(lines) + "\n", check=True, capture_output=True, text=True).stdout
    total = {key: int(value) for key, value in re.findall(r"^(Instructions|Total Cycles):\s+(\d+)", said, re.M)}
    return Loop(instructions=total["Instructions"] // turns, cycles=total["Total Cycles"] / turns)
