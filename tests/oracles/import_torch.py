#!/usr/bin/env python3
"""Trains the networks of import_cases.py and writes, into FOLDER/NAME: x.npy (windows), want.npy
(PyTorch's own answers), weights.npz (for Keras), and .onnx files in the shapes that people export.

    /usr/bin/python3 tests/oracles/import_torch.py FOLDER [NAME ...]

Runs with Debian's python3-torch.
"""

import pathlib
import sys

import numpy as np
import torch
from torch import nn

import import_cases

CLEAR = 0.97  # of the windows named rightly: a net that guesses flips with any rounding
LATEST = 10  # times its epochs, a net that has not become clear is taken as it is

ACTIVATIONS = {"linear": nn.Identity, "relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class Net(nn.Module):
    """The layers of a case. `how` chooses among the ways in which people write the same thing."""

    def __init__(self, case, x):
        super().__init__()
        self.spec, self.how, self.tail = case["layers"], "batch_first", ()
        self.parts = nn.ModuleList()
        width = case["features"]
        for kind, *rest in self.spec:
            part = nn.Identity()
            if kind == "lstm":
                part, width = nn.LSTM(width, rest[0], batch_first=True), rest[0]
            elif kind == "dense":
                part = nn.Sequential(nn.Linear(width, rest[0]), ACTIVATIONS[rest[1]]())
                width = rest[0]
            elif kind == "conv":
                pad = {"same": (rest[1] - 1) // 2, "valid": 0, "causal": 0}[rest[2]]
                part = nn.Sequential(
                    nn.ConstantPad1d((rest[1] - 1 if rest[2] == "causal" else 0, 0), 0.0),
                    nn.Conv1d(width, rest[0], rest[1], padding=pad),
                    ACTIVATIONS[rest[3]](),
                )
                width = rest[0]
            elif kind == "maxpool":
                part = nn.MaxPool1d(rest[0])
            elif kind == "bn":
                part = nn.BatchNorm1d(width)
            elif kind == "dropout":
                part = nn.Dropout(0.2)
            elif kind == "norm":
                part = nn.Module()
                part.register_buffer("mean", torch.tensor(x.mean((0, 1))))
                part.register_buffer("variance", torch.tensor(x.var((0, 1))))
            self.parts.append(part)

    def forward(self, x):
        state = None
        if self.how == "time_first":
            x = x.transpose(0, 1)
        for (kind, *_), part in zip(self.spec, self.parts):
            if kind == "norm":
                x = (x - part.mean) / torch.sqrt(part.variance)
            elif kind == "lstm" and self.how == "given_state":
                zeros = torch.zeros(1, x.size(0), part.hidden_size)
                x, (state, _) = part(x, (zeros, zeros))
            elif kind == "lstm":
                x, (state, _) = part(x)
            elif kind == "last":
                x = {"last_state": lambda: state[-1], "slice": lambda: x[:, -1:, :].squeeze(1)}.get(
                    self.how, lambda: x[:, -1, :]
                )()
            elif kind in ("conv", "maxpool") or (kind == "bn" and x.dim() == 3):
                x = part(x.transpose(1, 2)).transpose(1, 2)
            elif kind == "gap":
                x = x.mean(dim=1)
            elif kind == "gmp":
                x = x.amax(dim=1)
            else:
                x = part(x)
        for module in self.tail:
            x = module(x)
        return x


def train(net, case, x, y):
    task = case.get("task", "classes")
    x, y = torch.tensor(x), torch.tensor(y)
    loss_of = {
        "classes": nn.functional.cross_entropy,
        "binary": lambda out, want: nn.functional.binary_cross_entropy_with_logits(
            out[:, 0], want.float()
        ),
        "value": lambda out, want: nn.functional.mse_loss(out[:, 0], want),
    }[task]
    optimizer = torch.optim.AdamW(net.parameters(), lr=6e-3, weight_decay=1e-3)
    for epoch in range(LATEST * case["epochs"]):
        if epoch >= case["epochs"] and is_clear(net, task, x, y):
            break
        net.train()
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            loss_of(net(x[batch]), y[batch]).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimizer.step()
    net.eval()


def is_clear(net, task, x, y):
    if task == "value":
        return True
    net.eval()
    with torch.no_grad():
        out = net(x)
    named = out[:, 0] > 0 if task == "binary" else out.argmax(1)
    return float((named == y).float().mean()) >= CLEAR


def weights_of(net):
    """Arrays in Keras' layout, by layer number."""
    out = {}
    for i, ((kind, *_), part) in enumerate(zip(net.spec, net.parts)):
        arrays = []
        if kind == "lstm":
            arrays = [
                part.weight_ih_l0.T,
                part.weight_hh_l0.T,
                part.bias_ih_l0 + part.bias_hh_l0,
            ]
        elif kind == "dense":
            arrays = [part[0].weight.T, part[0].bias]
        elif kind == "conv":
            arrays = [part[1].weight.permute(2, 1, 0), part[1].bias]
        elif kind == "bn":
            arrays = [part.weight, part.bias, part.running_mean, part.running_var]
        elif kind == "norm":
            arrays = [part.mean, part.variance]
        for j, array in enumerate(arrays):
            out[f"{i}/{j}"] = array.detach().numpy()
    return out


def export(net, path, x, how="batch_first", tail=(), opset=13, dynamic=True, **more):
    net.how, net.tail = how, tail
    example = torch.tensor(x[:1])
    if how == "time_first":
        example = example.transpose(0, 1)
    axes = {"input": {1 if how == "time_first" else 0: "batch"}, "output": {0: "batch"}}
    torch.onnx.export(
        net, example, path, input_names=["input"], output_names=["output"], opset_version=opset,
        dynamic_axes=axes if dynamic else None, **more,
    )


def export_all(net, name, folder, x):
    """Each network at least twice: as it is, and in one of the other usual shapes."""
    case = import_cases.CASES[name]
    task = case.get("task", "classes")
    softmax, log_softmax, sigmoid = nn.Softmax(dim=1), nn.LogSoftmax(dim=-1), nn.Sigmoid()
    export(net, folder / "plain.onnx", x, tail=(sigmoid,) if task == "binary" else ())
    has_last = ("last",) in case["layers"]
    if task == "classes":
        export(net, folder / "softmax.onnx", x, tail=(softmax,), opset=11, dynamic=False)
    if name == "one_layer":
        export(net, folder / "given_state.onnx", x, how="given_state")
        export(net, folder / "slice.onnx", x, how="slice", opset=9)
        export(net, folder / "unfolded.onnx", x, do_constant_folding=False, opset=16)
    if name in ("two_layers", "tiny", "value", "batch_norm", "fixture") and has_last:
        tail = (log_softmax,) if task == "classes" else ()
        export(net, folder / "last_state.onnx", x, how="last_state", tail=tail, opset=14)
    if name in ("three_layers", "wide"):
        export_time_first(net, folder, x)


class TimeFirst(nn.Module):
    """Time before batch all the way, the input too: nn.LSTM's own default."""

    def __init__(self, net):
        super().__init__()
        lstms = [p for p in net.parts if isinstance(p, nn.LSTM)]
        self.lstms = nn.ModuleList(nn.LSTM(p.input_size, p.hidden_size) for p in lstms)
        for ours, theirs in zip(self.lstms, lstms):
            ours.load_state_dict(theirs.state_dict())
        self.head = nn.Sequential(*(p for p in net.parts if isinstance(p, nn.Sequential)))

    def forward(self, x):
        for lstm in self.lstms:
            x, _ = lstm(x)
        return self.head(x[-1])


def export_time_first(net, folder, x):
    other = TimeFirst(net).eval()
    torch.onnx.export(
        other, torch.tensor(x[:1]).transpose(0, 1), folder / "time_first.onnx",
        input_names=["input"], output_names=["output"], opset_version=12,
        dynamic_axes={"input": {0: "time", 1: "batch"}},
    )


def answers(net, case, x):
    net.how, net.tail = "batch_first", ()
    with torch.no_grad():
        out = torch.cat([net(torch.tensor(part)) for part in np.array_split(x, 4)])
    task = case.get("task", "classes")
    if task == "classes":
        out = torch.softmax(out, 1)
    elif task == "binary":
        out = torch.cat([1 - torch.sigmoid(out), torch.sigmoid(out)], 1)
    return out.numpy()


def main():
    folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:] or list(import_cases.CASES)
    torch.set_num_threads(1)  # nets this small only wait for each other's threads
    for name in names:
        torch.manual_seed(7)
        case = import_cases.CASES[name]
        x, y = import_cases.windows(name)
        net = Net(case, x)
        train(net, case, x, y)
        into = folder / name
        into.mkdir(parents=True, exist_ok=True)
        np.save(into / "x.npy", x)
        want = answers(net, case, x)
        np.save(into / "want.npy", want)
        np.savez(into / "weights.npz", **weights_of(net))
        export_all(net, name, into, x)
        if case.get("task", "classes") != "value":
            print(name, f"{np.mean(want.argmax(1) == y):.3f} of the windows named rightly", flush=True)


if __name__ == "__main__":
    main()
