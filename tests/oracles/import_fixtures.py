#!/usr/bin/env python3
"""Writes src/importer/golden from what import_torch.py and import_keras.py left in FOLDER/fixture.

    import_fixtures.py FOLDER
"""

import pathlib
import shutil
import sys
import zipfile

import numpy as np

GOLDEN = pathlib.Path(__file__).resolve().parents[2] / "src/importer/golden"
WINDOWS = 200


def pack(source, target):
    """The same archive deflated: Keras stores, but whoever unzips and zips again does not."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)


def main():
    folder = pathlib.Path(sys.argv[1]) / "fixture"
    GOLDEN.mkdir(exist_ok=True)
    shutil.copy(folder / "sequential.keras", GOLDEN)
    pack(folder / "functional.keras", GOLDEN / "functional_deflated.keras")
    shutil.copy(folder / "plain.onnx", GOLDEN)
    shutil.copy(folder / "last_state.onnx", GOLDEN)
    np.save(GOLDEN / "windows.npy", np.load(folder / "x.npy")[:WINDOWS])
    # As windows of one step, so that the room's own reader takes it.
    np.save(GOLDEN / "want.npy", np.load(folder / "want_keras.npy")[:WINDOWS, None, :])


if __name__ == "__main__":
    main()
