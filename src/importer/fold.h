// Normalization out of the way: an Affine layer becomes part of the weights before or behind it.
#pragma once

#include <optional>

#include "importer/net.h"

namespace millwright::importer {

/// Takes Affine layers that stand at the very front away and returns them as one; nothing where
/// there is none. `net` was checked (CheckNet).
[[nodiscard]] std::optional<Affine> TakeFront(Net& net);

/// Folds every Affine layer, exactly up to rounding: into the Dense or Conv1d before it, else past
/// layers that let it through into the next layer with weights. kUnsupported, naming the layer,
/// where none takes it. Checks the net anew.
[[nodiscard]] Result<void> FoldAffine(Net& net);

}  // namespace millwright::importer
