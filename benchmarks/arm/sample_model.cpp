#include "sample_model.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "model/lstm_classifier.h"
#include "model/tflite.h"

namespace millwright::bench {
namespace {

constexpr int kClasses = 4;
constexpr float kInputScale = 0.03F;

class Maker {
 public:
  explicit Maker(const SampleShape& shape) : shape_(shape) {}

  model::QuantizedClassifier Make() {
    const auto units = static_cast<size_t>(shape_.units);
    model::QuantizedLstm lstm{.units = shape_.units, .cell_shift = 11, .hidden_scale = 1.0F / 128};
    for (size_t g = 0; g < model::kGates; ++g) {
      lstm.input_weights[g] = Uniform(units * static_cast<size_t>(shape_.inputs));
      lstm.recurrent_weights[g] = Normal(units * units);
      lstm.biases[g].assign(units, 100 * static_cast<int>(g));
      lstm.input_scales[g] = 1.2F / (127 * std::sqrt(static_cast<float>(shape_.inputs)));
      lstm.recurrent_scales[g] = 6.0F / (127 * std::sqrt(static_cast<float>(units)));
    }
    model::QuantizedClassifier classifier{.steps = shape_.steps,
                                          .features = shape_.inputs,
                                          .input_scale = kInputScale,
                                          .input_zero_point = 3,
                                          .description = "sample of a shape"};
    classifier.layers.push_back(std::move(lstm));
    classifier.dense = {.classes = kClasses,
                        .weights = Uniform(units * kClasses),
                        .scales = std::vector<float>(kClasses, 0.002F),
                        .biases = std::vector<int32_t>(kClasses, 0),
                        .logits_scale = 0.05F};
    return classifier;
  }

 private:
  std::vector<int8_t> Uniform(size_t count) {
    std::uniform_int_distribution<int> spread(-127, 127);
    std::vector<int8_t> weights(count);
    for (int8_t& weight : weights) weight = static_cast<int8_t>(spread(random_));
    return weights;
  }

  // The largest of `count` normal values becomes 127.
  std::vector<int8_t> Normal(size_t count) {
    std::normal_distribution<double> spread;
    std::vector<double> values(count);
    double most = 0;
    for (double& value : values) {
      value = spread(random_);
      most = std::max(most, std::abs(value));
    }
    std::vector<int8_t> weights(count);
    std::ranges::transform(values, weights.begin(), [most](double value) {
      return static_cast<int8_t>(std::lround(127 * value / most));
    });
    return weights;
  }

  SampleShape shape_;
  std::mt19937_64 random_{7};
};

}  // namespace

Result<std::vector<std::byte>> MakeSampleModel(const SampleShape& shape) {
  MW_TRY(const model::Graph graph, model::MakeGraph(Maker(shape).Make()));
  return model::WriteTflite(graph);
}

}  // namespace millwright::bench
