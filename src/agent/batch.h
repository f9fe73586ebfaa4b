// Packs outbox records into EventBatch messages without parsing them: an event is its stored body
// followed by its lane and sequence, which protobuf reads as one message.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/ids.h"
#include "core/time.h"
#include "outbox/outbox.h"

namespace millwright::agent {

class BatchWriter {
 public:
  /// `sent`: UTC, now; the hub tells by it how far the device's clock is off.
  BatchWriter(const DeviceId& device, const SiteId& site, uint64_t epoch, Nanos sent,
              size_t bytes_max);

  /// False where the record does not fit any more (a batch that is empty takes any record).
  [[nodiscard]] bool Add(const outbox::Record& record);
  /// Before the first record: tells the hub what of this lane the device no longer has.
  void AddAcked(Lane lane, uint64_t up_to);
  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] size_t events() const { return events_; }

 private:
  std::string bytes_;
  size_t bytes_max_;
  size_t events_ = 0;
};

}  // namespace millwright::agent
