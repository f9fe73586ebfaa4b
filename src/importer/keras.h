// Keras models (.keras: a ZIP of config.json and model.weights.h5) as float nets.
#pragma once

#include <cstddef>
#include <span>

#include "core/result.h"
#include "importer/net.h"

namespace millwright::importer {

/// `steps` stands in where the file leaves them open. Takes InputLayer, Normalization,
/// BatchNormalization, LSTM, Conv1D, MaxPooling1D, AveragePooling1D, GlobalAveragePooling1D,
/// GlobalMaxPooling1D, Dense (also in TimeDistributed), Flatten, Activation, ReLU, Softmax; leaves
/// out what training alone needs (Dropout and its kin). kUnsupported, naming the layer, for all
/// else; kInvalid: a broken file.
[[nodiscard]] Result<Net> ReadKeras(std::span<const std::byte> bytes, int steps);

}  // namespace millwright::importer
