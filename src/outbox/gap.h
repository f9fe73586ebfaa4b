// The gap record: what the outbox says where it had to give records up. Internal to this room.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/ids.h"
#include "core/time.h"

namespace millwright::outbox {

struct LostRange {
  std::string_view cause;  // "evicted", "damaged_record", "outbox_damaged"
  Lane lane = Lane::kFeatures;
  uint64_t first = 0;  // sequences; 0 where they are not known
  uint64_t last = 0;
  uint64_t count = 0;
  Nanos from = 0;
  Nanos to = 0;
};

/// A serialised wire::Event with a Gap body and no id yet, as NewRecord::payload wants it.
[[nodiscard]] std::string EncodeGap(const LostRange& lost, Nanos now);

}  // namespace millwright::outbox
