// .tflite files: flatbuffers after TensorFlow Lite's schema, of which tflite.fbs holds the part
// that is needed here. A file is distrusted once, in ReadTflite; whoever holds a Graph from it may
// index without looking.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "core/result.h"
#include "model/graph.h"

namespace millwright::model {

/// What a file may ask for at most. Far above any model for a gateway, far below what would hurt
/// one.
struct TfliteLimits {
  size_t file_bytes = size_t{64} << 20;
  size_t tensors = 16384;
  size_t ops = 16384;
  size_t rank = 8;
  size_t tensor_bytes = size_t{64} << 20;  // of one tensor, computed ones too
  size_t total_bytes = size_t{128} << 20;  // of all tensors together
};

/// Reads the main subgraph. Checks: flatbuffer structure (verifier), identifier TFL3 and version 3,
/// every tensor and operator index, shapes (no overflow, within `limits`), constant data against
/// shape and type, scales (finite, > 0), zero points (within the type), state tensors. kInvalid: a
/// broken file; kUnsupported: well-formed, but with something outside this reader (sparse, external
/// or blockwise data, a type not named in TensorType); kExhausted: beyond `limits`. Operators are
/// not judged here: nn::Engine says which it runs.
[[nodiscard]] Result<Graph> ReadTflite(std::span<const std::byte> bytes,
                                       const TfliteLimits& limits = {});

/// Writes a file that TensorFlow Lite loads. The same graph gives the same bytes. The graph is
/// checked by the rules of ReadTflite; operators whose options Graph cannot hold give kUnsupported.
[[nodiscard]] Result<std::vector<std::byte>> WriteTflite(const Graph& graph);

/// The rules that reader and writer share: indices, shapes, data sizes, quantization, one producer
/// per tensor.
[[nodiscard]] Result<void> CheckGraph(const Graph& graph, const TfliteLimits& limits = {});

}  // namespace millwright::model
