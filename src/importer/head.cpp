#include "importer/head.h"

#include <algorithm>
#include <cmath>

namespace millwright::importer {
namespace {

const Activate* LastActivation(const Net& net) {
  return std::get_if<Activate>(&net.layers.back().op);
}

// Dense(1) + sigmoid -> Dense(2) + softmax.
bool SigmoidToClasses(Net& net) {
  if (net.layers.size() < 2) return false;
  auto* dense = std::get_if<Dense>(&net.layers[net.layers.size() - 2].op);
  if (dense == nullptr || dense->outputs != 1) return false;
  dense->outputs = 2;
  dense->weights.insert(dense->weights.begin(), static_cast<size_t>(dense->inputs), 0.0F);
  dense->biases.insert(dense->biases.begin(), 0.0F);
  net.layers.back().op = Activate{Function::kSoftmax};
  return true;
}

}  // namespace

Result<Decision> FinishHead(Net& net, Task task, std::vector<std::string>& notes) {
  const Layer& last = net.layers.back();
  if (!last.out.is_vector)
    return Fail(Errc::kUnsupported,
                "import: " + Where(last) + " is the last and still answers in every step, " +
                    std::to_string(last.out.steps) + " x " + std::to_string(last.out.width) +
                    "; one answer per window is taken");
  const int width = last.out.width;
  const Activate* activation = LastActivation(net);
  const bool softmax = activation != nullptr && activation->function == Function::kSoftmax;
  const bool sigmoid = activation != nullptr && activation->function == Function::kSigmoid;
  if (softmax && (task == Task::kRegression || width < 2))
    return Fail(Errc::kInvalid,
                "import: " + Where(last) + " is a softmax over " + std::to_string(width) +
                    " outputs: " + (width < 2 ? "one class decides nothing" : "no regression"));
  if (softmax) return Decision::kClass;
  if (task == Task::kRegression || (task == Task::kAuto && width == 1 && !sigmoid))
    return Decision::kValue;
  if (sigmoid) {
    if (width > 1) return Decision::kLabels;
    if (!SigmoidToClasses(net)) return Decision::kLabels;
    notes.push_back(
        "the one sigmoid output became two classes: 0 where it is below one half, 1 above");
    MW_TRY(CheckNet(net));
    return Decision::kClass;
  }
  if (width < 2)
    return Fail(Errc::kInvalid, "import: " + Where(last) + " has one output: no classifier");
  notes.push_back("the " + std::to_string(width) +
                  " outputs are taken as logits, a softmax was added (--task regression keeps them "
                  "as they are)");
  net.layers.push_back({.name = "softmax", .kind = "added", .op = Activate{Function::kSoftmax}});
  MW_TRY(CheckNet(net));
  return Decision::kClass;
}

bool SameDecision(Decision decision, std::span<const float> a, std::span<const float> b,
                  float tolerance) {
  if (decision == Decision::kClass)
    return std::ranges::max_element(a) - a.begin() == std::ranges::max_element(b) - b.begin();
  return std::ranges::equal(a, b, [&](float x, float y) {
    return decision == Decision::kLabels ? (x > 0.5F) == (y > 0.5F) : std::abs(x - y) <= tolerance;
  });
}

}  // namespace millwright::importer
