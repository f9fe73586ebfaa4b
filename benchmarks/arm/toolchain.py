"""What the measurements run: the cross-built programs, the counting plugin, qemu."""

import os
import re
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / "build/arm"
BENCH = BUILD / "arm_bench"
TESTS = BUILD / "arm_nn_test"
PLUGIN = BUILD / "libcount.so"
TOOLS = ("aarch64-linux-gnu-g++", "aarch64-linux-gnu-objdump", "qemu-aarch64", "llvm-mca", "cmake", "ninja", "flatc")
# The gateways' core; the dot product is in later ones only.
CPUS = {"neon": "cortex-a72", "neon-dot": "max"}


class Unavailable(Exception):
    """A tool that cannot be had here."""


def install() -> None:
    """The packages of the group "arm" (scripts/packages.txt), where they are missing."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if not missing:
        return
    done = subprocess.run([ROOT / "scripts/setup.sh", "build", "arm"], capture_output=True, text=True)
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(f"{', '.join(missing)} cannot be installed here: {said}")


def build(*targets: str) -> None:
    """Raises RuntimeError with the compiler's words where the engine does not build for ARM."""
    BUILD.mkdir(parents=True, exist_ok=True)
    _run(["cmake", "-S", HERE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
          f"-DCMAKE_TOOLCHAIN_FILE={ROOT}/cmake/aarch64.cmake"])
    _run(["ninja", "-C", BUILD, *targets])
    source = HERE / "plugin/count.c"
    if not PLUGIN.exists() or PLUGIN.stat().st_mtime < source.stat().st_mtime:
        _run(["gcc", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-o", PLUGIN, source])


def _run(argv: list) -> None:
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError("\n".join((done.stdout + done.stderr).strip().splitlines()[-15:]))


def qemu(kernel: str = "neon") -> list:
    """The words before a program."""
    return ["qemu-aarch64", "-cpu", CPUS[kernel]]


def counting(kernel: str = "neon", l2_kib: tuple[int, ...] = (), ranges: tuple[tuple[int, int], ...] = ()) -> list:
    """The same with the counting plugin: caches and address ranges as plugin/count.c has them."""
    plugin = [PLUGIN, *(f"l2={kib}" for kib in l2_kib), *(f"range={begin:x}:{end:x}" for begin, end in ranges)]
    return [*qemu(kernel), "-plugin", ",".join(map(str, plugin)), "-d", "plugin"]


def functions() -> list[tuple[int, int, str]]:
    """Begin, end and demangled name of the bench program's functions."""
    listing = subprocess.run(["aarch64-linux-gnu-nm", "-C", "-S", "--defined-only", BENCH], check=True,
                             capture_output=True, text=True).stdout
    found = re.findall(r"^([0-9a-f]+) ([0-9a-f]+) [tTwW] (.*)$", listing, re.M)
    return sorted((int(at, 16), int(at, 16) + int(size, 16), name) for at, size, name in found)


def output(argv: list, timeout_s: float = 1800) -> str:
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=timeout_s,
                          env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))} ended with {done.returncode}: {(done.stdout + done.stderr)[-400:]}")
    return done.stdout + done.stderr


def counted(argv: list) -> dict[str, int]:
    """What the plugin says of one run."""
    return {name: int(value) for name, value in re.findall(r"^(\w+) (\d+)$", output(argv), re.M)}
