// Where a fit stands between two epochs, and that as bytes. Internal to this folder.
#pragma once

#include <torch/optim.h>

#include <limits>
#include <random>
#include <string>
#include <vector>

#include "trainer/torch/lstm_module.h"

namespace millwright::trainer {

struct Moment {
  Net& net;
  torch::optim::AdamW& adam;
  std::mt19937_64& random;
  int epoch = 0;  // that comes next
  double best_loss = std::numeric_limits<double>::infinity();
  std::vector<torch::Tensor> best{};  // parameters of the best epoch; empty: none yet
  Learned learned{};

  /// Keeps the parameters as they are now.
  void TakeBest();
  /// The net of the best epoch; leaves it in `net`.
  [[nodiscard]] LstmNet BestNet();
};

/// Everything that the next epoch depends on, torch's random numbers included.
[[nodiscard]] std::string Save(const Moment& moment);

/// What Save gave, for a net of the same shape. Throws c10::Error on other bytes.
void Restore(const std::string& state, Moment& moment);

}  // namespace millwright::trainer
