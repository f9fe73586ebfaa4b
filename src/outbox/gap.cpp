#include "outbox/gap.h"

#include "wire/event.pb.h"

namespace millwright::outbox {

std::string EncodeGap(const LostRange& lost, Nanos now) {
  wire::Event event;
  event.set_ts_ns(now);
  wire::Gap& gap = *event.mutable_gap();
  gap.set_cause(std::string(lost.cause));
  gap.set_from_ns(lost.from);
  gap.set_to_ns(lost.to);
  gap.set_count(lost.count);
  gap.set_lane(static_cast<uint32_t>(lost.lane));
  gap.set_seq_from(lost.first);
  gap.set_seq_to(lost.last);
  return event.SerializeAsString();
}

}  // namespace millwright::outbox
