// The jobs of retraining, and the lineage they leave.
//
//   queued -> freezing -> training -> comparing -> waiting -> releasing -> promoted
//                                         |           (a person approves; where none is asked, at
//                                         |            once)
//                                         +-> refused: it does not beat the live one
//   any that is not over -> failed | cancelled
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub::retrain {

enum class State : uint8_t {
  kQueued,
  kFreezing,
  kTraining,
  kComparing,
  kWaiting,
  kReleasing,
  kPromoted,
  kRefused,
  kFailed,
  kCancelled
};
/// As in the picture above.
[[nodiscard]] std::string_view Name(State state);
[[nodiscard]] constexpr bool IsOver(State state) { return state >= State::kPromoted; }

struct Retrain {
  std::string id{};    // "t-" and 12 hex digits
  int64_t number = 0;  // in the order in which they were asked for
  std::string cause{}, who{}, why{};
  State state = State::kQueued;
  std::string words{};  // how it stands, for a person
  std::string cancelled_by{}, approved_by{};
  int64_t attempts = 0;  // how often the step under way was begun
  Nanos created = 0, updated = 0;
  std::string code_version{};
  std::string parent{};       // digest of the live bundle's manifest
  std::string data_sha256{};  // of the frozen data set
  std::string bundle{};       // digest of the new bundle's manifest
  std::string figures{};      // the comparison's JSON object
  std::string rollout{};
};

inline constexpr std::string_view kCausePerson = "person";
inline constexpr std::string_view kCauseSchedule = "schedule";

/// Thread-safe: the API's threads and the loop share one.
class Retrains {
 public:
  static constexpr int64_t kOpenMax = 8;
  static constexpr size_t kWhyMax = 400;

  /// Owns its connection; borrows the clock.
  Retrains(std::unique_ptr<store::Database> database, os::Clock& clock)
      : database_(std::move(database)), clock_(clock) {}

  /// kExhausted where kOpenMax are open.
  [[nodiscard]] Result<Retrain> Ask(std::string_view cause, std::string_view who,
                                    std::string_view why);
  /// What runs is stopped by the loop. kConflict: it is over.
  [[nodiscard]] Result<Retrain> Cancel(const std::string& id, const std::string& who);
  /// kConflict: it does not wait for anybody.
  [[nodiscard]] Result<Retrain> Approve(const std::string& id, const std::string& who);
  [[nodiscard]] Result<Retrain> Find(const std::string& id);

  /// For the loop: the one under way, or else the oldest queued one.
  [[nodiscard]] Result<std::optional<Retrain>> Next();
  /// For the loop: keeps all but who cancelled or approved it; a change of state is audited.
  [[nodiscard]] Result<void> Save(Retrain& job);
  /// The id of the one that was promoted last; empty: none was.
  [[nodiscard]] Result<std::string> LastPromoted();
  /// When the newest was asked for; 0: never.
  [[nodiscard]] Result<Nanos> LastAsked();

 private:
  [[nodiscard]] Result<Retrain> FindLocked(const std::string& id) MW_REQUIRES(mutex_);

  Mutex mutex_;
  const std::unique_ptr<store::Database> database_ MW_GUARDED_BY(mutex_);
  os::Clock& clock_;
};

/// Newest first.
[[nodiscard]] Result<std::vector<Retrain>> LoadRetrains(store::Database& database, int64_t limit);
/// kNotFound.
[[nodiscard]] Result<Retrain> LoadRetrain(store::Database& database, const std::string& id);

}  // namespace millwright::hub::retrain
