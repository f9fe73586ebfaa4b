// A rollout as it stands in the database, and the reading of it: by the rollouts themselves, and by
// the API on connections of its own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "hub/rollout/cohort.h"
#include "hub/rollout/policy.h"
#include "hub/rollout/releases.h"
#include "store/database.h"

namespace millwright::hub {

/// running -> (waiting -> running) -> done; running and waiting -> paused -> running; these three
/// -> halted (by itself) or aborted; all but the reversed ones -> reversing -> reversed.
enum class RolloutState : uint8_t {
  kRunning,
  kWaiting,  // for a person's approval of the last wave
  kPaused,
  kHalted,  // stopped itself: too many gateways refused the model or went back
  kAborted,
  kDone,
  kReversing,
  kReversed
};
[[nodiscard]] std::string_view Name(RolloutState state);
/// Halted, aborted, done or reversed: nothing happens any more by itself.
[[nodiscard]] bool IsOver(RolloutState state);
inline constexpr size_t kRolloutReasonMax = 400;

struct Rollout {
  std::string id;
  ReleaseInfo release;
  RolloutState state = RolloutState::kRunning;
  int wave = 0;
  Nanos wave_since = 0;
  RolloutPolicy policy;
  Cohort cohort{};
  std::string reason;
  Nanos created = 0, ended = 0;
  std::string created_by;
  std::string approved_by;  // the last wave; empty: nobody has yet
};

struct RolloutDevice {
  std::string device, site;
  int wave = 0;
  std::string status{};  // of its job: "QUEUED", ...; empty: its wave has not come
  std::string phase{}, progress{}, reason{}, serving{};
  Nanos updated = 0;
  std::string undo_status{};  // of the way back, where it was reversed
  bool online = false;        // as ingest last knew it
  Nanos last_seen = 0;
  Nanos offered_from = 0;  // foreseen, where something holds its job back; 0: nothing does
};

/// Where one gateway stands, for people.
enum class MemberState : uint8_t {
  kWaiting,    // its wave has not come, or its job was taken back before it took the model
  kQueued,     // its job waits for it
  kFetching,   // metadata, pack, hash
  kProving,    // golden vectors, warm-up
  kShadow,     // the new model watches
  kProbation,  // the new model decides, the old one watches
  kCommitted,
  kWentBack,
  kRefused,
  kNotHeard,  // it is not online, and its job is not at its end
  kUndone     // it had committed, and was sent back
};
inline constexpr size_t kMemberStates = 11;
[[nodiscard]] std::string_view Name(MemberState state);

struct MemberFacts {
  std::string_view status{}, phase{}, undo_status{};
  bool heard = false;
};
[[nodiscard]] MemberState StateOf(const MemberFacts& facts);

using MemberCounts = std::array<int64_t, kMemberStates>;
struct RolloutCounts {
  int64_t devices = 0;
  int waves = 0;  // that have a gateway
  MemberCounts by_state{};
};

struct RolloutView {
  Rollout rollout;
  std::vector<RolloutDevice> devices;
};

struct RolloutLogLine {
  Nanos at = 0;
  std::string who, what, detail;
};

/// Newest first, at most `limit`.
[[nodiscard]] Result<std::vector<Rollout>> LoadRollouts(store::Database& database, int64_t limit);
/// Those that are not over, newest first.
[[nodiscard]] Result<std::vector<Rollout>> LoadOpenRollouts(store::Database& database);
[[nodiscard]] Result<Rollout> LoadRollout(store::Database& database, const std::string& id);
/// By wave, site and name.
[[nodiscard]] Result<std::vector<RolloutDevice>> LoadRolloutDevices(store::Database& database,
                                                                    const std::string& id);
/// A gateway that was last seen before `heard_from` is not heard.
[[nodiscard]] Result<RolloutCounts> CountMembers(store::Database& database, const std::string& id,
                                                 Nanos heard_from);
/// Newest first, at most `limit`.
[[nodiscard]] Result<std::vector<RolloutLogLine>> LoadRolloutLog(store::Database& database,
                                                                 const std::string& id,
                                                                 int64_t limit);

}  // namespace millwright::hub
