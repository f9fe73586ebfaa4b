"""The demo's signed releases: keys and a repository in a folder, kept by `millwright keys`, which the hub hands on."""

import json
import subprocess
from pathlib import Path

LINE = "models/demo"


class Releases:
    def __init__(self, folder: Path, bin_dir: Path):
        self.folder = folder / "repository"
        self.key = folder / "release.pem"
        self._cli = bin_dir / "millwright"

    @property
    def root(self) -> Path:
        """What a gateway is set up with."""
        return self.folder / "metadata" / "1.root.json"

    def make(self) -> None:
        """One key signs everything here; in service root and releases are signed with keys that lie in a drawer."""
        self.key.parent.mkdir(parents=True, exist_ok=True)
        self._run("keys", "make", self.key)
        roles = [word for role in ("root", "targets", "snapshot", "timestamp") for word in (f"--{role}", self.key)]
        self._run("keys", "init-repo", self.folder, *roles)

    def add(self, bundle: Path) -> dict:
        """Signs the bundle as the next release; target, release, digest and pack_bytes."""
        return self._run("release", "add", self.folder, bundle, "--line", LINE, "--key", self.key)

    def _run(self, *words) -> dict:
        done = subprocess.run([str(self._cli), *map(str, words), "--json"], capture_output=True, text=True, timeout=60)
        answer = json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}
        if done.returncode != 0:
            raise RuntimeError(f"millwright {words[0]} {words[1]}: {answer.get('error') or done.stderr.strip()}")
        return answer


def delivery_toml(root: Path, windows_min: int, time_min_s: float) -> list[str]:
    """The agent's part. The trial's limits are short because a demo is: a rollout can only lengthen them."""
    return ["[delivery]", "enabled = true", f'root = "{root}"', "block_bytes = 8192", f"windows_min = {windows_min}",
            f"time_min_s = {time_min_s}"]
