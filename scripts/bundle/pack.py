"""The gateway's tarball: build/bundle/millwright-gateway_VERSION_arm64.tar.gz, one folder opt/millwright that needs
nothing of the gateway but its kernel: the programs, Mosquitto, their loader and C library, and install.sh.

The same tree gives the same bytes: entries are sorted, times and owners are fixed.
"""

import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

import sysroot
from elf import look_nowhere_else

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BUILD = ROOT / "build/gateway/bin"
STAGE = sysroot.WORK / "stage/opt/millwright"
LOADER = "ld-linux-aarch64.so.1"
PROGRAMS = ("millwright-agent", "millwright")
SEARCHED = ("usr/lib/aarch64-linux-gnu", "lib/aarch64-linux-gnu", "lib", "usr/lib")


def version() -> str:
    return re.search(r"project\(millwright VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]


def pack() -> Path:
    shutil.rmtree(STAGE.parents[1], ignore_errors=True)
    for folder in ("bin", "lib", "libexec", "systemd", "share"):
        (STAGE / folder).mkdir(parents=True)
    for program in PROGRAMS:
        _strip(BUILD / program, STAGE / "bin" / program)
    # Debian's Mosquitto names Debian's loader, so bin/mosquitto starts it through ours.
    shutil.copy2(sysroot.RUN / "usr/sbin/mosquitto", STAGE / "libexec/mosquitto")
    look_nowhere_else(STAGE / "libexec/mosquitto")
    shipped = _libraries([STAGE / "bin" / p for p in PROGRAMS] + [STAGE / "libexec/mosquitto"])
    for source in shipped:
        shutil.copyfile(source, STAGE / "lib" / source.name)
        os.chmod(STAGE / "lib" / source.name, 0o755 if source.name == LOADER else 0o644)
        if source.name != LOADER:
            look_nowhere_else(STAGE / "lib" / source.name)
    for name in ("install.sh", "agent.toml.example", "README"):
        shutil.copyfile(HERE / "gateway" / name, STAGE / name)
    for unit in sorted((HERE / "gateway").glob("*.service")):
        shutil.copyfile(unit, STAGE / "systemd" / unit.name)
    os.chmod(STAGE / "install.sh", 0o755)
    shutil.copyfile(ROOT / "LICENSE", STAGE / "share/LICENSE")
    _copyrights(shipped)
    (STAGE / "VERSION").write_text(version() + "\n")
    files = sorted(p for p in STAGE.rglob("*") if p.is_file())
    (STAGE / "SHA256SUMS").write_text("".join(
        f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(STAGE)}\n" for p in files))
    return _archive(sysroot.WORK / f"millwright-gateway_{version()}_arm64.tar.gz")


def _strip(source: Path, target: Path) -> None:
    subprocess.run(["aarch64-linux-gnu-strip", "-o", target, source], check=True)


def _libraries(programs: list[Path]) -> list[Path]:
    """All that they load, and the loader; RuntimeError names what is nowhere."""
    found: dict[str, Path] = {}
    queue = [LOADER, *(n for p in programs for n in _needed(p))]
    while queue:
        name = queue.pop()
        if name in found:
            continue
        at = next((sysroot.RUN / s / name for s in SEARCHED if (sysroot.RUN / s / name).exists()), None)
        if at is None:
            raise RuntimeError(f"{name} is in none of the packages of sysroot.WANTED_RUN")
        found[name] = at.parent / name
        queue += _needed(at)
    return [found[name] for name in sorted(found)]


def _needed(file: Path) -> list[str]:
    out = subprocess.run(["aarch64-linux-gnu-objdump", "-p", file], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^\s+NEEDED\s+(\S+)", out, re.M)


def _copyrights(shipped: list[Path]) -> None:
    """Each shipped library's own terms, from its package."""
    terms = STAGE / "share/copyright"
    terms.mkdir()
    by_stem = {d.name: d / "copyright" for d in (sysroot.RUN / "usr/share/doc").iterdir() if (d / "copyright").exists()}
    for name, file in sorted(by_stem.items()):
        if name == "mosquitto" or name.startswith("lib") or name == "zlib1g":
            shutil.copyfile(file, terms / name)


def _archive(target: Path) -> Path:
    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = "root"
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    raw = io.BytesIO()
    base = STAGE.parents[1]
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(base.rglob("*")):
            tar.add(path, arcname=str(path.relative_to(base)), recursive=False, filter=plain)
    with open(target, "wb") as out, gzip.GzipFile(fileobj=out, mode="wb", mtime=0, filename="") as packed:
        packed.write(raw.getvalue())
    return target


if __name__ == "__main__":
    print(pack())
