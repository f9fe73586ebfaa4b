// ONNX models as float nets: an LSTM with dense layers and convolutions round it, as PyTorch
// exports them.
#pragma once

#include <cstddef>
#include <span>

#include "core/result.h"
#include "importer/net.h"

namespace millwright::importer {

/// `steps` stands in where the file leaves them open. The input may be [batch, steps, features],
/// [steps, batch, features] or [batch, features, steps]: how the layers read it tells which.
/// kUnsupported, naming the node, for what is no chain of layers that a Net holds; kInvalid: a
/// broken file; kExhausted: too many nodes or values.
[[nodiscard]] Result<Net> ReadOnnx(std::span<const std::byte> bytes, int steps);

/// Whether `bytes` begin as an ONNX model does.
[[nodiscard]] bool LooksLikeOnnx(std::span<const std::byte> bytes);

}  // namespace millwright::importer
