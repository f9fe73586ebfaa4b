// One job on one device, with the states that AWS IoT Jobs knows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace millwright::jobs {

enum class Status : uint8_t {
  kQueued,
  kInProgress,
  kSucceeded,
  kFailed,
  kTimedOut,
  kRejected,
  kRemoved,
  kCanceled
};

/// "QUEUED", "IN_PROGRESS", ...
[[nodiscard]] std::string_view Name(Status status);
[[nodiscard]] std::optional<Status> StatusByName(std::string_view name);
[[nodiscard]] bool IsTerminal(Status status);
/// What a device may ask for: never back to QUEUED, never out of an end, never an end that is the
/// service's to declare.
[[nodiscard]] bool DeviceMayMove(Status from, Status to);

using Details = std::map<std::string, std::string>;  // at most 10 pairs

struct Execution {
  std::string job_id{};
  Status status = Status::kQueued;
  Details details{};
  int64_t version = 1;                                  // counts every change
  int64_t number = 1;                                   // of this job on this device
  Nanos queued_at = 0, started_at = 0, updated_at = 0;  // UTC
  Nanos step_deadline = 0;                              // 0: none
  std::string document{};                               // JSON text, at most 32 KiB
};

/// Where executions are kept: in memory in tests, in the hub's database in service. Calls come from
/// one thread.
class JobStore {
 public:
  virtual ~JobStore() = default;
  /// In progress first, then queued, each by queued_at.
  [[nodiscard]] virtual Result<std::vector<Execution>> Pending(std::string_view thing) = 0;
  [[nodiscard]] virtual Result<std::optional<Execution>> Find(std::string_view thing,
                                                              std::string_view job_id) = 0;
  [[nodiscard]] virtual Result<void> Save(std::string_view thing, const Execution& execution) = 0;
  /// Things with an execution whose step_deadline lies before `now`.
  [[nodiscard]] virtual Result<std::vector<std::string>> Overdue(Nanos now) = 0;
  /// A gateway that was away when its job was taken back may have finished it meanwhile. The
  /// contract refuses that report; what it says is true all the same.
  [[nodiscard]] virtual Result<void> NoteLate(std::string_view thing, const Execution& reported) {
    (void)thing, (void)reported;
    return {};
  }
};

}  // namespace millwright::jobs
