#include "importer/float_runner.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace millwright::importer {
namespace {

float Sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

// [rows x columns] -> [columns x rows], into column `at` of rows `width` long.
void Turn(std::span<const float> from, size_t rows, size_t columns, size_t at, size_t width,
          std::span<float> to) {
  for (size_t r = 0; r < rows; ++r)
    for (size_t c = 0; c < columns; ++c) to[c * width + at + r] = from[r * columns + c];
}

// sums += x * weights, weights [x.size() x sums.size()].
void AddProduct(std::span<const float> x, const float* weights, std::span<float> sums) {
  for (const float value : x) {
    for (size_t o = 0; o < sums.size(); ++o) sums[o] += value * weights[o];
    weights += sums.size();
  }
}

size_t Size(int n) { return static_cast<size_t>(n); }

}  // namespace

FloatRunner::FloatRunner(const Net& net) : net_(net), turned_(net.layers.size()) {
  for (size_t i = 0; i < net.layers.size(); ++i) {
    Turned& t = turned_[i];
    if (const auto* l = std::get_if<Lstm>(&net.layers[i].op)) {
      const size_t inputs = Size(l->inputs), units = Size(l->units), all = model::kGates * units;
      t.input.resize(inputs * all);
      t.recurrent.resize(units * all);
      for (size_t g = 0; g < model::kGates; ++g) {
        Turn(l->input_weights[g], units, inputs, g * units, all, t.input);
        Turn(l->recurrent_weights[g], units, units, g * units, all, t.recurrent);
        t.biases.insert(t.biases.end(), l->biases[g].begin(), l->biases[g].end());
      }
    } else if (const auto* d = std::get_if<Dense>(&net.layers[i].op)) {
      t.input.resize(d->weights.size());
      Turn(d->weights, Size(d->outputs), Size(d->inputs), 0, Size(d->outputs), t.input);
      t.biases = d->biases;
    } else if (const auto* c = std::get_if<Conv1d>(&net.layers[i].op)) {
      t.input.resize(c->weights.size());
      Turn(c->weights, Size(c->outputs), Size(c->kernel) * Size(c->inputs), 0, Size(c->outputs),
           t.input);
      t.biases = c->biases;
    }
  }
}

void FloatRunner::RunLstm(const Lstm& l, const Turned& t, int steps, trainer::Range* cell) {
  const size_t inputs = Size(l.inputs), units = Size(l.units);
  out_.assign(Size(steps) * units, 0);
  cell_.assign(units, 0);
  for (size_t step = 0; step < Size(steps); ++step) {
    gates_ = t.biases;
    AddProduct(std::span(in_).subspan(step * inputs, inputs), t.input.data(), gates_);
    if (step > 0)
      AddProduct(std::span(out_).subspan((step - 1) * units, units), t.recurrent.data(), gates_);
    for (size_t u = 0; u < units; ++u) {
      cell_[u] = Sigmoid(gates_[units + u]) * cell_[u] +
                 Sigmoid(gates_[u]) * std::tanh(gates_[2 * units + u]);
      out_[step * units + u] = Sigmoid(gates_[3 * units + u]) * std::tanh(cell_[u]);
      if (cell != nullptr) cell->Take(cell_[u]);
    }
  }
}

void FloatRunner::RunDense(const Dense& d, const Turned& t, int steps) {
  const size_t inputs = Size(d.inputs), outputs = Size(d.outputs);
  out_.clear();
  for (size_t step = 0; step < Size(steps); ++step) {
    out_.insert(out_.end(), t.biases.begin(), t.biases.end());
    AddProduct(std::span(in_).subspan(step * inputs, inputs), t.input.data(),
               std::span(out_).last(outputs));
  }
}

void FloatRunner::RunConv(const Conv1d& c, const Turned& t, int steps) {
  const size_t inputs = Size(c.inputs), outputs = Size(c.outputs);
  const int steps_in = static_cast<int>(in_.size() / inputs);
  out_.clear();
  for (int step = 0; step < steps; ++step) {
    out_.insert(out_.end(), t.biases.begin(), t.biases.end());
    for (int k = 0; k < c.kernel; ++k) {
      const int from = step * c.stride + k * c.dilation - c.pad_before;
      if (from < 0 || from >= steps_in) continue;
      AddProduct(std::span(in_).subspan(Size(from) * inputs, inputs),
                 t.input.data() + Size(k) * inputs * outputs, std::span(out_).last(outputs));
    }
  }
}

