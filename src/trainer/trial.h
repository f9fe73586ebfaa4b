// One training run of a search, and what the search found. Plain data for reports.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace millwright::trainer {

struct Trial {
  int units = 0, layers = 0, batch = 0, steps = 0;
  double learning_rate = 0, weight_decay = 0, dropout = 0, input_noise = 0;
  double macro_f1 = 0;     // on the held-out side
  size_t model_bytes = 0;  // 0: it gave no model
  double seconds = 0;
  std::string ended{};  // why it gave no model; empty: it gave one
};

struct SearchRecord {
  std::vector<Trial> trials{};  // the first has the options that training has without a search
  size_t chosen = 0;
  double budget_s = 0, spent_s = 0;
  // Units that no trial saw, and how the chosen and the first trial do on them; empty: none could
  // be spared.
  std::vector<std::string> judge_units{};
  std::optional<double> judged_macro_f1{}, judged_first_macro_f1{};
};

}  // namespace millwright::trainer
