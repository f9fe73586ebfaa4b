// The net as torch learns it: stacked LSTM, dense layer on the last step. Internal to this folder.
#pragma once

#include <torch/nn.h>

#include <vector>

#include "trainer/learner.h"

namespace millwright::trainer {

struct NetImpl : torch::nn::Module {
  explicit NetImpl(const LearnOptions& o);
  /// [windows x steps x features] to logits [windows x classes].
  torch::Tensor forward(const torch::Tensor& x);
  /// Weights as they are now.
  [[nodiscard]] LstmNet Export() const;
  /// What the hidden states of each layer reached so far; only with rounding.
  [[nodiscard]] std::vector<Range>& hidden() { return hidden_; }

 private:
  void Load(const LstmNet& net);
  torch::Tensor RoundedSequence(torch::Tensor x);

  const LearnOptions& o_;
  torch::nn::LSTM lstm_;
  torch::nn::Dropout dropout_;
  torch::nn::Linear dense_;
  std::vector<Range> hidden_;  // of each layer, reached so far
};
TORCH_MODULE(Net);

}  // namespace millwright::trainer
