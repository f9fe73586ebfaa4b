#include "publisher.h"

#include <cmath>
#include <cstdio>
#include <cstring>

#include "core/log.h"
#include "os/files.h"
#include "wire/sample.pb.h"
#include "wire/topics.h"

namespace millwright::sim {

Publisher::Publisher(const machines::Plant& plant, mqtt::Client& client, os::Clock& clock,
                     JsonLines& published)
    : client_(client), clock_(clock), published_(published), qos_(plant.config().qos) {
  const SiteId site(plant.config().site);
  for (const machines::Machine& machine : plant.machines()) {
    first_stream_.push_back(streams_.size());
    const machines::MachineConfig& config = machine.config();
    for (const dsp::ChannelSpec& channel : machine.channels())
      streams_.push_back(
          {.topic = wire::ReadingTopic(site, AreaId(config.area), AssetId(config.asset),
                                       ChannelId(channel.name)),
           .asset = config.asset,
           .channel = channel.name,
           .rate_hz = channel.rate_hz});
  }
}

void Publisher::EncodeReading(const machines::Emission& emission, uint64_t sequence) {
  char text[160];
  const int length = std::snprintf(
      text, sizeof text, R"({"ts":%lld,"v":%.9g,"seq":%llu,"sent":%lld})",
      static_cast<long long>(emission.ts_ns), static_cast<double>(emission.value),
      static_cast<unsigned long long>(sequence), static_cast<long long>(clock_.Utc()));
  payload_.assign(text, static_cast<size_t>(length));
}

void Publisher::EncodeBlock(const machines::Emission& emission, const Stream& stream) {
  samples_.resize(2 * emission.samples.size());
  for (size_t i = 0; i < emission.samples.size(); ++i) {
    const double steps =
        std::round(static_cast<double>(emission.samples[i]) / machines::kVibrationStep);
    const auto stored = static_cast<int16_t>(steps);
    std::memcpy(samples_.data() + 2 * i, &stored, 2);
  }
  wire::SampleBlock block;
  block.set_ts_ns(emission.ts_ns);
  block.set_rate_hz(stream.rate_hz);
  block.mutable_i16()->set_v(samples_);
  block.mutable_i16()->set_scale(static_cast<float>(machines::kVibrationStep));
  block.set_seq(stream.sequence);
  block.set_sent_ns(clock_.Utc());
  block.SerializeToString(&payload_);
}

void Publisher::Publish(const machines::Emission& emission) {
  const size_t index = first_stream_[emission.machine] + emission.channel;
  Stream& stream = streams_[index];
  ++stream.sequence;
  ++counts_.made;
  if (!client_.connected()) {
    ++counts_.dropped;
    return;
  }
  if (emission.is_block) {
    EncodeBlock(emission, stream);
  } else {
    EncodeReading(emission, stream.sequence);
  }
  const Result<int> id = client_.Publish(stream.topic, os::AsBytes(payload_), qos_, false);
  if (!id) {
    ++counts_.dropped;
    return;
  }
  waiting_[*id] = {.stream = index, .ts_ns = emission.ts_ns, .sequence = stream.sequence};
  // QoS 0 is never acknowledged; it may have been written, and told so, before Publish returned.
  if (qos_ == 0) OnPublished(*id);
}

void Publisher::OnPublished(int message_id) {
  const auto found = waiting_.find(message_id);
  if (found == waiting_.end()) return;
  const Sent sent = found->second;
  waiting_.erase(found);
  ++counts_.acknowledged;
  if (!published_.writes()) return;
  const Stream& stream = streams_[sent.stream];
  published_.Write("{\"ts\":" + std::to_string(sent.ts_ns) + ",\"asset\":\"" + stream.asset +
                   "\",\"channel\":\"" + stream.channel +
                   "\",\"seq\":" + std::to_string(sent.sequence) + "}");
}

void Publisher::OnConnected(bool session_present) {
  log::Info("sim", "connected to the broker", {{"session_present", session_present}});
}

void Publisher::OnDisconnected(std::string_view reason) {
  log::Warning("sim", "the broker is away; what is due is dropped until it is back",
               {{"reason", reason}, {"unacknowledged", waiting_.size()}});
}

}  // namespace millwright::sim
