"""A root file system that holds the gateway's tarball and nothing else, entered under qemu as that gateway's processor.

Entering it takes root and mounts of its own (a private mount namespace, gone with the process). Where decoys are wanted,
the places in which a loader looks hold libraries that would end any program that took one."""

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

QEMU = Path("/usr/bin/qemu-aarch64-static")
OPT = "/opt/millwright"
LOADER = f"{OPT}/lib/ld-linux-aarch64.so.1"
HOST_PLACES = ("lib", "lib/aarch64-linux-gnu", "usr/lib", "usr/lib/aarch64-linux-gnu")
DECOYS = ("libc.so.6", "libm.so.6", "libstdc++.so.6", "libgcc_s.so.1", "libssl.so.3", "libcrypto.so.3", "libz.so.1",
          "libmosquitto.so.1", "libsqlite3.so.0", "libsystemd.so.0", "ld-linux-aarch64.so.1", "libnss_mdns4_minimal.so.2",
          "libnss_resolve.so.2")


def why_not() -> str:
    """Why an empty root cannot be entered here; empty where it can."""
    if os.geteuid() != 0:
        return "entering an empty root takes root"
    if not QEMU.exists():
        return f"there is no {QEMU}"
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode != 0:
        return "this machine forbids mount namespaces"
    return ""


class EmptyRoot:
    def __init__(self, folder: Path, tarball: Path, data: Path):
        """`data` is seen inside under its own path."""
        self.folder = folder
        self.data = data
        shutil.rmtree(folder, ignore_errors=True)
        for name in ("proc", "dev", "tmp", "etc", str(data).lstrip("/")):
            (folder / name).mkdir(parents=True)
        with tarfile.open(tarball) as packed:
            packed.extractall(folder)
        shutil.copy2(QEMU, folder / "qemu-aarch64")
        (folder / "etc/passwd").write_text("root:x:0:0::/:/none\nmillwright:x:999:999::/:/none\n")
        (folder / "etc/group").write_text("root:x:0:\nmillwright:x:999:\n")
        (folder / "etc/hosts").write_text("127.0.0.1 localhost\n")
        # As Ubuntu has it: the first word names a library of the host.
        (folder / "etc/nsswitch.conf").write_text("hosts: files mdns4_minimal [NOTFOUND=return] dns\n")

    def put_decoys(self) -> None:
        for place in HOST_PLACES:
            (self.folder / place).mkdir(parents=True, exist_ok=True)
            for name in DECOYS:
                (self.folder / place / name).write_bytes(b"not a library\n")

    def programs(self, cpu: str) -> dict:
        """argv heads, as World.gateway_programs takes them."""
        return {"mosquitto": self.argv(cpu, LOADER, "--inhibit-cache", "--library-path", f"{OPT}/lib",
                                       f"{OPT}/libexec/mosquitto"),
                "agent": self.argv(cpu, f"{OPT}/bin/millwright-agent")}

    def argv(self, cpu: str, *program: str, qemu: tuple = ()) -> list:
        root = self.folder
        enter = (f'mount --bind "{self.data}" "{root}{self.data}" && mount --bind /dev "{root}/dev" && '
                 f'mount -t proc proc "{root}/proc" && exec chroot "{root}" "$@"')
        return ["unshare", "-m", "sh", "-c", enter, "enter", "/qemu-aarch64", *qemu, "-cpu", cpu, *program]
