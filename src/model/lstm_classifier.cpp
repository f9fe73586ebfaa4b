#include "model/lstm_classifier.h"

#include <span>

#include "model/graph_builder.h"

namespace millwright::model {
namespace {

Result<void> CheckCount(const std::string& what, size_t got, size_t want) {
  if (got == want) return {};
  return Fail(Errc::kInvalid, "classifier: " + what + " holds " + std::to_string(got) +
                                  " values, wanted " + std::to_string(want));
}

Result<void> CheckLayer(const std::string& name, const QuantizedLstm& l, size_t inputs) {
  const auto units = static_cast<size_t>(l.units);
  if (l.units < 1) return Fail(Errc::kInvalid, "classifier: " + name + " has no units");
  // The kernel's tanh takes 0 to 6 integer bits.
  if (l.cell_shift < 9 || l.cell_shift > 15)
    return Fail(Errc::kInvalid, "classifier: " + name + ": cell_shift " +
                                    std::to_string(l.cell_shift) + " is not within 9..15");
  for (size_t g = 0; g < kGates; ++g) {
    MW_TRY(CheckCount(name + ".input_weights", l.input_weights[g].size(), units * inputs));
    MW_TRY(CheckCount(name + ".recurrent_weights", l.recurrent_weights[g].size(), units * units));
    MW_TRY(CheckCount(name + ".biases", l.biases[g].size(), units));
  }
  return {};
}

}  // namespace

Result<Graph> MakeGraph(const QuantizedClassifier& c) {
  if (c.layers.empty()) return Fail(Errc::kInvalid, "classifier: no LSTM layer");
  if (c.steps < 1 || c.features < 1 || c.dense.classes < (c.regression ? 1 : 2))
    return Fail(Errc::kInvalid, "classifier: steps, features and classes must be there");
  size_t inputs = static_cast<size_t>(c.features);
  for (size_t i = 0; i < c.layers.size(); ++i) {
    MW_TRY(CheckLayer("layers[" + std::to_string(i) + "]", c.layers[i], inputs));
    inputs = static_cast<size_t>(c.layers[i].units);
  }
  const auto classes = static_cast<size_t>(c.dense.classes);
  MW_TRY(CheckCount("dense.weights", c.dense.weights.size(), classes * inputs));
  MW_TRY(CheckCount("dense.scales", c.dense.scales.size(), classes));
  MW_TRY(CheckCount("dense.biases", c.dense.biases.size(), classes));
  GraphBuilder builder(c.description);
  int32_t at = builder.Input("input", {1, c.steps, c.features}, c.input_scale, c.input_zero_point);
  for (size_t i = 0; i < c.layers.size(); ++i)
    at = builder.Lstm("lstm_" + std::to_string(i), at, c.layers[i]);
  at = builder.LastStep("last", at);
  at = builder.Dense("dense", c.regression ? "values" : "logits", at, c.dense);
  return builder.Finish(c.regression ? at : builder.Softmax("probabilities", at));
}

}  // namespace millwright::model
