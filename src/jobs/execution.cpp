#include "jobs/execution.h"

#include <algorithm>
#include <array>

namespace millwright::jobs {
namespace {

constexpr std::array<std::string_view, 8> kNames{
    "QUEUED", "IN_PROGRESS", "SUCCEEDED", "FAILED", "TIMED_OUT", "REJECTED", "REMOVED", "CANCELED"};

}  // namespace

std::string_view Name(Status status) { return kNames[static_cast<size_t>(status)]; }

std::optional<Status> StatusByName(std::string_view name) {
  const auto* found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Status>(found - kNames.begin());
}

bool IsTerminal(Status status) {
  return status != Status::kQueued && status != Status::kInProgress;
}

bool DeviceMayMove(Status from, Status to) {
  if (IsTerminal(from)) return false;
  return to == Status::kInProgress || to == Status::kSucceeded || to == Status::kFailed ||
         to == Status::kRejected;
}

}  // namespace millwright::jobs