void FloatRunner::RunPool(const Pool1d& p, Shape in) {
  const size_t width = Size(in.width);
  const int steps = (in.steps - p.size) / p.stride + 1;
  out_.resize(Size(steps) * width);
  for (size_t i = 0; i < out_.size(); ++i) {
    const size_t first = (i / width) * Size(p.stride);
    float value = in_[first * width + i % width];
    for (size_t k = 1; k < Size(p.size); ++k) {
      const float next = in_[(first + k) * width + i % width];
      value = p.is_max ? std::max(value, next) : value + next;
    }
    out_[i] = p.is_max ? value : value / static_cast<float>(p.size);
  }
}

void FloatRunner::RunGlobalPool(const GlobalPool& p, Shape in) {
  RunPool({.is_max = p.is_max, .size = in.steps, .stride = 1}, in);
}

void FloatRunner::RunAffine(const Affine& a) {
  out_.resize(in_.size());
  for (size_t i = 0; i < in_.size(); ++i) {
    const size_t f = i % a.gain.size();
    out_[i] = in_[i] * a.gain[f] + a.offset[f];
  }
}

void FloatRunner::RunActivate(const Activate& a, size_t width) {
  out_ = in_;
  switch (a.function) {
    case Function::kRelu:
      for (float& x : out_) x = std::max(x, 0.0F);
      return;
    case Function::kRelu6:
      for (float& x : out_) x = std::clamp(x, 0.0F, 6.0F);
      return;
    case Function::kTanh:
      for (float& x : out_) x = std::tanh(x);
      return;
    case Function::kSigmoid:
      for (float& x : out_) x = Sigmoid(x);
      return;
    case Function::kSoftmax:
      for (size_t at = 0; at < out_.size(); at += width)
        SoftmaxInPlace(std::span(out_).subspan(at, width));
      return;
  }
}

void FloatRunner::AddMoments(const Layer& layer, int steps, Moments& moments) const {
  const auto* lstm = std::get_if<Lstm>(&layer.op);
  const auto* dense = std::get_if<Dense>(&layer.op);
  if (lstm == nullptr && dense == nullptr) return;
  const size_t inputs = Size(lstm != nullptr ? lstm->inputs : dense->inputs);
  const size_t units = lstm != nullptr ? Size(lstm->units) : 0;
  const std::vector<float> start(units);
  for (size_t t = 0; t < Size(steps); ++t)
    moments.Add(
        std::span(in_).subspan(t * inputs, inputs),
        t == 0 || units == 0 ? std::span(start) : std::span(out_).subspan((t - 1) * units, units));
}

std::span<const float> FloatRunner::Run(std::span<const float> window, NetRanges* ranges) {
  Shape shape{net_.steps, net_.features};
  MW_CHECK(window.size() == shape.elements());
  const size_t layers = net_.layers.size();
  if (ranges != nullptr) {
    ranges->out.resize(layers);
    ranges->cell.resize(layers);
    ranges->moments.resize(layers);
    for (const float x : window) ranges->input.Take(x);
  }
  in_.assign(window.begin(), window.end());
  for (size_t i = 0; i < layers; ++i) {
    const Layer& layer = net_.layers[i];
    if (const auto* l = std::get_if<Lstm>(&layer.op)) {
      RunLstm(*l, turned_[i], shape.steps, ranges != nullptr ? &ranges->cell[i] : nullptr);
    } else if (const auto* d = std::get_if<Dense>(&layer.op)) {
      RunDense(*d, turned_[i], shape.steps);
    } else if (const auto* c = std::get_if<Conv1d>(&layer.op)) {
      RunConv(*c, turned_[i], layer.out.steps);
    } else if (const auto* p = std::get_if<Pool1d>(&layer.op)) {
      RunPool(*p, shape);
    } else if (std::holds_alternative<LastStep>(layer.op)) {
      out_.assign(in_.end() - shape.width, in_.end());
    } else if (const auto* g = std::get_if<GlobalPool>(&layer.op)) {
      RunGlobalPool(*g, shape);
    } else if (const auto* a = std::get_if<Affine>(&layer.op)) {
      RunAffine(*a);
    } else if (const auto* f = std::get_if<Activate>(&layer.op)) {
      RunActivate(*f, Size(shape.width));
    } else {
      out_ = in_;  // Flatten: the same numbers in the same order
    }
    if (ranges != nullptr) {
      for (const float x : out_) ranges->out[i].Take(x);
      AddMoments(layer, shape.steps, ranges->moments[i]);
    }
    std::swap(in_, out_);
    shape = layer.out;
  }
  return in_;
}

void SoftmaxInPlace(std::span<float> values) {
  const float peak = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (float& v : values) {
    v = std::exp(v - peak);
    sum += static_cast<double>(v);
  }
  for (float& v : values) v = static_cast<float>(static_cast<double>(v) / sum);
}

}  // namespace millwright::importer
