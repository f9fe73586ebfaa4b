// A small LSTM on top of a linear discriminant: it reads how the posteriors of cross-fitted
// discriminants go as a cycle goes on. What a gateway would carry is the maps, in float, and the
// INT8 model.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "evaluation/fit.h"
#include "evaluation/projected.h"

namespace millwright::evaluation {

/// One way to project: which columns, when they come in, how much is shrunk.
struct Candidate {
  std::string name;
  std::vector<size_t> columns{};
  StepColumns steps{};  // of these columns
  double shrinkage = 1e-3;
};

struct PosteriorNetOptions {
  std::vector<Candidate> candidates{};
  int choice_folds = 4;  // on which the candidate is chosen
  int inner_folds = 8;   // on which the discriminants are cross-fitted
  int copies = 4;        // of each window with its classes in another order
  FitOptions fit{};
};

struct PosteriorNet {
  Fitted fitted{};
  std::string chosen;
  std::vector<float> probabilities{};  // of the test rows, by the INT8 engine: [n x classes]
};

/// Windows of scores, one of each class.
struct Permuted {
  std::vector<float> scores{};  // [n x steps x classes]
  std::vector<int> labels{}, groups{};
};
/// Each window comes again, `copies` times, with its classes in another order.
void PermuteClasses(Permuted& all, size_t steps, int classes, int copies, uint64_t seed);

/// `groups` [train rows]: never on both sides of an inner fold. The classes' order does not matter
/// to the net: what makes one win is the same for all.
[[nodiscard]] Result<PosteriorNet> FitPosteriorNet(const Table& train, std::vector<int> groups,
                                                   const Table& test, int classes, uint64_t seed,
                                                   const PosteriorNetOptions& options,
                                                   const trainer::Learner& learner);

}  // namespace millwright::evaluation
