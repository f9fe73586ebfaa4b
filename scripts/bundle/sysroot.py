"""What the gateway's programs are linked with and shipped with: Debian's arm64 packages, unpacked under
build/bundle, nothing of this machine's own package state touched.

A private apt (its own state and cache, the machine's sources and keys, architecture arm64) resolves and fetches the
closure of WANTED; the packages are unpacked into two roots:

    run/     everything a program needs at run time (the C library too)
    sysroot/ the same plus headers, without the C and C++ libraries' own: the cross compiler brings those
"""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build/bundle"
RUN = WORK / "run"
SYSROOT = WORK / "sysroot"
TRIPLET = "aarch64-linux-gnu"

WANTED_RUN = ["mosquitto", "mosquitto-clients", "libmosquitto1", "libssl3", "libsqlite3-0", "zlib1g", "libstdc++6", "libgcc-s1",
              "libprotobuf-lite32", "libkissfft-float131", "libtomlplusplus3", "libsystemd0", "libcpp-httplib0.11",
              "libzstd1", "libsodium23", "ca-certificates"]
WANTED_BUILD = ["libmosquitto-dev", "libssl-dev", "libsqlite3-dev", "zlib1g-dev", "libprotobuf-dev", "libkissfft-dev",
                "libtomlplusplus-dev", "libsystemd-dev", "libcpp-httplib-dev", "nlohmann-json3-dev", "libflatbuffers-dev",
                "libcli11-dev", "libbrotli-dev", "libsodium-dev", "libzstd-dev"]
# The cross compiler has these, at the paths where it looks for them.
COMPILERS_OWN = ("libc6", "libc6-dev", "libc-dev-bin", "linux-libc-dev", "libcrypt-dev", "libgcc-s1", "libstdc++6")


def make() -> None:
    """Fetches and unpacks what is not there yet. RuntimeError tells what apt said."""
    stamp = WORK / "sysroot.stamp"
    wanted = " ".join(WANTED_RUN + WANTED_BUILD)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    for root in (RUN, SYSROOT):
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
    at_run = _fetch(WANTED_RUN)
    for archive in at_run:
        _unpack(archive, RUN)
    for archive in _fetch(WANTED_RUN + WANTED_BUILD):
        if archive.name.split("_")[0] not in COMPILERS_OWN:
            _unpack(archive, SYSROOT)
    _relative_links(SYSROOT)
    stamp.write_text(wanted)


def _fetch(packages: list[str]) -> list[Path]:
    """The archives of these packages and of all that they depend on."""
    state = WORK / "apt"
    for folder in ("state/lists/partial", "cache/archives/partial", "log"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    status = state / "state/status"
    status.touch()
    options = [f"Dir::State={state}/state", f"Dir::State::status={status}", f"Dir::Cache={state}/cache",
               f"Dir::Log={state}/log", "APT::Architecture=arm64", "APT::Architectures::=arm64", "Debug::NoLocking=1",
               "APT::Install-Recommends=0", "APT::Sandbox::User=root", "Acquire::Retries=3", "Acquire::Languages=none"]
    apt = ["apt-get", "-q", "-y", *(f"-o{o}" for o in options)]
    if not any((state / "state/lists").glob("*Packages*")):
        _run([*apt, "update"])
    planned = _run([*apt, "install", "--simulate", *packages])
    names = [line.split()[1].split(":")[0] for line in planned.splitlines() if line.startswith("Inst ")]
    _run([*apt, "install", "--download-only", *packages])
    archives = state / "cache/archives"
    return [next(archives.glob(f"{name}_*.deb")) for name in names]


def _unpack(archive: Path, into: Path) -> None:
    _run(["dpkg-deb", "-x", archive, into])


def _relative_links(root: Path) -> None:
    """A link "/lib/..." means this root's, not this machine's."""
    for link in root.rglob("*"):
        if link.is_symlink() and os.readlink(link).startswith("/"):
            target = root / os.readlink(link).lstrip("/")
            link.unlink()
            link.symlink_to(os.path.relpath(target, link.parent))


def _run(argv: list) -> str:
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]}: " + "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:]))
    return done.stdout


if __name__ == "__main__":
    make()
