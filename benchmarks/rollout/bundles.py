"""Four small models that real agents take for what they are: made by mw-rollout-bundles, signed by the run."""

import subprocess
from pathlib import Path

NAMES = ("base", "a", "b", "c")


def make_bundles(folder: Path, bin_dir: Path) -> dict[str, Path]:
    """By name; b is unsure of everything, so that a shadow run finds it out."""
    program = bin_dir / "mw-rollout-bundles"
    done = subprocess.run([program, folder], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{program.name}: {done.stderr.strip()}")
    return {name: folder / name for name in NAMES}
