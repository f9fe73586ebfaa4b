#!/usr/bin/env python3
"""python-tuf's own client behind the command line of the conformance suite: what the cases are tried on themselves.

    tests/trust/run.py --client "build/trust-oracle/venv/bin/python tests/trust/ngclient.py"
"""

import argparse
import pathlib
import sys

from tuf.ngclient import Updater


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("--metadata-dir", "--metadata-url", "--target-base-url", "--target-dir"):
        parser.add_argument(name)
    parser.add_argument("--target-name", action="append", default=[])
    parser.add_argument("command", choices=["init", "refresh", "download"])
    parser.add_argument("root", nargs="?")
    options = parser.parse_args()
    folder = pathlib.Path(options.metadata_dir)
    if options.command == "init":
        (folder / "root.json").write_bytes(pathlib.Path(options.root).read_bytes())
        return 0
    updater = Updater(str(folder), options.metadata_url, options.target_dir, options.target_base_url, bootstrap=None)
    updater.refresh()
    for name in options.target_name:
        target = updater.get_targetinfo(name)
        if target is None:
            return 1
        if not updater.find_cached_target(target):
            updater.download_target(target)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Exception as error:  # noqa: BLE001 (the command line knows 0 and 1)
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)
