// Windows over series: `steps` consecutive grid steps, all usable, labelled by their last step.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "trainer/learner.h"
#include "trainer/series.h"

namespace millwright::trainer {

struct WindowPlace {
  uint32_t series = 0;
  uint32_t last = 0;  // row of the window's last step
};

/// All scored windows: no neutral label, no hole, last step not within commissioning.
struct Windows {
  std::vector<float> rows{};  // rows of all series, one after another, on the model's input grid
  WindowSet set{};            // its `rows` is the member above
  std::vector<WindowPlace> places{};

  Windows() = default;
  Windows(Windows&&) = default;
  Windows& operator=(Windows&&) = default;
  Windows(const Windows&) = delete;
  Windows& operator=(const Windows&) = delete;
};

/// `scale` is the model's input scale: rows are rounded to the grid that the INT8 model sees, so
/// that the float net trains on exactly its inputs. Unlabelled steps count as healthy.
/// `with_neutral` keeps windows with a neutral label (label kNeutral), for plots.
[[nodiscard]] Windows MakeWindows(std::span<const Series> series, int steps, Nanos step,
                                  float scale, bool with_neutral = false);

/// Keeps every n-th window so that at most `limit` stay.
void Thin(Windows& windows, size_t limit);

/// kInvalid that says why recordings may hold no window of a class.
[[nodiscard]] tl::unexpected<Error> NoWindowOf(const std::string& code, int steps, Nanos step,
                                               double commissioning_s);

/// Class frequency to the power of -`balance`, mean 1 over the classes present; 0 for absent ones.
/// At 1 all classes weigh the same together; 1/2 leaves the commoner ones some of their weight.
[[nodiscard]] std::vector<float> ClassWeights(std::span<const int> labels, int classes,
                                              double balance = 0.5);

}  // namespace millwright::trainer
