// A study as one self-contained page for people: bars, figures over seeds, confusion, calibration,
// examples right and wrong, what would ship, baselines and splits in the notes.
#pragma once

#include <string>

#include "evaluation/outcome.h"

namespace millwright::evaluation {

struct PageAbout {
  std::string name, what;  // of the study
  std::string data;        // what was read, in words
  int seeds = 0;
  bool quick = false;
};

/// HTML with inline SVG and CSS; no script, nothing fetched; light and dark. All text is escaped.
/// Confusion, calibration and examples come from the predictions, which are of one seed.
[[nodiscard]] std::string StudyPage(const PageAbout& about, const Outcome& outcome);

}  // namespace millwright::evaluation
