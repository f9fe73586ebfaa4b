"""Mosquitto with the settings that a gateway and a hub use."""

import os
from pathlib import Path

from procs import Process

# The queue of a client that is away lives in the broker's memory: 10 machines publish about 200 messages a second,
# so this holds minutes. Durability never rests on it: the agent declares what it missed.
QUEUED_MESSAGES_MAX = 100_000
QUEUED_BYTES_MAX = 512 << 20


def write_config(path: Path, port: int) -> None:
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "set_tcp_nodelay true",  # or Nagle and delayed acks make 40 ms tails
        "persistence false",
        "max_inflight_messages 200",
        f"max_queued_messages {QUEUED_MESSAGES_MAX}",
        f"max_queued_bytes {QUEUED_BYTES_MAX}",
        "max_packet_size 4194304",
        "log_dest stdout",
        "log_type error",
        "log_type warning",
        "log_type notice",
    ]
    if os.geteuid() == 0:
        # Changing its user would drop the parent-death signal, and a broker would outlive a killed demo.
        lines.append("user root")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def broker(name: str, folder: Path, port: int, realtime: int = 0) -> Process:
    config = folder / f"{name}.mosquitto.conf"
    write_config(config, port)
    return Process(name, ["mosquitto", "-c", config], folder / "logs" / f"{name}.log", realtime=realtime)
