#!/usr/bin/env python3
"""Compares the engine with TensorFlow Lite's reference kernels (BUILTIN_REF), byte for byte.

    tflite_compare.py --tool build/release/bin/mw-oracle --seed 1 --models 40 --steps 200000

Runs in an environment with ai-edge-litert and numpy (run.py makes one). Each random model is run on
noise, slow signals and extremes, with the state reset before each run and with the state carried
on; every operator's output and every state tensor of every run is compared. Prints one JSON object.
"""

import argparse
import json
import multiprocessing
import os
import pathlib
import subprocess
import tempfile

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

LSTM = schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM
# By kind of random model: stacked LSTMs with heads, and chains of all other operators.
RUNS_MAX = {"generate": 400, "generate-ops": 24}


def read_graph(data):
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    return model, model.subgraphs[0]


def lstm_steps(model, graph):
    """LSTM time steps of one run: batch x time, for each LSTM operator."""
    steps = 0
    for op in graph.operators:
        if model.operatorCodes[op.opcodeIndex].builtinCode == LSTM:
            shape = graph.tensors[op.inputs[0]].shape
            steps += int(shape[0]) * int(shape[1])
    return steps


def slow_signal(rng, runs, size):
    phase = np.arange(runs * size).reshape(runs, size)
    return np.sin(phase * rng.uniform(1e-3, 5e-2) + rng.uniform(0, 6.28)) * rng.uniform(0.2, 1)


def make_inputs(rng, details, runs):
    """[runs, elements]: noise over the whole range, slow machine-like signals, constant extremes."""
    size = int(np.prod(details["shape"]))
    dtype = details["dtype"]
    if dtype == np.float32:
        noise = rng.normal(0, 1, (runs, size)) * np.exp2(rng.uniform(-6, 6, (runs, 1)))
        # Beyond 2^31 steps the peer's cast to int32 is undefined; the engine saturates there.
        extremes = rng.choice([0.0, 1e-30, -1e6, 1e6, 12345.678, -0.5, 0.5], (runs, size))
        low, high = -4.0, 4.0
    else:
        low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
        noise = rng.integers(low, high + 1, (runs, size))
        extremes = np.repeat(rng.choice([low, high, 0], (runs, 1)), size, axis=1)
    slow = (slow_signal(rng, runs, size) * (high - low) + high + low) / 2
    kind = rng.choice(3, (runs, 1), p=[0.5, 0.4, 0.1])
    mixed = np.choose(
        kind, [noise, slow if dtype == np.float32 else np.clip(np.round(slow), low, high), extremes]
    )
    return mixed.astype(dtype)


def reference(data, model, graph, inputs, carry):
    """TensorFlow Lite's tensors after each run: all operators' outputs, then all states."""
    interpreter = Interpreter(
        model_content=data,
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    wanted = [int(t) for op in graph.operators for t in op.outputs]
    wanted += [i for i, t in enumerate(graph.tensors) if t.isVariable]
    details = interpreter.get_input_details()
    interpreter.reset_all_variables()
    out = []
    for run in range(len(inputs[0])):
        if not carry:
            interpreter.reset_all_variables()
        for one, values in zip(details, inputs):
            interpreter.set_tensor(one["index"], values[run].reshape(one["shape"]))
        interpreter.invoke()
        out += [interpreter.get_tensor(t).tobytes() for t in wanted]
    return b"".join(out)


def engine(tool, model_path, inputs, carry, folder):
    input_path, output_path = folder / "in.bin", folder / "out.bin"
    with input_path.open("wb") as file:
        for run in range(len(inputs[0])):
            for values in inputs:
                file.write(values[run].tobytes())
    command = [tool, "run", model_path, input_path, output_path] + (["carry"] if carry else [])
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return output_path.read_bytes()


def count_different(a, b):
    if len(a) != len(b):
        return max(len(a), len(b))
    return int((np.frombuffer(a, np.uint8) != np.frombuffer(b, np.uint8)).sum())


def compare(task):
    tool, kind, seed, steps_wanted = task
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        path = folder / "model.tflite"
        subprocess.run([tool, kind, str(seed), path], check=True)
        data = path.read_bytes()
        model, graph = read_graph(data)
        steps_per_run = lstm_steps(model, graph)
        runs = max(4, min(RUNS_MAX[kind], steps_wanted // (2 * max(1, steps_per_run))))
        rng = np.random.default_rng(seed)
        interpreter = Interpreter(model_content=data)
        inputs = [make_inputs(rng, one, runs) for one in interpreter.get_input_details()]
        compared = different = 0
        for carry in (False, True):
            want = reference(data, model, graph, inputs, carry)
            got = engine(tool, path, inputs, carry, folder)
            compared += len(want)
            different += count_different(want, got)
        return {
            "seed": f"{kind} {seed}",
            "steps": 2 * runs * steps_per_run,
            "bytes": compared,
            "different": different,
        }


def guarded(task):
    try:
        return compare(task)
    except Exception as error:  # a model that only one side takes is a difference, and it is named
        seed = f"{task[1]} {task[2]}"
        return {"seed": seed, "steps": 0, "bytes": 0, "different": 1, "error": str(error)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", required=True)
    parser.add_argument("--seed", type=int, default=1, help="first seed")
    parser.add_argument("--models", type=int, default=40)
    parser.add_argument("--op-models", type=int, default=100, help="chains of other operators")
    parser.add_argument("--steps", type=int, default=200000, help="LSTM time steps in all")
    parser.add_argument("--jobs", type=int, default=max(1, min(4, os.cpu_count() or 1)))
    options = parser.parse_args()
    per_model = -(-options.steps // options.models)
    tasks = [(options.tool, "generate", options.seed + i, per_model) for i in range(options.models)]
    tasks += [
        (options.tool, "generate-ops", options.seed + i, per_model)
        for i in range(options.op_models)
    ]
    totals = {
        "models_compared": 0,
        "steps_compared": 0,
        "bytes_compared": 0,
        "bytes_different": 0,
        "failures": [],
    }
    with multiprocessing.Pool(options.jobs) as pool:
        for result in pool.imap_unordered(guarded, tasks):
            totals["models_compared"] += result["bytes"] > 0
            totals["steps_compared"] += result["steps"]
            totals["bytes_compared"] += result["bytes"]
            totals["bytes_different"] += result["different"]
            if result["different"]:
                reason = result.get(
                    "error", f"{result['different']} of {result['bytes']} bytes differ"
                )
                totals["failures"].append(f"{result['seed']}: {reason}")
    print(json.dumps(totals))


if __name__ == "__main__":
    main()
