// Tells gateways which of their machines were repaired or replaced, until they say that they have
// begun to learn anew. Used by the ingest's thread alone.
#pragma once

#include <map>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "store/database.h"

namespace millwright::hub {

class ServiceSender {
 public:
  static constexpr Nanos kLookEvery = kSecond;
  static constexpr Nanos kAgainAfter = 30 * kSecond;
  static constexpr int kOrdersMax = 200;  // in one look; what waits longest comes first

  /// Borrows all.
  ServiceSender(mqtt::Client& client, store::Database& database, os::Clock& clock)
      : client_(client), database_(database), clock_(clock) {}

  /// Sends what is due. Costs one indexed read a second.
  void Step();
  /// The gateway has connected: whatever it was sent before may be lost.
  void OnHeard(const std::string& device) { sent_.erase(device); }

 private:
  struct Sent {
    Nanos at = 0;      // monotonic
    Nanos newest = 0;  // at_ns of the newest order that was in it
  };

  mqtt::Client& client_;
  store::Database& database_;
  os::Clock& clock_;
  Nanos look_at_ = 0;                 // monotonic
  std::map<std::string, Sent> sent_;  // by device; only those that something waits for
};

}  // namespace millwright::hub
