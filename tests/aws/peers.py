"""What both oracles need: the programs, and a repository with signed releases."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MW_BUILD", ROOT / "build/release"))
sys.path[:0] = [str(ROOT / "scripts/mw"), str(ROOT / "tests/scenarios")]
LINE = "models/pump"


def program(name: str) -> str:
    return str(BUILD / "bin" / name)


def cli(*words, status: int = 0) -> dict:
    """The one flat object that a command prints."""
    done = subprocess.run([program("millwright"), *map(str, words), "--json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, f"{words}: {done.returncode}, not {status}: {done.stdout} {done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


def make_bundle(folder: Path, version: str, *words) -> Path:
    subprocess.run([program("mw-test-bundle"), folder, version, *words], check=True, timeout=60)
    return folder


class Repository:
    """One key signs everything."""

    def __init__(self, folder: Path):
        self.folder, self.key, self.bundles = folder / "repository", folder / "release.pem", folder / "bundles"
        cli("keys", "make", self.key)
        roles = [word for role in ("root", "targets", "snapshot", "timestamp") for word in (f"--{role}", self.key)]
        cli("keys", "init-repo", self.folder, *roles)

    def add(self, version: str, *words) -> dict:
        """target, digest, pack_bytes ... of a new release."""
        bundle = make_bundle(self.bundles / version, version, *words)
        return cli("release", "add", self.folder, bundle, "--line", LINE, "--key", self.key)
