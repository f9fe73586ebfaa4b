#include "trainer/torch/lstm_module.h"

#include <string>

namespace millwright::trainer {
namespace {

constexpr double kLevels = 127;        // of a weight, either way
constexpr double kHiddenLevels = 255;  // of a hidden state, over its range

// Rounded on the way forward, untouched on the way back.
torch::Tensor StraightThrough(const torch::Tensor& x, const torch::Tensor& rounded) {
  return x + (rounded - x).detach();
}

// Each gate's weights are one tensor with a scale of its own, as in the file.
torch::Tensor RoundWeights(const torch::Tensor& all) {
  std::vector<torch::Tensor> gates;
  for (const torch::Tensor& gate : all.chunk(model::kGates, 0)) {
    const torch::Tensor scale = gate.detach().abs().max().clamp_min(1e-9) / kLevels;
    gates.push_back(StraightThrough(gate, (gate.detach() / scale).round() * scale));
  }
  return torch::cat(gates, 0);
}

torch::Tensor RoundHidden(const torch::Tensor& h, const Range& range) {
  const double scale = std::max(
      (static_cast<double>(range.high) - static_cast<double>(range.low)) / kHiddenLevels, 1e-6);
  return StraightThrough(h, ((h.detach() / scale).round() * scale).clamp(range.low, range.high));
}

std::string Suffix(size_t layer) { return "_l" + std::to_string(layer); }

void Copy(torch::Tensor to, const std::vector<float>& from) {
  to.copy_(torch::from_blob(const_cast<float*>(from.data()), to.sizes(), torch::kFloat32));
}

std::vector<float> Values(const torch::Tensor& tensor) {
  const torch::Tensor t = tensor.detach().contiguous();
  return {t.data_ptr<float>(), t.data_ptr<float>() + t.numel()};
}

}  // namespace

NetImpl::NetImpl(const LearnOptions& o)
    : o_(o),
      lstm_(register_module(
          "lstm",
          torch::nn::LSTM(
              torch::nn::LSTMOptions(o.features, o.units).num_layers(o.layers).batch_first(true)))),
      dropout_(register_module("dropout", torch::nn::Dropout(o.dropout))),
      dense_(register_module("dense", torch::nn::Linear(o.units, o.classes))),
      hidden_(static_cast<size_t>(o.layers)) {
  torch::NoGradGuard no_grad;
  // A forget gate that starts open learns long windows sooner (Jozefowicz et al. 2015).
  for (auto& parameter : lstm_->named_parameters())
    if (parameter.key().rfind("bias_ih", 0) == 0)
      parameter.value().slice(0, o.units, 2 * o.units).fill_(1.0);
  if (o.start) Load(*o.start);
}

torch::Tensor NetImpl::forward(const torch::Tensor& x) {
  const torch::Tensor sequence = o_.quantized ? RoundedSequence(x) : std::get<0>(lstm_->forward(x));
  return dense_->forward(dropout_->forward(sequence.select(1, sequence.size(1) - 1)));
}

// Layer by layer and step by step: torch's own LSTM rounds nothing in between.
torch::Tensor NetImpl::RoundedSequence(torch::Tensor x) {
  const auto parameters = lstm_->named_parameters();
  for (size_t layer = 0; layer < hidden_.size(); ++layer) {
    const torch::Tensor input = RoundWeights(parameters["weight_ih" + Suffix(layer)]);
    const torch::Tensor recurrent = RoundWeights(parameters["weight_hh" + Suffix(layer)]);
    const torch::Tensor bias =
        parameters["bias_ih" + Suffix(layer)] + parameters["bias_hh" + Suffix(layer)];
    const torch::Tensor from_input = torch::matmul(x, input.t()) + bias;
    torch::Tensor h = torch::zeros({x.size(0), o_.units}), c = h;
    std::vector<torch::Tensor> steps;
    for (int64_t t = 0; t < x.size(1); ++t) {
      const auto gates =
          (from_input.select(1, t) + torch::matmul(h, recurrent.t())).chunk(model::kGates, 1);
      c = torch::sigmoid(gates[1]) * c + torch::sigmoid(gates[0]) * torch::tanh(gates[2]);
      h = torch::sigmoid(gates[3]) * torch::tanh(c);
      if (is_training()) {
        hidden_[layer].Take(h.detach().min().item<float>());
        hidden_[layer].Take(h.detach().max().item<float>());
      }
      h = RoundHidden(h, hidden_[layer]);
      steps.push_back(h);
    }
    x = torch::stack(steps, 1);
  }
  return x;
}

void NetImpl::Load(const LstmNet& net) {
  auto parameters = lstm_->named_parameters();
  for (size_t i = 0; i < net.layers.size(); ++i) {
    const LstmLayer& layer = net.layers[i];
    for (size_t g = 0; g < model::kGates; ++g) {
      const auto part = [&](const std::string& name) {
        return parameters[name + Suffix(i)].chunk(model::kGates, 0)[g];
      };
      Copy(part("weight_ih"), layer.input_weights[g]);
      Copy(part("weight_hh"), layer.recurrent_weights[g]);
      Copy(part("bias_ih"), layer.biases[g]);
      part("bias_hh").zero_();
    }
  }
  Copy(dense_->weight, net.dense_weights);
  Copy(dense_->bias, net.dense_biases);
}

// torch keeps the gates in the order input, forget, cell, output, as model::kGates, and two biases
// that add up.
LstmNet NetImpl::Export() const {
  LstmNet net{.steps = o_.steps,
              .features = o_.features,
              .classes = o_.classes,
              .regression = o_.regression};
  const auto parameters = lstm_->named_parameters();
  for (int i = 0; i < o_.layers; ++i) {
    LstmLayer layer{.inputs = i == 0 ? o_.features : o_.units, .units = o_.units};
    for (size_t g = 0; g < model::kGates; ++g) {
      const auto part = [&](const std::string& name) {
        return Values(
            parameters[name + Suffix(static_cast<size_t>(i))].detach().chunk(model::kGates, 0)[g]);
      };
      layer.input_weights[g] = part("weight_ih");
      layer.recurrent_weights[g] = part("weight_hh");
      layer.biases[g] = part("bias_ih");
      const std::vector<float> more = part("bias_hh");
      for (size_t u = 0; u < more.size(); ++u) layer.biases[g][u] += more[u];
    }
    net.layers.push_back(std::move(layer));
  }
  net.dense_weights = Values(dense_->weight);
  net.dense_biases = Values(dense_->bias);
  return net;
}

}  // namespace millwright::trainer
