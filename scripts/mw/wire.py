"""The wire's protobuf messages for Python, generated from src/wire by protoc when they are first needed."""

import importlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def event_messages():
    """The generated module of src/wire/event.proto."""
    return messages("event")


def messages(name: str):
    """The generated module of src/wire/NAME.proto."""
    out = ROOT / "build/wire-python"
    source = ROOT / f"src/wire/{name}.proto"
    made = out / f"{name}_pb2.py"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        out.mkdir(parents=True, exist_ok=True)
        subprocess.run(["protoc", f"--proto_path={source.parent}", f"--python_out={out}", source], check=True)
    if str(out) not in sys.path:
        sys.path.insert(0, str(out))
    return importlib.import_module(f"{name}_pb2")
