#include "importer/fold.h"

#include <algorithm>
#include <utility>

namespace millwright::importer {
namespace {

// b behind a.
Affine Chain(const Affine& a, const Affine& b) {
  Affine out = a;
  for (size_t i = 0; i < out.gain.size(); ++i) {
    out.gain[i] *= b.gain[i];
    out.offset[i] = out.offset[i] * b.gain[i] + b.offset[i];
  }
  return out;
}

// The output of `layer` times gain plus offset. `per_output` weights make one output.
void ScaleOutputs(std::vector<float>& weights, std::vector<float>& biases, const Affine& a) {
  const size_t per_output = weights.size() / biases.size();
  for (size_t o = 0; o < biases.size(); ++o) {
    for (size_t i = 0; i < per_output; ++i) weights[o * per_output + i] *= a.gain[o];
    biases[o] = biases[o] * a.gain[o] + a.offset[o];
  }
}

// weights [outputs x (times x inputs)], whose input is to be scaled first.
void ScaleInputs(std::vector<float>& weights, std::vector<float>& biases, const Affine& a) {
  const size_t per_output = weights.size() / biases.size();
  for (size_t o = 0; o < biases.size(); ++o) {
    double offset = 0;
    for (size_t i = 0; i < per_output; ++i) {
      float& w = weights[o * per_output + i];
      const size_t feature = i % a.gain.size();
      offset += static_cast<double>(w) * static_cast<double>(a.offset[feature]);
      w *= a.gain[feature];
    }
    biases[o] += static_cast<float>(offset);
  }
}

bool FoldBack(Layer& before, const Affine& a) {
  if (auto* d = std::get_if<Dense>(&before.op)) {
    ScaleOutputs(d->weights, d->biases, a);
    return true;
  }
  if (auto* c = std::get_if<Conv1d>(&before.op)) {
    ScaleOutputs(c->weights, c->biases, a);
    return true;
  }
  return false;
}

bool FoldForward(const Affine& a, Layer& behind) {
  if (auto* l = std::get_if<Lstm>(&behind.op)) {
    for (size_t g = 0; g < model::kGates; ++g) ScaleInputs(l->input_weights[g], l->biases[g], a);
    return true;
  }
  if (auto* d = std::get_if<Dense>(&behind.op)) {
    ScaleInputs(d->weights, d->biases, a);
    return true;
  }
  auto* c = std::get_if<Conv1d>(&behind.op);
  if (c == nullptr) return false;
  // Zeros that pad the scaled input are not zeros of the unscaled one.
  const bool padded = c->pad_before > 0 || c->pad_after > 0;
  if (padded && std::ranges::any_of(a.offset, [](float o) { return o != 0; })) return false;
  ScaleInputs(c->weights, c->biases, a);
  return true;
}

// Whether `behind` gives the same whether its input or its output is scaled; `a` becomes what the
// output needs.
bool PassesThrough(const Layer& behind, Affine& a) {
  if (std::holds_alternative<LastStep>(behind.op)) return true;
  const auto* pool = std::get_if<Pool1d>(&behind.op);
  const auto* global = std::get_if<GlobalPool>(&behind.op);
  if (pool != nullptr || global != nullptr) {
    const bool is_max = pool != nullptr ? pool->is_max : global->is_max;
    return !is_max || std::ranges::all_of(a.gain, [](float g) { return g > 0; });
  }
  if (!std::holds_alternative<Flatten>(behind.op)) return false;
  const Affine one = a;
  while (a.gain.size() < static_cast<size_t>(behind.out.width)) {
    a.gain.insert(a.gain.end(), one.gain.begin(), one.gain.end());
    a.offset.insert(a.offset.end(), one.offset.begin(), one.offset.end());
  }
  return true;
}

}  // namespace

std::optional<Affine> TakeFront(Net& net) {
  std::optional<Affine> out;
  while (!net.layers.empty()) {
    const auto* a = std::get_if<Affine>(&net.layers.front().op);
    if (a == nullptr) break;
    out = out ? Chain(*out, *a) : *a;
    net.layers.erase(net.layers.begin());
  }
  return out;
}

Result<void> FoldAffine(Net& net) {
  for (size_t i = 0; i < net.layers.size();) {
    std::vector<Layer>& layers = net.layers;
    auto* a = std::get_if<Affine>(&layers[i].op);
    if (a == nullptr) {
      ++i;
      continue;
    }
    const auto at = layers.begin() + static_cast<std::ptrdiff_t>(i);
    if (i > 0 && FoldBack(layers[i - 1], *a)) {
      layers.erase(at);
      --i;  // what now stands here may fold back as well
      continue;
    }
    if (i + 1 < layers.size()) {
      Layer& behind = layers[i + 1];
      if (auto* next = std::get_if<Affine>(&behind.op)) {
        *next = Chain(*a, *next);
        layers.erase(at);
        continue;
      }
      if (FoldForward(*a, behind)) {
        layers.erase(at);
        continue;
      }
      if (PassesThrough(behind, *a)) {
        std::swap(layers[i], layers[i + 1]);
        ++i;
        continue;
      }
    }
    return Fail(Errc::kUnsupported,
                "import: " + Where(layers[i]) +
                    " cannot be folded: no layer with weights stands before or behind it");
  }
  return CheckNet(net);
}

}  // namespace millwright::importer
