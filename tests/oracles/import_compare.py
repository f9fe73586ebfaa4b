#!/usr/bin/env python3
"""Holds `millwright model import` against the float originals and TensorFlow Lite. Prints one JSON
object.

    import_compare.py FOLDER --program build/release/bin/millwright

FOLDER holds what import_torch.py and import_keras.py wrote. Each model is calibrated on the first
half of its windows and judged on all: our float evaluation against the framework's own answers, the
INT8 decisions of our engine against the framework's, and every byte of the INT8 outputs against
TensorFlow Lite's reference kernels.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

FLOAT_ERROR_MAX = 1e-4
AGREEMENT_MIN = 0.99
VALUE_TOLERANCE = 0.05  # of the outputs' span, as the importer's own
TFLITE_WINDOWS = 200


def run(program, *arguments):
    done = subprocess.run(
        [program, "--json", *map(str, arguments)], capture_output=True, text=True, timeout=300
    )
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if lines else {"ok": False, "error": done.stderr}


def peer(model):
    interpreter = Interpreter(
        model_path=str(model),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
    )
    interpreter.allocate_tensors()
    return interpreter, interpreter.get_input_details()[0], interpreter.get_output_details()[0]


def count_different(interpreter, given, out, inputs, ours):
    different = 0
    for window, answer in zip(inputs[:TFLITE_WINDOWS], ours):
        interpreter.reset_all_variables()
        interpreter.set_tensor(given["index"], window[None])
        interpreter.invoke()
        different += int(np.sum(interpreter.get_tensor(out["index"])[0] != answer))
    return different


def same_decisions(got, want):
    if want.shape[1] > 1:
        return int(np.sum(got.argmax(1) == want.argmax(1)))
    return int(np.sum(np.abs(got - want) <= VALUE_TOLERANCE * np.ptp(want)))


def compare(program, model, x, want, folder, result):
    name = f"{model.parent.name}/{model.name}"
    np.save(folder / "half.npy", x[: len(x) // 2])
    told = run(
        program, "model", "import", model, "--calibrate", folder / "half.npy",
        "--out", folder / "x.tflite", "--float-outputs", folder / "float.npy",
    )
    if not told["ok"]:
        return result["failures"].append(f"{name}: {told['error']}")
    error = float(np.abs(np.load(folder / "float.npy") - want[: len(x) // 2]).max())
    interpreter, given, out = peer(folder / "x.tflite")
    scale, zero = given["quantization"]
    inputs = np.clip(np.round(x / np.float32(scale)) + zero, -128, 127).astype(np.int8)
    inputs.tofile(folder / "in.bin")
    run(program, "model", "run", folder / "x.tflite", "--input", folder / "in.bin",
        "--output", folder / "out.bin")
    ours = np.fromfile(folder / "out.bin", np.int8).reshape(len(x), -1)
    different = count_different(interpreter, given, out, inputs, ours)
    scale, zero = out["quantization"]
    agreed = same_decisions((ours.astype(np.float32) - zero) * scale, want)
    result["models"] += 1
    result["windows"] += len(x)
    result["windows_agreed"] += agreed
    result["agreement_lowest"] = min(result["agreement_lowest"], round(agreed / len(x), 4))
    result["float_error_max"] = max(result["float_error_max"], error)
    result["bytes_compared"] += ours[:TFLITE_WINDOWS].size
    result["bytes_different"] += different
    if error > FLOAT_ERROR_MAX:
        result["failures"].append(f"{name}: our float answers differ by {error:.2g}")
    if agreed < AGREEMENT_MIN * len(x):
        result["failures"].append(f"{name}: {agreed} of {len(x)} windows decide alike")
    if different:
        result["failures"].append(f"{name}: {different} bytes differ from TensorFlow Lite")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--program", required=True)
    options = parser.parse_args()
    result = {
        "models": 0, "windows": 0, "windows_agreed": 0, "agreement_lowest": 1.0,
        "float_error_max": 0.0, "bytes_compared": 0, "bytes_different": 0, "failures": [],
    }
    for case in sorted(p for p in options.folder.iterdir() if p.is_dir()):
        x = np.load(case / "x.npy")
        for model in sorted([*case.glob("*.keras"), *case.glob("*.onnx")]):
            want = np.load(case / ("want_keras.npy" if model.suffix == ".keras" else "want.npy"))
            with tempfile.TemporaryDirectory() as name:
                compare(options.program, model, x, want, pathlib.Path(name), result)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
