"""TensorFlow Lite's own arm64 build under qemu: a Python and its libraries from Debian's arm64 archive and the wheels
from PyPI, unpacked into build/arm/peer. Nothing is installed on this machine."""

import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEER = ROOT / "build/arm/peer"
# Exactly what the oracles compare with (tests/oracles/requirements.txt).
REQUIREMENTS = ROOT / "tests/oracles/requirements.txt"
DEBIAN = ["libc6", "libgcc-s1", "libstdc++6", "python3.11-minimal", "libpython3.11-minimal", "libpython3.11-stdlib",
          "zlib1g", "libexpat1", "libffi8", "libssl3", "libbz2-1.0", "liblzma5"]
# What the wheel's CPU detection reads; this machine's own file makes it stop.
CPUINFO = "".join(f"processor\t: {core}\nFeatures\t: fp asimd evtstrm crc32 cpuid\nCPU implementer\t: 0x41\n"
                  "CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n" for core in range(4))


class Unavailable(Exception):
    pass


def prepare() -> Path:
    """The folder that qemu takes for the root; raises Unavailable where it cannot be made."""
    recipe = hashlib.sha256((REQUIREMENTS.read_text() + CPUINFO + " ".join(DEBIAN)).encode()).hexdigest()
    stamp = PEER / "stamp"
    if stamp.exists() and stamp.read_text() == recipe:
        return PEER / "root"
    shutil.rmtree(PEER, ignore_errors=True)
    for folder in ("apt/lists/partial", "apt/cache/archives/partial", "debs", "wheels", "root/site"):
        (PEER / folder).mkdir(parents=True)
    try:
        _debian()
        _wheels()
    except (subprocess.SubprocessError, OSError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise Unavailable(f"TensorFlow Lite for arm64 cannot be had here: {said[-1] if said else error}") from error
    (PEER / "cpuinfo").write_text(CPUINFO)
    stamp.write_text(recipe)
    return PEER / "root"


def _run(argv: list, **kwargs) -> None:
    subprocess.run([str(a) for a in argv], check=True, capture_output=True, text=True, timeout=600, **kwargs)


def _debian() -> None:
    # A package list of its own: the machine's dpkg stays as it is.
    options = [word for option in (f"Dir::State::lists={PEER}/apt/lists", f"Dir::Cache={PEER}/apt/cache",
                                   "APT::Architectures=arm64", "APT::Sandbox::User=root") for word in ("-o", option)]
    _run(["apt-get", *options, "update"])
    _run(["apt-get", *options, "download", *(f"{name}:arm64" for name in DEBIAN)], cwd=PEER / "debs")
    for package in sorted((PEER / "debs").glob("*.deb")):
        _run(["dpkg-deb", "-x", package, PEER / "root"])


def _wheels() -> None:
    platforms = [word for tag in ("manylinux_2_27_aarch64", "manylinux_2_28_aarch64") for word in ("--platform", tag)]
    _run([sys.executable, "-m", "pip", "download", "-q", "--only-binary=:all:", "--python-version", "311", *platforms,
          "-d", PEER / "wheels", "-r", REQUIREMENTS])
    for wheel in sorted((PEER / "wheels").glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(PEER / "root/site")


def command(qemu: list, model: Path, times: int) -> list:
    """What runs it: in a mount namespace of its own, with an ARM processor's /proc/cpuinfo."""
    guest = [*qemu, "-L", PEER / "root", "-E", f"PYTHONHOME={PEER}/root/usr",
             "-E", f"PYTHONPATH={PEER}/root/site", PEER / "root/usr/bin/python3.11", HERE / "peer_guest.py", model, times]
    quoted = " ".join(f"'{word}'" for word in map(str, guest))
    return ["unshare", "-m", "sh", "-c", f"mount --bind '{PEER}/cpuinfo' /proc/cpuinfo && exec {quoted}"]
