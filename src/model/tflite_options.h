// The options of each operator kind, between the file's tables and OpOptions: one place says which
// kind an operator carries, so that reader and writer stay each other's inverse.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <string>

#include "core/result.h"
#include "model/graph.h"
#include "model/tflite_generated.h"

namespace millwright::model {

/// The operator's options in the file; an absent table gives the defaults that TensorFlow Lite
/// takes. kUnsupported: options that no kernel here understands (shuffled weights).
[[nodiscard]] Result<OpOptions> ReadOptions(const schema::Operator& from, OpCode code,
                                            const std::string& where);

struct WrittenOptions {
  schema::BuiltinOptions type = schema::BuiltinOptions::NONE;
  flatbuffers::Offset<void> offset = 0;
};

/// For operators with HasOwnOptions only.
[[nodiscard]] WrittenOptions WriteOptions(flatbuffers::FlatBufferBuilder& builder, const Op& op);

/// Whether Graph holds all that a file says about this kind of operator.
[[nodiscard]] bool KeepsOptions(OpCode code);
/// Whether `op` carries the options of its own kind.
[[nodiscard]] bool HasOwnOptions(const Op& op);

}  // namespace millwright::model
