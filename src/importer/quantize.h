// From the float net and what it reached on the user's windows to the graph that TensorFlow Lite
// runs: every operator full INT8.
#pragma once

#include "core/result.h"
#include "importer/float_runner.h"
#include "importer/net.h"
#include "model/graph.h"

namespace millwright::importer {

/// `net` was checked and holds no Affine; `ranges` come from its runs. Input int8 [1, steps,
/// features], output int8. kInvalid where a cell state leaves [-64, 64]; kUnsupported, naming the
/// layer, where INT8 has no form for it.
[[nodiscard]] Result<model::Graph> QuantizeNet(const Net& net, const NetRanges& ranges,
                                               const std::string& description);

}  // namespace millwright::importer
