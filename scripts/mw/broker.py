"""Mosquitto, as `millwright mosquitto-config` sets it up (identity.py).

A client's queue while it is away lies in the broker's memory and holds minutes. Durability never rests on it: the agent
declares what it missed."""

from pathlib import Path

from procs import Process


def broker(name: str, folder: Path, config: Path, realtime: int = 0, program: tuple = ("mosquitto",)) -> Process:
    return Process(name, [*program, "-c", config], folder / "logs" / f"{name}.log", realtime=realtime)
