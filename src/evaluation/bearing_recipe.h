// A bearing model for plants without fault data: learned on simulated rigs alone, shipped as a
// bundle that an agent runs on any vibration channel of a machine whose bearing is known.
#pragma once

#include <string>

#include "core/result.h"
#include "os/clock.h"
#include "trainer/learner.h"
#include "trainer/train.h"

namespace millwright::evaluation {

struct BearingRecipe {
  std::string name = "bearing";
  std::string version = "1.0.0";
  std::string parent{};         // manifest hash of the bundle that this one follows
  std::string channel = "vib";  // the vibration channel's name on the machines
  std::string unit = "m/s2";    // and its unit; the figures know none, but a bundle must name one
  bool speed_channel = false;   // machines have a channel "speed" (rpm); else their nominal speed
  uint64_t seed = 1;
  int epochs = 30;
  int rigs = 4000;  // to learn from; a seventh of it, at least 16, stops and another judges
};

/// Minutes. Classes healthy, outer_race, inner_race, ball; a window is four stretches of two
/// seconds, a second apart. The figures are of simulated rigs that were not learned from, heard as
/// a gateway hears them. kInvalid where rigs are fewer than 16 or INT8 and float disagree.
[[nodiscard]] Result<trainer::Trained> TrainBearings(const BearingRecipe& recipe,
                                                     const trainer::Learner& learner,
                                                     os::Clock& clock,
                                                     const std::string& code_version,
                                                     const trainer::Watcher& watcher);

}  // namespace millwright::evaluation
