#!/usr/bin/env python3
"""Builds the networks of import_cases.py in Keras with the weights that import_torch.py learned, and
writes, into FOLDER/NAME: sequential.keras, functional.keras and want_keras.npy (Keras' own answers).

    import_keras.py FOLDER [NAME ...]
"""

import os
import pathlib
import sys

os.environ["KERAS_BACKEND"] = "numpy"  # predicts without compiling; it takes some functions from jax

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers as kl  # noqa: E402

import import_cases  # noqa: E402


def layers_of(case, weights):
    """[(layer, its weights)]"""
    out = []
    spec = case["layers"]
    final = {"classes": "softmax", "binary": "sigmoid", "value": "linear"}[
        case.get("task", "classes")
    ]
    for i, (kind, *rest) in enumerate(spec):
        own = [weights[f"{i}/{j}"] for j in range(4) if f"{i}/{j}" in weights]
        if kind == "lstm":
            ends = next((k for k, *_ in spec[i + 1 :] if k != "dropout"), "") == "last"
            layer = kl.LSTM(rest[0], return_sequences=not ends)
        elif kind == "dense":
            layer = kl.Dense(rest[0], activation=final if i == len(spec) - 1 else rest[1])
            if i == 0:
                layer = kl.TimeDistributed(layer)
        elif kind == "conv":
            layer = kl.Conv1D(rest[0], rest[1], padding=rest[2], activation=rest[3])
        elif kind == "norm":
            layer, own = kl.Normalization(mean=own[0], variance=own[1]), []
        else:
            layer = {
                "maxpool": lambda: kl.MaxPooling1D(*rest),
                "bn": lambda: kl.BatchNormalization(epsilon=1e-5),
                "dropout": lambda: kl.Dropout(0.2),
                "gap": kl.GlobalAveragePooling1D,
                "gmp": kl.GlobalMaxPooling1D,
                "last": lambda: None,
            }[kind]()
        if layer is not None:
            out.append((layer, own))
    return out


def build(case, weights, functional):
    parts = layers_of(case, weights)
    given = keras.Input((None if functional else case["steps"], case["features"]))
    model = keras.Sequential([given])
    x = given
    for layer, _ in parts:
        if functional:
            x = layer(x)
        else:
            model.add(layer)
    if functional:
        model = keras.Model(given, x)
    for layer, own in parts:
        if own:
            layer.set_weights(own)
    return model


def main():
    folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:] or list(import_cases.CASES)
    for name in names:
        case, into = import_cases.CASES[name], folder / name
        weights = dict(np.load(into / "weights.npz"))
        model = build(case, weights, functional=False)
        model.save(into / "sequential.keras")
        build(case, weights, functional=True).save(into / "functional.keras")
        out = np.asarray(model.predict(np.load(into / "x.npy"), batch_size=import_cases.WINDOWS, verbose=0))
        if case.get("task") == "binary":
            out = np.concatenate([1 - out, out], 1)
        np.save(into / "want_keras.npy", out)


if __name__ == "__main__":
    main()
