#include "importer/net.h"

#include <cmath>
#include <span>

namespace millwright::importer {
namespace {

Result<void> CheckValues(const Layer& layer, std::span<const float> values, size_t want) {
  if (values.size() != want)
    return Fail(Errc::kInvalid, "import: " + Where(layer) + " has " +
                                    std::to_string(values.size()) + " weights where " +
                                    std::to_string(want) + " belong");
  for (const float v : values)
    if (!std::isfinite(v))
      return Fail(Errc::kInvalid, "import: " + Where(layer) + " has a weight that is not finite");
  return {};
}

// Each op: its weights against the shape that comes in, the shape that goes out.
class Checker {
 public:
  Checker(const Layer& layer, Shape in, const NetLimits& limits)
      : layer_(layer), in_(in), limits_(limits) {}

  Result<Shape> operator()(const Lstm& l) const {
    MW_TRY(NeedsTime());
    MW_TRY(NeedsWidth(l.inputs));
    MW_TRY(CheckWidth(l.units));
    const auto inputs = static_cast<size_t>(l.inputs), units = static_cast<size_t>(l.units);
    for (size_t g = 0; g < model::kGates; ++g) {
      MW_TRY(CheckValues(layer_, l.input_weights[g], units * inputs));
      MW_TRY(CheckValues(layer_, l.recurrent_weights[g], units * units));
      MW_TRY(CheckValues(layer_, l.biases[g], units));
    }
    return Shape{in_.steps, l.units};
  }

  Result<Shape> operator()(const Dense& d) const {
    MW_TRY(NeedsWidth(d.inputs));
    MW_TRY(CheckWidth(d.outputs));
    const auto outputs = static_cast<size_t>(d.outputs);
    MW_TRY(CheckValues(layer_, d.weights, outputs * static_cast<size_t>(d.inputs)));
    MW_TRY(CheckValues(layer_, d.biases, outputs));
    return Shape{in_.steps, d.outputs, in_.is_vector};
  }

  Result<Shape> operator()(const Conv1d& c) const {
    MW_TRY(NeedsTime());
    MW_TRY(NeedsWidth(c.inputs));
    MW_TRY(CheckWidth(c.outputs));
    for (const int n : {c.kernel, c.stride, c.dilation})
      if (n < 1 || n > limits_.steps) return Bad("has a kernel, stride or dilation out of range");
    if (c.pad_before < 0 || c.pad_after < 0 || c.pad_before > limits_.steps ||
        c.pad_after > limits_.steps)
      return Bad("has a padding out of range");
    const auto outputs = static_cast<size_t>(c.outputs);
    MW_TRY(CheckValues(layer_, c.weights,
                       outputs * static_cast<size_t>(c.kernel) * static_cast<size_t>(c.inputs)));
    MW_TRY(CheckValues(layer_, c.biases, outputs));
    const int64_t reach = int64_t{c.kernel - 1} * c.dilation + 1;
    const int64_t room = int64_t{in_.steps} + c.pad_before + c.pad_after - reach;
    if (room < 0)
      return Bad("has a kernel longer than its " + std::to_string(in_.steps) + " steps");
    return Shape{static_cast<int>(room / c.stride) + 1, c.outputs};
  }

  Result<Shape> operator()(const Pool1d& p) const {
    MW_TRY(NeedsTime());
    if (p.size < 1 || p.stride < 1 || p.stride > limits_.steps || p.size > in_.steps)
      return Bad("pools more than its " + std::to_string(in_.steps) + " steps");
    return Shape{(in_.steps - p.size) / p.stride + 1, in_.width};
  }

  Result<Shape> operator()(const LastStep&) const { return WithoutTime(); }
  Result<Shape> operator()(const GlobalPool&) const { return WithoutTime(); }

  Result<Shape> operator()(const Flatten&) const {
    MW_TRY(CheckWidth(static_cast<int64_t>(in_.elements())));
    return Shape{1, static_cast<int>(in_.elements()), true};
  }

  Result<Shape> operator()(const Affine& a) const {
    MW_TRY(CheckValues(layer_, a.gain, static_cast<size_t>(in_.width)));
    MW_TRY(CheckValues(layer_, a.offset, static_cast<size_t>(in_.width)));
    return in_;
  }

  Result<Shape> operator()(const Activate&) const { return in_; }

 private:
  tl::unexpected<Error> Bad(const std::string& what) const {
    return Fail(Errc::kInvalid, "import: " + Where(layer_) + " " + what);
  }
  Result<void> NeedsTime() const {
    if (in_.is_vector) return Bad("needs a sequence, but its input has no time axis");
    return {};
  }
  Result<void> NeedsWidth(int width) const {
    if (width == in_.width) return {};
    return Bad("takes " + std::to_string(width) + " inputs, but gets " + std::to_string(in_.width));
  }
  Result<void> CheckWidth(int64_t width) const {
    if (width >= 1 && width <= limits_.width) return {};
    return Fail(Errc::kExhausted, "import: " + Where(layer_) + " is " + std::to_string(width) +
                                      " wide; at most " + std::to_string(limits_.width));
  }
  Result<Shape> WithoutTime() const {
    MW_TRY(NeedsTime());
    return Shape{1, in_.width, true};
  }

  const Layer& layer_;
  Shape in_;
  const NetLimits& limits_;
};

size_t WeightCount(const LayerOp& op) {
  if (const auto* l = std::get_if<Lstm>(&op)) {
    size_t count = 0;
    for (size_t g = 0; g < model::kGates; ++g)
      count += l->input_weights[g].size() + l->recurrent_weights[g].size() + l->biases[g].size();
    return count;
  }
  if (const auto* d = std::get_if<Dense>(&op)) return d->weights.size() + d->biases.size();
  if (const auto* c = std::get_if<Conv1d>(&op)) return c->weights.size() + c->biases.size();
  return 0;
}

}  // namespace

std::string Where(const std::string& name, const std::string& kind) {
  std::string text = "layer '" + name + "' (" + kind + ")";
  // A name may hold whatever its file holds; a terminal shall not obey it.
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

// Not inline: GCC 12 at -O3 sees uninitialized parts of the variant that are not there.
[[gnu::noinline]] Result<Shape> OutShape(const Layer& layer, Shape in, const NetLimits& limits) {
  return std::visit(Checker(layer, in, limits), layer.op);
}

Result<void> CheckNet(Net& net, const NetLimits& limits) {
  if (net.steps < 1 || net.steps > limits.steps || net.features < 1 || net.features > limits.width)
    return Fail(Errc::kExhausted, "import: windows of " + std::to_string(net.steps) + " steps x " +
                                      std::to_string(net.features) + " features; 1.." +
                                      std::to_string(limits.steps) + " x 1.." +
                                      std::to_string(limits.width) + " are taken");
  if (net.layers.empty()) return Fail(Errc::kInvalid, "import: the model has no layers");
  if (net.layers.size() > limits.layers)
    return Fail(Errc::kExhausted, "import: " + std::to_string(net.layers.size()) +
                                      " layers; at most " + std::to_string(limits.layers));
  Shape shape{net.steps, net.features};
  size_t weights = 0;
  for (Layer& layer : net.layers) {
    MW_TRY(shape, OutShape(layer, shape, limits));
    layer.out = shape;
    weights += WeightCount(layer.op);
    if (weights > limits.weights)
      return Fail(Errc::kExhausted, "import: " + Where(layer) + " is one too many: more than " +
                                        std::to_string(limits.weights) + " weights");
  }
  return {};
}

}  // namespace millwright::importer
