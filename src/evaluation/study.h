// A study: one public data set, one protocol, its figures and their bars.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "evaluation/fit.h"
#include "evaluation/outcome.h"
#include "trainer/learner.h"

namespace millwright::evaluation {

struct StudyOptions {
  std::filesystem::path data{};                  // the folder that holds all sets, or empty
  std::optional<std::filesystem::path> train{};  // instead of the set's own folder
  std::optional<std::filesystem::path> test{};   // unseen data; then there is no validation split
  int seeds = 5;
  bool quick = false;  // a slice that ends soon: fewer seeds, folds or epochs, said in the notes
};

struct StudyContext {
  const StudyOptions& options;
  const trainer::Learner& learner;
  const Say& say;
  /// The folder to train on: --train, else `set` in the data folder. kNotFound where it is absent.
  [[nodiscard]] Result<std::filesystem::path> TrainFolder(const std::string& set) const;
};

struct Study {
  const char* name;
  const char* what;
  Result<Outcome> (*run)(const StudyContext&);
};

[[nodiscard]] std::span<const Study> AllStudies();

}  // namespace millwright::evaluation
