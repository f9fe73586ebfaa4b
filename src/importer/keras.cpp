#include "importer/keras.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "importer/hdf5.h"
#include "importer/keras_config.h"
#include "importer/zip.h"

namespace millwright::importer {
namespace {

constexpr size_t kConfigBytesMax = size_t{8} << 20;
constexpr float kNormalizationFloor = 1e-7F;  // Keras' backend.epsilon()

// They do nothing outside training.
constexpr std::array<std::string_view, 8> kTrainingOnly = {
    "Dropout",      "SpatialDropout1D",       "GaussianNoise", "GaussianDropout",
    "AlphaDropout", "ActivityRegularization", "Identity",      "InputLayer"};

class KerasReader {
 public:
  KerasReader(const KerasModel& model, const Hdf5File& weights, std::string prefix)
      : model_(model), weights_(weights), prefix_(std::move(prefix)) {}

  Result<Net> Read(int steps) {
    net_.features = model_.features;
    net_.steps = model_.steps > 0 ? model_.steps : steps;
    shape_ = {net_.steps, net_.features};
    for (const KerasLayer& layer : model_.layers) {
      now_ = &layer;
      group_ = prefix_ + layer.group;
      MW_TRY(Take(layer));
    }
    MW_TRY(CheckNet(net_));
    return std::move(net_);
  }

 private:
  using Handler = Result<void> (KerasReader::*)(const KerasLayer&);
  struct Row {
    std::string_view class_name;
    Handler take;
  };
  static const Row kRows[];

  Result<void> Take(const KerasLayer& layer) {
    if (std::ranges::find(kTrainingOnly, layer.class_name) != kTrainingOnly.end()) return {};
    for (const Row* row = kRows; row->take != nullptr; ++row)
      if (row->class_name == layer.class_name) return (this->*row->take)(layer);
    return Refuse("cannot be taken");
  }

  tl::unexpected<Error> Refuse(const std::string& what) const {
    return Fail(Errc::kUnsupported, "keras: " + Where(now_->name, now_->class_name) + " " + what);
  }

  Result<void> Add(LayerOp op) {
    Layer layer{.name = now_->name, .kind = now_->class_name, .op = std::move(op)};
    MW_TRY(shape_, OutShape(layer, shape_));
    net_.layers.push_back(std::move(layer));
    return {};
  }

  // -- fields of the configuration

  Result<int> Count(const KerasLayer& layer, std::string_view key) const {
    const double* one = layer.Get<double>(key);
    const auto* list = layer.Get<std::vector<double>>(key);
    if (list != nullptr && list->size() == 1) one = list->data();
    if (one == nullptr || !(*one >= 1 && *one <= 65536) || *one != std::floor(*one))
      return Refuse("has no usable '" + std::string(key) + "'");
    return static_cast<int>(*one);
  }
  static bool IsText(const KerasLayer& layer, std::string_view key, std::string_view want) {
    const std::string* text = layer.Get<std::string>(key);
    return text != nullptr && *text == want;
  }
  Result<void> CheckChannelsLast(const KerasLayer& layer) const {
    if (layer.Get<std::string>("data_format") == nullptr ||
        IsText(layer, "data_format", "channels_last"))
      return {};
    return Refuse("is not channels_last");
  }

  // -- weights

  Result<std::vector<float>> Weights(const std::string& path,
                                     const std::vector<uint64_t>& shape) const {
    auto tensor = weights_.Read(path);
    if (!tensor)
      return Fail(tensor.error().code, "keras: the weights of " +
                                           Where(now_->name, now_->class_name) + ": " +
                                           tensor.error().what);
    if (tensor->shape == shape) return std::move(tensor->values);
    return Fail(Errc::kInvalid, "keras: " + Where(now_->name, now_->class_name) +
                                    " has weights of another shape than its configuration ('" +
                                    path + "')");
  }
  uint64_t width() const { return static_cast<uint64_t>(shape_.width); }

  // -- layers

  Result<void> TakeLstm(const KerasLayer& layer);
  Result<void> TakeDense(const KerasLayer& layer);
  Result<void> TakeTimeDistributed(const KerasLayer& layer);
  Result<void> TakeConv(const KerasLayer& layer);
  Result<void> TakePool(const KerasLayer& layer);
  Result<void> TakeGlobalPool(const KerasLayer& layer);
  Result<void> TakeFlatten(const KerasLayer&) { return Add(Flatten{}); }
  Result<void> TakeActivation(const KerasLayer& layer) { return AddActivation(layer); }
  Result<void> TakeRelu(const KerasLayer& layer);
  Result<void> TakeSoftmax(const KerasLayer& layer);
  Result<void> TakeNormalization(const KerasLayer& layer);
  Result<void> TakeBatchNormalization(const KerasLayer& layer);

