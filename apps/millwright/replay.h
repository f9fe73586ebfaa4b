// Plays recordings to a gateway's broker: in recorded time, as fast as the gateway decides or in
// step with the clock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/ids.h"
#include "core/result.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "recording/recording.h"

namespace millwright::cli {

struct ReplayOptions {
  SiteId site;
  int qos = 1;
  bool real_time = false;  // otherwise as fast as decisions come
  size_t outstanding =
      400;  // messages sent and not yet behind a decision of their machine, over all machines
  Nanos patience =
      200 * kMillisecond;  // without any decision for so long (a machine that learns or stands
                           // still gives none) the outstanding ones count as taken in
  Nanos connect_max = 30 * kSecond;  // the broker may be away this long
};

/// One recording and the machine it is played as. Recordings of one machine follow each other,
/// others run side by side.
struct Track {
  recording::RecordingInfo info;
  AreaId area;
  AssetId asset;
};

/// A decision as it came back.
struct SeenDecision {
  std::string_view asset;
  Nanos step_end = 0;
  double score = 0;
  bool alarm = false;
};

struct ReplayFigures {
  uint64_t recordings = 0;
  uint64_t messages = 0;    // acknowledged by the broker
  uint64_t decisions = 0;   // scored, without heartbeats
  uint64_t waited_out = 0;  // times that patience ran out
  double recorded_s = 0;    // the longest machine's data
  double wall_s = 0;
};

struct ReplayHooks {
  std::function<void(double share_done, const ReplayFigures&)> on_progress;
  std::function<void(const SeenDecision&)> on_decision;
};

/// Borrows the client and the clock. Returns when everything is acknowledged and the last decisions
/// are in. kUnavailable: the broker was away too long; errors of the recordings name their file.
[[nodiscard]] Result<ReplayFigures> Replay(mqtt::Client& client, os::Clock& clock,
                                           const ReplayOptions& options, std::vector<Track> tracks,
                                           const ReplayHooks& hooks);

}  // namespace millwright::cli
