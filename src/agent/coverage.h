// Which readings the agent has taken in, channel by channel: stretches without a hole, and the
// holes. What was not taken in and not declared would be a silent loss.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/time.h"

namespace millwright::agent {

enum class GapCause : uint8_t { kNotReceived, kAgentDown, kOverload };

/// "not_received", "agent_down", "dropped_overload": wire::Gap.cause.
[[nodiscard]] std::string_view Name(GapCause cause);

/// Consecutive readings (or blocks) of one channel.
struct Extent {
  uint16_t channel = 0;
  Nanos first = 0;
  Nanos last = 0;
  uint64_t count = 0;
  uint64_t last_seq = 0;
};

/// Readings that are missing: `from`..`to` lies strictly between two readings that are there.
struct Hole {
  uint16_t channel = 0;
  Nanos from = 0;
  Nanos to = 0;
  uint64_t count = 0;  // 0: not known
  GapCause cause = GapCause::kNotReceived;
};

/// One asset's channels. One thread. Allocates in the constructor only: beyond kExtentsMax
/// stretches that nobody has taken, the newest one is stretched over the hole, which stays
/// declared.
class Coverage {
 public:
  static constexpr size_t kExtentsMax = 64;

  /// `periods`: nominal time between readings by channel; for blocks 0, they bring their own.
  explicit Coverage(std::vector<Nanos> periods);

  /// Another configuration: channels that are new come after those that were there, and what was
  /// known of those that stay goes on. Only while empty(). Allocates.
  void Follow(std::span<const Nanos> periods);

  /// Where the durable record of an earlier run ends: the next reading is compared with it.
  void Resume(size_t channel, Nanos last, uint64_t last_seq);

  /// A reading arrived. `length`: what it covers (a block's duration; 0: the nominal period).
  /// `after_drop`: readings of this channel were dropped just before. False: older than what is
  /// there.
  bool Add(size_t channel, Nanos ts, uint64_t seq, Nanos length, bool after_drop);

  /// Channels that were resumed and have had no reading since get a hole up to `until`, once:
  /// nobody may ever send what would close it.
  void DeclareSilent(Nanos until);

  /// Moves what has gathered since the last time to the ends of `extents` and `holes`.
  void Take(std::vector<Extent>& extents, std::vector<Hole>& holes);
  [[nodiscard]] bool empty() const { return extents_.empty() && holes_.empty(); }

 private:
  struct Channel {
    Nanos period = 0;
    Nanos last = 0;
    Nanos length = 0;
    uint64_t last_seq = 0;
    bool any = false;
    bool resumed = false;  // the last known reading is an earlier run's
    int extent = -1;       // index into extents_ of the open stretch
  };
  struct Step {
    bool hole = false;
    uint64_t missing = 0;
  };
  [[nodiscard]] static Step Compare(const Channel& c, Nanos ts, uint64_t seq, bool after_drop);
  void Declare(const Hole& hole);

  std::vector<Channel> channels_;
  std::vector<Extent> extents_;
  std::vector<Hole> holes_;
};

}  // namespace millwright::agent
