#include "agent/ingest.h"

#include <algorithm>

#include "core/log.h"
#include "wire/reading.h"
#include "wire/sample_block.h"
#include "wire/topics.h"

namespace millwright::agent {
namespace {

constexpr size_t kRoomItems = 256;  // more than one Poll of the client ever hands over
constexpr size_t kRoomSamples = size_t{1} << 17;
constexpr Nanos kComplainEvery = 60 * kSecond;  // one log line a channel, however hostile it is

}  // namespace

Ingest::Ingest(const Plan& plan, Inbox& inbox, os::Clock& clock) : inbox_(inbox), clock_(clock) {
  (void)Follow(plan);
}

std::vector<std::pair<std::string, int>> Ingest::Follow(const Plan& plan) {
  std::vector<std::pair<std::string, int>> fresh;
  for (size_t a = 0; a < plan.assets.size(); ++a) {
    const AssetSettings& asset = *plan.assets[a].settings;
    for (size_t c = 0; c < asset.channels.size(); ++c) {
      const ChannelSettings& channel = asset.channels[c];
      const std::string topic = wire::ReadingTopic(plan.settings.site, asset.area, asset.id,
                                                   ChannelId(channel.spec.name));
      const Route route = {.asset = static_cast<uint16_t>(a),
                           .channel = static_cast<uint16_t>(c),
                           .qos = channel.qos,
                           .kind = channel.spec.kind};
      if (routes_.emplace(topic, route).second) fresh.emplace_back(topic, channel.qos);
    }
  }
  return fresh;
}

std::vector<std::pair<std::string, int>> Ingest::Topics() const {
  std::vector<std::pair<std::string, int>> out;
  for (const auto& [topic, route] : routes_) out.emplace_back(topic, route.qos);
  return out;
}

bool Ingest::HasRoom() const {
  const size_t items = inbox_.queue.capacity() - inbox_.queue.size();
  return items >= std::min(kRoomItems, inbox_.queue.capacity() / 2) &&
         inbox_.ring.free() >= kRoomSamples;
}

void Ingest::Take(const mqtt::Message& message) {
  const auto found = routes_.find(message.topic);
  if (found == routes_.end()) {
    counts_.unknown_topics.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  topic_ = message.topic;
  Route& route = found->second;
  if (route.kind == dsp::ChannelKind::kReading)
    TakeReading(route, message.payload);
  else
    TakeBlock(route, message.payload);
}

void Ingest::TakeReading(Route& route, std::span<const std::byte> payload) {
  const auto reading = wire::DecodeReading(payload);
  if (!reading) {
    Reject(route, topic_, reading.error().what);
    return;
  }
  Item item;
  item.ts = reading->ts;
  item.value = static_cast<float>(reading->value);
  item.seq = reading->seq;
  item.sensor_ts = reading->sent;
  Hand(route, item);
}

void Ingest::TakeBlock(Route& route, std::span<const std::byte> payload) {
  const auto block = wire::DecodeSampleBlock(payload);
  if (!block) {
    Reject(route, topic_, block.error().what);
    return;
  }
  Item item;
  const std::span<float> room = inbox_.ring.Reserve(block->count(), item.samples);
  if (room.empty()) {
    Drop(route);
    return;
  }
  if (!block->CopyTo(room)) {
    Reject(route, topic_, "sample block: a sample is not finite");
    return;
  }
  item.is_block = true;
  item.ts = block->header().ts;
  item.rate_hz = block->header().rate_hz;
  item.seq = block->header().seq;
  item.sensor_ts = block->header().sent;
  Hand(route, item);
}

void Ingest::Hand(Route& route, Item item) {
  item.asset = route.asset;
  item.channel = route.channel;
  item.after_drop = route.dropped;
  item.arrived_at = clock_.Utc();
  if (item.sensor_ts == 0) item.sensor_ts = item.arrived_at;
  const SampleRing::Place place = item.samples;
  if (!inbox_.queue.TryPush(Item{item})) {
    Drop(route);
    return;
  }
  if (place.end != 0) inbox_.ring.Commit(place);
  route.dropped = false;
  counts_.readings.fetch_add(1, std::memory_order_relaxed);
}

void Ingest::Reject(Route& route, std::string_view topic, const std::string& why) {
  const uint64_t total = counts_.rejected.fetch_add(1, std::memory_order_relaxed) + 1;
  const Nanos now = clock_.Monotonic();
  if (route.complained_at != 0 && now - route.complained_at < kComplainEvery) return;
  route.complained_at = std::max<Nanos>(now, 1);
  log::Warning("agent", "a payload is refused",
               {{"topic", topic}, {"why", why}, {"refused", total}});
}

void Ingest::Drop(Route& route) {
  route.dropped = true;
  counts_.dropped.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace millwright::agent
