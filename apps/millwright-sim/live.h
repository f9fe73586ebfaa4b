// Runs a plant against the clock: sends each value when it is due, takes commands in between.
#pragma once

#include "core/result.h"
#include "json_lines.h"
#include "machines/plant.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "publisher.h"

namespace millwright::sim {

struct LiveOptions {
  double seconds = 0;  // 0: until stopped
  int command_fd = 0;  // standard input
  bool until_end_of_input = true;
  int stop_fd = -1;  // readable on SIGINT or SIGTERM (os::OpenStopSignals)
};

/// Blocks until stopped by time, command, end of input or signal; then waits up to 2 s for the
/// broker to acknowledge what is on its way. The thread that calls it is the connection's.
[[nodiscard]] Result<PublishCounts> RunLive(machines::Plant& plant, mqtt::Client& client,
                                            os::Clock& clock, JsonLines& truth,
                                            JsonLines& published, const LiveOptions& options);

}  // namespace millwright::sim
