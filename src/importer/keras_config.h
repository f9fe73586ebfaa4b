// config.json of a .keras file: the layers in the order in which they run.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"

namespace millwright::importer {

/// null and objects are std::monostate.
using KerasField = std::variant<std::monostate, bool, double, std::string, std::vector<double>>;

struct KerasLayer {
  std::string class_name{};
  std::string name{};   // the user's
  std::string group{};  // where its weights stand: the class in snake case, numbered per class
  std::map<std::string, KerasField, std::less<>> config{};
  std::vector<KerasLayer> inner{};  // of TimeDistributed: one

  /// nullptr where it is missing or of another type.
  template <typename T>
  [[nodiscard]] const T* Get(std::string_view key) const {
    const auto found = config.find(key);
    return found == config.end() ? nullptr : std::get_if<T>(&found->second);
  }
  /// A flag; false where it is missing.
  [[nodiscard]] bool Is(std::string_view key) const {
    const bool* value = Get<bool>(key);
    return value != nullptr && *value;
  }
};

struct KerasModel {
  std::vector<KerasLayer> layers{};  // InputLayer left out
  int steps = 0;                     // 0: open
  int features = 0;
};

/// kInvalid: no JSON of a model; kUnsupported: not one chain of layers from one input to one
/// output, naming the layer where it forks.
[[nodiscard]] Result<KerasModel> ReadKerasConfig(std::string_view json);

/// "BatchNormalization" -> "batch_normalization", "LSTM" -> "lstm": as Keras names weights.
[[nodiscard]] std::string SnakeCase(std::string_view class_name);

}  // namespace millwright::importer
