#include "importer/keras_config.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "importer/net.h"

namespace millwright::importer {
namespace {

using Json = nlohmann::json;

constexpr size_t kLayersMax = 256;

const Json& Member(const Json& json, const char* key) {
  static const Json kNone;
  if (!json.is_object()) return kNone;
  const auto found = json.find(key);
  return found == json.end() ? kNone : *found;
}

std::string Text(const Json& json) {
  return json.is_string() ? json.get_ref<const std::string&>() : std::string();
}

KerasField ToField(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (!json.is_array()) return {};
  std::vector<double> numbers;
  for (const Json& item : json) {
    if (!item.is_number()) return {};
    numbers.push_back(item.get<double>());
  }
  return numbers;
}

Result<KerasLayer> ReadLayer(const Json& json) {
  KerasLayer layer{.class_name = Text(Member(json, "class_name"))};
  const Json& config = Member(json, "config");
  layer.name = Text(Member(config, "name"));
  if (layer.class_name.empty() || layer.name.empty())
    return Fail(Errc::kInvalid, "keras: config.json holds a layer without class_name or name");
  if (config.contains("layers"))
    return Fail(Errc::kUnsupported, "keras: " + Where(layer.name, layer.class_name) +
                                        " is a model inside the model; layers alone are taken");
  for (const auto& [key, value] : config.items()) layer.config[key] = ToField(value);
  if (const Json& inner = Member(config, "layer"); inner.is_object()) {
    // One deep: TimeDistributed(TimeDistributed(...)) is nothing that anybody needs.
    KerasLayer one{.class_name = Text(Member(inner, "class_name"))};
    for (const auto& [key, value] : Member(inner, "config").items())
      one.config[key] = ToField(value);
    one.name = layer.name;
    layer.inner.push_back(std::move(one));
  }
  return layer;
}

// Names of the layers whose outputs stand anywhere in `json`: as Keras 3 writes them (tensors with
// a history) and as Keras 2 did (["name", 0, 0, {}]).
void CollectSources(const Json& json, int depth, std::vector<std::string>& names) {
  if (depth > 8) return;
  if (json.is_object()) {
    const Json& history = Member(json, "keras_history");
    if (history.is_array() && !history.empty()) return names.push_back(Text(history[0]));
    for (const Json& item : json) CollectSources(item, depth + 1, names);
  } else if (json.is_array()) {
    if (json.size() >= 3 && json[0].is_string() && json[1].is_number() && json[2].is_number())
      return names.push_back(Text(json[0]));
    for (const Json& item : json) CollectSources(item, depth + 1, names);
  }
}

// A functional model must be one chain: each layer reads the one before it, once.
Result<void> CheckChain(const Json& layers, const Json& config) {
  std::string before;
  for (const Json& json : layers) {
    const std::string name = Text(Member(Member(json, "config"), "name"));
    const std::string where = Where(name, Text(Member(json, "class_name")));
    std::vector<std::string> sources;
    const Json& nodes = Member(json, "inbound_nodes");
    CollectSources(nodes, 0, sources);
    if (before.empty() != sources.empty() || sources.size() > 1 || nodes.size() > 1)
      return Fail(Errc::kUnsupported,
                  "keras: " + where + " has " + std::to_string(sources.size()) +
                      " inputs; one chain of layers from one input to one output is taken");
    if (!sources.empty() && sources[0] != before)
      return Fail(Errc::kUnsupported, "keras: " + where + " reads '" + sources[0] + "', not '" +
                                          before + "' before it; a chain of layers is taken");
    before = name;
  }
  std::vector<std::string> outputs;
  CollectSources(Member(config, "output_layers"), 0, outputs);
  if (outputs.size() != 1 || outputs[0] != before)
    return Fail(Errc::kUnsupported,
                "keras: the model's output is not that of its last layer, '" + before + "', alone");
  return {};
}

Result<void> ReadInputShape(const Json& shape, KerasModel& model) {
  if (!shape.is_array() || shape.size() != 3 || !shape[2].is_number_integer())
    return Fail(Errc::kUnsupported, "keras: the input's shape is " + shape.dump() +
                                        "; [batch, steps, features] is taken");
  const int64_t features = shape[2].get<int64_t>();
  const int64_t steps = shape[1].is_number_integer() ? shape[1].get<int64_t>() : 0;
  const NetLimits limits;
  if (features < 1 || features > limits.width || steps < 0 || steps > limits.steps)
    return Fail(Errc::kExhausted, "keras: the input's shape is " + shape.dump());
  model.features = static_cast<int>(features);
  model.steps = static_cast<int>(steps);
  return {};
}

}  // namespace

std::string SnakeCase(std::string_view name) {
  const auto is_upper = [&](size_t i) {
    return i < name.size() && std::isupper(static_cast<unsigned char>(name[i])) != 0;
  };
  const auto is_lower = [&](size_t i) {
    return i < name.size() && std::islower(static_cast<unsigned char>(name[i])) != 0;
  };
  std::string out;
  for (size_t i = 0; i < name.size(); ++i) {
    if (i > 0 && is_upper(i) && (is_lower(i - 1) || is_lower(i + 1))) out += '_';
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(name[i])));
  }
  return out;
}

Result<KerasModel> ReadKerasConfig(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const Json& config = Member(json, "config");
  const Json& layers = Member(config, "layers");
  if (!layers.is_array() || layers.empty())
    return Fail(Errc::kInvalid, "keras: config.json holds no layers");
  if (layers.size() > kLayersMax)
    return Fail(Errc::kExhausted, "keras: " + std::to_string(layers.size()) + " layers");
  const std::string kind = Text(Member(json, "class_name"));
  if (kind != "Sequential") {
    if (kind != "Functional" && kind != "Model")
      return Fail(Errc::kUnsupported, "keras: a model of class '" + kind +
                                          "'; Sequential and Functional models are taken");
    MW_TRY(CheckChain(layers, config));
  }
  KerasModel model;
  std::map<std::string, int, std::less<>> used;
  for (const Json& item : layers) {
    MW_TRY(KerasLayer layer, ReadLayer(item));
    layer.group = SnakeCase(layer.class_name);
    const int number = used[layer.group]++;
    if (number > 0) layer.group += "_" + std::to_string(number);
    if (model.features == 0) {
      const Json& own = Member(item, "config");
      const Json& shape =
          Member(own, own.contains("batch_shape") ? "batch_shape" : "batch_input_shape");
      const Json& built = Member(Member(item, "build_config"), "input_shape");
      MW_TRY(ReadInputShape(shape.is_null() ? built : shape, model));
    }
    if (layer.class_name != "InputLayer") model.layers.push_back(std::move(layer));
  }
  return model;
}

}  // namespace millwright::importer
