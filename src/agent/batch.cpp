#include "agent/batch.h"

#include "wire/event.pb.h"
#include "wire/topics.h"

namespace millwright::agent {
namespace {

// Tags of wire/event.proto: field number and wire type.
constexpr char kEventsTag = (wire::EventBatch::kEventsFieldNumber << 3) | 2;
constexpr char kLaneTag = (wire::Event::kLaneFieldNumber << 3) | 0;
constexpr char kSequenceTag = (wire::Event::kSeqFieldNumber << 3) | 0;

void PutVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7F) | 0x80));
  out.push_back(static_cast<char>(value));
}

}  // namespace

BatchWriter::BatchWriter(const DeviceId& device, const SiteId& site, uint64_t epoch, Nanos sent,
                         size_t bytes_max)
    : bytes_max_(bytes_max) {
  wire::EventBatch head;
  head.set_device(device.value());
  head.set_epoch(epoch);
  head.set_site(site.value());
  head.set_wire_version(wire::kWireVersion);
  head.set_sent_ns(sent);
  bytes_ = head.SerializeAsString();
}

void BatchWriter::AddAcked(Lane lane, uint64_t up_to) {
  wire::EventBatch part;  // fields of a message may come in any order, as often as they like
  wire::LaneAck& acked = *part.add_acked();
  acked.set_lane(static_cast<uint32_t>(lane));
  acked.set_seq(up_to);
  bytes_ += part.SerializeAsString();
}

bool BatchWriter::Add(const outbox::Record& record) {
  std::string id;
  id.push_back(kLaneTag);
  PutVarint(id, static_cast<uint64_t>(record.lane));
  id.push_back(kSequenceTag);
  PutVarint(id, record.sequence);
  const size_t length = record.payload.size() + id.size();
  if (events_ > 0 && bytes_.size() + length + 6 > bytes_max_) return false;
  bytes_.push_back(kEventsTag);
  PutVarint(bytes_, length);
  bytes_ += record.payload;
  bytes_ += id;
  ++events_;
  return true;
}

}  // namespace millwright::agent
