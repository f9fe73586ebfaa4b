// How good guesses of a bearing's state are, over the classes that occur.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace millwright::evaluation {

struct BearingScore {
  std::vector<int> present{};       // classes that occur in the truth
  std::vector<double> confusion{};  // [present x present], row by row: truth, then guess
  size_t elsewhere = 0;             // guesses of a class that does not occur: wrong, in no column
  double balanced_accuracy = 0;     // mean recall of the classes present
  double macro_auroc = 0;           // each class present against the others; NaN where alone
};

/// probabilities [n x classes]; windows with label -1 do not count.
[[nodiscard]] BearingScore ScoreBearing(std::span<const float> probabilities,
                                        std::span<const int> labels, int classes);

/// Area under the ROC curve by ranks; ties count a half. NaN where one side is empty.
[[nodiscard]] double Auroc(std::span<const float> scores, const std::vector<bool>& positive);

}  // namespace millwright::evaluation
