"""Runs in the environment that holds TensorFlow Lite: times its Interpreter on demand.

    peer_laps.py MODEL...     then, for each line "INDEX TIMES", nanoseconds of so many runs after one unmeasured

The clock is read right around invoke(), whose cost in Python is some microseconds beside its milliseconds."""
import sys
import time

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def interpreter(path: str) -> Interpreter:
    made = Interpreter(model_path=path, num_threads=1)
    made.allocate_tensors()
    details = made.get_input_details()[0]
    noise = np.random.default_rng(1).integers(-128, 128, details["shape"])
    made.set_tensor(details["index"], noise.astype(details["dtype"]))
    return made


def main() -> None:
    made = [interpreter(path) for path in sys.argv[1:]]
    print("ready", flush=True)
    for line in sys.stdin:
        index, times = map(int, line.split())
        one = made[index]
        one.invoke()
        started = time.perf_counter_ns()
        for _ in range(times):
            one.invoke()
        print(time.perf_counter_ns() - started, flush=True)


main()
