#include "evaluation/studies.h"

#include "evaluation/study.h"

namespace millwright::evaluation {

// One line a study.
std::span<const Study> AllStudies() {
  static const std::vector<Study> kStudies = {
      {"bearing",
       "Bearing defects on rigs that nobody described, learned from simulated ones alone",
       StudyBearing},
      {"flowmeter", "Ultrasonic flowmeters that were never seen, after ten healthy samples",
       StudyFlowmeter},
      {"compression", "A teacher of 45 MB and its INT8 students of 2.3 MB and less",
       StudyCompression},
      {"cmapss", "Cycles that simulated turbofan engines have left", StudyCmapss},
      {"gas", "Sensors that drift over years: flagged by inputs alone, held by a few asked labels",
       StudyGas},
      {"honesty", "What a judge must say of data that teach nothing, or everything", StudyHonesty},
      {"hydraulic", "Four graded faults of a real hydraulic rig, unseen combinations",
       StudyHydraulic},
      {"robot", "Failures of a robot's arm by force and torque", StudyRobot},
      {"skab", "Faults of a real water pump, row by row, leave one run out", StudySkab},
      {"tep", "Faults of a simulated chemical plant, blocks of time that were never seen",
       StudyTep},
  };
  return kStudies;
}

Result<std::filesystem::path> StudyContext::TrainFolder(const std::string& set) const {
  if (options.train) {
    if (std::filesystem::is_directory(*options.train)) return *options.train;
    return Fail(Errc::kNotFound,
                "evaluation: --train " + options.train->string() + " is not a folder");
  }
  const std::filesystem::path folder = options.data / set;
  if (!options.data.empty() && std::filesystem::is_directory(folder)) return folder;
  return Fail(Errc::kNotFound, "evaluation: the data set " + set + " is not at " + folder.string() +
                                   "; --data or --train says where it is");
}

}  // namespace millwright::evaluation
