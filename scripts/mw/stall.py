"""Stall probe: sleeps one millisecond, wakes, and writes down how late it woke. It does nothing else, so what it
sees is the machine's doing: no program here could have been faster than that.

    stall.py FILE      on SIGTERM the figures stand in FILE as one JSON object
"""

import gc
import json
import signal
import sys
import time

SLEEP_S = 0.001


def main() -> int:
    gc.disable()
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    late_ms = []
    while running:
        before = time.perf_counter()
        time.sleep(SLEEP_S)
        late_ms.append((time.perf_counter() - before - SLEEP_S) * 1000)
    late_ms.sort()
    with open(sys.argv[1], "w") as out:
        json.dump({"stall_ms_p50": _at(late_ms, 0.5), "stall_ms_p99": _at(late_ms, 0.99),
                   "stall_ms_p999": _at(late_ms, 0.999), "stall_ms_max": late_ms[-1],
                   "samples": len(late_ms)}, out)
    return 0


def _at(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)


if __name__ == "__main__":
    sys.exit(main())