  Result<void> AddActivation(const KerasLayer& layer);
  Result<void> CheckLastAxis(const KerasLayer& layer) const;
  // Numbers of the configuration (one for all features, or one each), else of the weights.
  Result<std::vector<float>> Moments(const KerasLayer& layer, std::string_view key,
                                     const std::string& path) const;

  const KerasModel& model_;
  const Hdf5File& weights_;
  std::string prefix_;
  std::string group_;
  const KerasLayer* now_ = nullptr;
  Shape shape_;
  Net net_;
};

const KerasReader::Row KerasReader::kRows[] = {
    {"LSTM", &KerasReader::TakeLstm},
    {"Dense", &KerasReader::TakeDense},
    {"TimeDistributed", &KerasReader::TakeTimeDistributed},
    {"Conv1D", &KerasReader::TakeConv},
    {"MaxPooling1D", &KerasReader::TakePool},
    {"AveragePooling1D", &KerasReader::TakePool},
    {"GlobalMaxPooling1D", &KerasReader::TakeGlobalPool},
    {"GlobalAveragePooling1D", &KerasReader::TakeGlobalPool},
    {"Flatten", &KerasReader::TakeFlatten},
    {"Activation", &KerasReader::TakeActivation},
    {"ReLU", &KerasReader::TakeRelu},
    {"Softmax", &KerasReader::TakeSoftmax},
    {"Normalization", &KerasReader::TakeNormalization},
    {"BatchNormalization", &KerasReader::TakeBatchNormalization},
    {"", nullptr},
};

// kernel [inputs, 4 units], recurrent kernel [units, 4 units], bias [4 units]; gates in the order
// input, forget, cell, output.
Result<void> KerasReader::TakeLstm(const KerasLayer& layer) {
  if (!IsText(layer, "activation", "tanh") || !IsText(layer, "recurrent_activation", "sigmoid"))
    return Refuse("has other activations than tanh and sigmoid, the only ones of the INT8 LSTM");
  if (layer.Is("go_backwards")) return Refuse("goes backwards");
  if (layer.Is("stateful")) return Refuse("is stateful; windows stand alone here");
  if (layer.Is("return_state")) return Refuse("returns its state");
  MW_TRY(const int count, Count(layer, "units"));
  const auto units = static_cast<size_t>(count), inputs = static_cast<size_t>(width());
  const std::string vars = group_ + "/cell/vars/";
  MW_TRY(const std::vector<float> kernel, Weights(vars + "0", {inputs, 4 * units}));
  MW_TRY(const std::vector<float> recurrent, Weights(vars + "1", {units, 4 * units}));
  std::vector<float> bias(4 * units);
  if (layer.Is("use_bias")) {
    MW_TRY(bias, Weights(vars + "2", {4 * units}));
  }
  Lstm lstm{.inputs = shape_.width, .units = count};
  for (size_t g = 0; g < model::kGates; ++g) {
    const size_t first = g * units;
    for (size_t u = 0; u < units; ++u) {
      for (size_t i = 0; i < inputs; ++i)
        lstm.input_weights[g].push_back(kernel[i * 4 * units + first + u]);
      for (size_t i = 0; i < units; ++i)
        lstm.recurrent_weights[g].push_back(recurrent[i * 4 * units + first + u]);
      lstm.biases[g].push_back(bias[first + u]);
    }
  }
  MW_TRY(Add(std::move(lstm)));
  return layer.Is("return_sequences") ? Result<void>{} : Add(LastStep{});
}

// kernel [inputs, units]
Result<void> KerasReader::TakeDense(const KerasLayer& layer) {
  MW_TRY(const int outputs, Count(layer, "units"));
  const auto units = static_cast<size_t>(outputs), inputs = static_cast<size_t>(width());
  MW_TRY(const std::vector<float> kernel, Weights(group_ + "/vars/0", {inputs, units}));
  Dense dense{.inputs = shape_.width, .outputs = outputs, .biases = std::vector<float>(units)};
  for (size_t o = 0; o < units; ++o)
    for (size_t i = 0; i < inputs; ++i) dense.weights.push_back(kernel[i * units + o]);
  if (layer.Is("use_bias")) {
    MW_TRY(dense.biases, Weights(group_ + "/vars/1", {units}));
  }
  MW_TRY(Add(std::move(dense)));
  return AddActivation(layer);
}

Result<void> KerasReader::TakeTimeDistributed(const KerasLayer& layer) {
  if (layer.inner.size() != 1 || layer.inner[0].class_name != "Dense")
    return Refuse("is taken around Dense only");
  group_ += "/layer";
  return TakeDense(layer.inner[0]);
}

// kernel [kernel, inputs, filters]
Result<void> KerasReader::TakeConv(const KerasLayer& layer) {
  MW_TRY(CheckChannelsLast(layer));
  MW_TRY(const int groups, Count(layer, "groups"));
  if (groups != 1) return Refuse("has groups");
  Conv1d c{.inputs = shape_.width};
  MW_TRY(c.outputs, Count(layer, "filters"));
  MW_TRY(c.kernel, Count(layer, "kernel_size"));
  MW_TRY(c.stride, Count(layer, "strides"));
  MW_TRY(c.dilation, Count(layer, "dilation_rate"));
  const int64_t reach = int64_t{c.kernel - 1} * c.dilation;
  if (reach >= NetLimits{}.steps) return Refuse("reaches over too many steps");
  if (IsText(layer, "padding", "causal")) {
    c.pad_before = static_cast<int>(reach);
  } else if (IsText(layer, "padding", "same")) {
    const int64_t steps = shape_.steps, stride = c.stride;
    const int64_t out_steps = (steps + stride - 1) / stride;
    const int64_t pad = std::max<int64_t>((out_steps - 1) * stride + reach + 1 - steps, 0);
    c.pad_before = static_cast<int>(pad / 2);
    c.pad_after = static_cast<int>(pad - pad / 2);
  } else if (!IsText(layer, "padding", "valid")) {
    return Refuse("has an unknown padding");
  }
  const auto outputs = static_cast<size_t>(c.outputs), kernel = static_cast<size_t>(c.kernel);
  const auto inputs = static_cast<size_t>(width());
  MW_TRY(const std::vector<float> weights, Weights(group_ + "/vars/0", {kernel, inputs, outputs}));
  for (size_t o = 0; o < outputs; ++o)
    for (size_t i = 0; i < kernel * inputs; ++i) c.weights.push_back(weights[i * outputs + o]);
  c.biases.resize(outputs);
  if (layer.Is("use_bias")) {
    MW_TRY(c.biases, Weights(group_ + "/vars/1", {outputs}));
  }
  MW_TRY(Add(std::move(c)));
  return AddActivation(layer);
}

Result<void> KerasReader::TakePool(const KerasLayer& layer) {
  MW_TRY(CheckChannelsLast(layer));
  Pool1d pool{.is_max = layer.class_name == "MaxPooling1D"};
  MW_TRY(pool.size, Count(layer, "pool_size"));
  MW_TRY(pool.stride, Count(layer, "strides"));
  // Where whole windows fill the steps, "same" pads nothing.
  const bool fills = pool.size == pool.stride && shape_.steps % pool.size == 0;
  if (!IsText(layer, "padding", "valid") && !fills) return Refuse("has a padding");
  return Add(pool);
}

Result<void> KerasReader::TakeGlobalPool(const KerasLayer& layer) {
  MW_TRY(CheckChannelsLast(layer));
  if (layer.Is("keepdims")) return Refuse("keeps its time axis");
  return Add(GlobalPool{.is_max = layer.class_name == "GlobalMaxPooling1D"});
}

Result<void> KerasReader::TakeRelu(const KerasLayer& layer) {
  const double* slope = layer.Get<double>("negative_slope");
  const double* threshold = layer.Get<double>("threshold");
  const double* most = layer.Get<double>("max_value");
  if ((slope != nullptr && *slope != 0) || (threshold != nullptr && *threshold != 0) ||
      (most != nullptr && *most != 6))
    return Refuse("has a slope, threshold or limit of its own");
  return Add(Activate{most != nullptr ? Function::kRelu6 : Function::kRelu});
}

Result<void> KerasReader::TakeSoftmax(const KerasLayer& layer) {
  const double* axis = layer.Get<double>("axis");
  if (axis == nullptr || *axis != -1) return Refuse("does not run over the last axis");
  return Add(Activate{Function::kSoftmax});
}

Result<void> KerasReader::AddActivation(const KerasLayer& layer) {
  struct Name {
    std::string_view name;
    Function function;
  };
  constexpr Name kNames[] = {{"relu", Function::kRelu},
                             {"relu6", Function::kRelu6},
                             {"tanh", Function::kTanh},
                             {"sigmoid", Function::kSigmoid},
                             {"softmax", Function::kSoftmax}};
  if (IsText(layer, "activation", "linear")) return {};
  for (const Name& n : kNames)
    if (IsText(layer, "activation", n.name)) return Add(Activate{n.function});
  const std::string* text = layer.Get<std::string>("activation");
  return Refuse("has the activation '" + (text != nullptr ? *text : std::string("(an object)")) +
                "'; linear, relu, relu6, tanh, sigmoid and softmax are taken");
}

Result<void> KerasReader::CheckLastAxis(const KerasLayer& layer) const {
  const double last = shape_.is_vector ? 1 : 2;
  const double* one = layer.Get<double>("axis");
  const auto* list = layer.Get<std::vector<double>>("axis");
  if (list != nullptr && list->size() == 1) one = list->data();
  if (one != nullptr && (*one == -1 || *one == last)) return {};
  return Refuse("does not run over the last axis");
}

Result<std::vector<float>> KerasReader::Moments(const KerasLayer& layer, std::string_view key,
                                                const std::string& path) const {
  std::vector<double> numbers;
  if (const double* one = layer.Get<double>(key)) numbers.assign(width(), *one);
  if (const auto* list = layer.Get<std::vector<double>>(key)) numbers = *list;
  if (numbers.empty()) return Weights(path, {width()});
  if (numbers.size() != width()) return Refuse("has not one " + std::string(key) + " per feature");
  std::vector<float> out;
  out.reserve(numbers.size());
  for (const double n : numbers) out.push_back(static_cast<float>(n));
  return out;
}

// (x - mean) / max(sqrt(variance), epsilon)
Result<void> KerasReader::TakeNormalization(const KerasLayer& layer) {
  MW_TRY(CheckLastAxis(layer));
  if (layer.Is("invert")) return Refuse("is inverted");
  MW_TRY(const std::vector<float> mean, Moments(layer, "mean", group_ + "/vars/0"));
  MW_TRY(const std::vector<float> variance, Moments(layer, "variance", group_ + "/vars/1"));
  Affine affine;
  for (size_t f = 0; f < mean.size(); ++f) {
    affine.gain.push_back(1 / std::max(std::sqrt(variance[f]), kNormalizationFloor));
    affine.offset.push_back(-mean[f] * affine.gain[f]);
  }
  return Add(std::move(affine));
}

// gamma * (x - moving mean) / sqrt(moving variance + epsilon) + beta
Result<void> KerasReader::TakeBatchNormalization(const KerasLayer& layer) {
  MW_TRY(CheckLastAxis(layer));
  const double* epsilon = layer.Get<double>("epsilon");
  if (epsilon == nullptr) return Refuse("has no epsilon");
  int next = 0;
  const auto vars = [&] { return Weights(group_ + "/vars/" + std::to_string(next++), {width()}); };
  std::vector<float> gamma(width(), 1), beta(width(), 0);
  if (layer.Is("scale")) {
    MW_TRY(gamma, vars());
  }
  if (layer.Is("center")) {
    MW_TRY(beta, vars());
  }
  MW_TRY(const std::vector<float> mean, vars());
  MW_TRY(const std::vector<float> variance, vars());
  Affine affine;
  for (size_t f = 0; f < mean.size(); ++f) {
    affine.gain.push_back(gamma[f] / std::sqrt(variance[f] + static_cast<float>(*epsilon)));
    affine.offset.push_back(beta[f] - mean[f] * affine.gain[f]);
  }
  return Add(std::move(affine));
}

}  // namespace

Result<Net> ReadKeras(std::span<const std::byte> bytes, int steps) {
  MW_TRY(const ZipArchive archive, ZipArchive::Open(bytes));
  MW_TRY(const std::vector<std::byte> config, archive.Read("config.json"));
  if (config.size() > kConfigBytesMax)
    return Fail(Errc::kExhausted, "keras: config.json is larger than 8 MiB");
  MW_TRY(const KerasModel model,
         ReadKerasConfig({reinterpret_cast<const char*>(config.data()), config.size()}));
  MW_TRY(const std::vector<std::byte> weights, archive.Read("model.weights.h5"));
  MW_TRY(const Hdf5File file, Hdf5File::Open(weights));
  // Keras 2.12 to 2.15 wrote the same file under another name.
  const std::string prefix = file.List("layers") ? "layers/" : "_layer_checkpoint_dependencies/";
  return KerasReader(model, file, prefix).Read(steps);
}

}  // namespace millwright::importer
