// What the slots do not keep about an update: which job it belongs to, and what its commit raises.
// One small file beside them, durable before the offer is taken.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "os/files.h"

namespace millwright::agent {

struct OfferNote {
  std::string job{};
  std::string digest{};  // of the candidate; of an undo, the model that it is to take back
  std::string line{};
  int64_t floor = 0;
  int64_t windows_min = 0;
  int64_t time_min_ns = 0;
};

[[nodiscard]] Result<void> SaveNote(os::Files& files, const std::string& path,
                                    const OfferNote& note);
/// kNotFound where there is none, kInvalid where it is damaged.
[[nodiscard]] Result<OfferNote> LoadNote(os::Files& files, const std::string& path);

}  // namespace millwright::agent
