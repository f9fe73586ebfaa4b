"""The models of the importer's oracle: shapes, layers, and the windows they learn from.

A network is a list of layers, each a tuple: its kind, then what it needs. PyTorch (import_torch.py)
trains it and exports it to ONNX, Keras (import_keras.py) gets the same weights.
"""

import numpy as np

WINDOWS = 1200


def case(steps, features, classes, *layers, **more):
    """`epochs`: at least; more, while decisions are not clear (import_torch.py)."""
    return {"steps": steps, "features": features, "classes": classes, "layers": layers,
            "epochs": 12, **more}


# task: classes (logits), binary (one sigmoid), value (one plain output)
CASES = {
    "one_layer": case(20, 3, 3, ("lstm", 24), ("last",), ("dense", 3, "linear")),
    "two_layers": case(
        30, 6, 4, ("lstm", 32), ("dropout",), ("lstm", 16), ("last",), ("dense", 16, "relu"),
        ("dense", 4, "linear"), epochs=8,
    ),
    "three_layers": case(
        24, 12, 5, ("lstm", 32), ("lstm", 24), ("lstm", 16), ("last",), ("dense", 5, "linear"),
        epochs=8,
    ),
    "tiny": case(10, 1, 2, ("lstm", 8), ("last",), ("dense", 2, "linear")),
    "wide": case(
        60, 8, 3, ("lstm", 64), ("last",), ("dense", 32, "relu"), ("dense", 3, "linear"), epochs=6
    ),
    "normalized": case(
        20, 4, 3, ("norm",), ("lstm", 16), ("last",), ("dense", 3, "linear"), raw=True
    ),
    "conv_lstm": case(
        40, 3, 3, ("conv", 16, 5, "same", "relu"), ("maxpool", 2), ("lstm", 16), ("last",),
        ("dense", 3, "linear"),
    ),
    "batch_norm": case(
        20, 3, 3, ("lstm", 16), ("bn",), ("lstm", 12), ("last",), ("bn",), ("dense", 12, "tanh"),
        ("dense", 3, "linear"),
    ),
    "mean_of_steps": case(
        30, 4, 4, ("dense", 8, "relu"), ("lstm", 16), ("gap",), ("dense", 4, "linear")
    ),
    "conv_only": case(
        32, 4, 3, ("conv", 16, 5, "valid", "relu"), ("conv", 16, 3, "causal", "relu"), ("gmp",),
        ("dense", 3, "linear"),
    ),
    "binary": case(16, 2, 1, ("lstm", 12), ("last",), ("dense", 1, "linear"), task="binary"),
    # Also the unit tests' (src/importer/golden), so it is small and holds a bit of everything.
    "fixture": case(
        14, 3, 3, ("norm",), ("lstm", 8), ("dropout",), ("lstm", 6), ("last",),
        ("dense", 5, "relu"), ("bn",), ("dense", 3, "linear"), epochs=30,
    ),
    "value": case(20, 3, 1, ("lstm", 16), ("last",), ("dense", 1, "linear"), task="value"),
}


def windows(name, count=WINDOWS):
    """(x [count, steps, features] float32, y): standardised sensor rows of a machine whose fault
    shows in the rhythm, trend and spread of some of its channels. Load steps and slow drifts stand
    in every class, so that no single value tells them apart."""
    c = CASES[name]
    rng = np.random.default_rng(sum(map(ord, name)))
    steps, features = c["steps"], c["features"]
    kinds = 2 if c.get("task") else c["classes"]
    label = rng.integers(0, kinds, count)
    time = np.arange(steps)
    x = np.zeros((count, steps, features))
    for f in range(features):
        part = (label + f) % kinds  # every channel shows another mix of the faults
        rhythm = np.sin(
            time * (0.25 + 0.9 * part[:, None] / kinds) + rng.uniform(0, 6.28, (count, 1))
        )
        load = (time > rng.uniform(0, steps, (count, 1))) * rng.normal(0, 0.6, (count, 1))
        drift = rng.normal(0, 0.3, (count, 1)) + time / steps * (
            rng.normal(0, 0.2, (count, 1)) + 0.9 * (part[:, None] / kinds)
        )
        noise = rng.normal(0, 1, (count, steps)) * (0.15 + 0.1 * part[:, None])
        noise[:, 1:] += 0.6 * noise[:, :-1]
        x[:, :, f] = rhythm * (0.6 + 0.5 * part[:, None] / kinds) + load + drift + noise
    if c.get("raw"):  # physical units of like size, for a Normalization to undo
        x = x * np.linspace(2, 4, features) + np.linspace(-3, 5, features)
    if c.get("task") == "value":
        target = x[:, -8:].mean((1, 2)) + x[:, :, 0].std(1)
        return x.astype(np.float32), target.astype(np.float32)
    return x.astype(np.float32), label
