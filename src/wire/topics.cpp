#include "wire/topics.h"

#include <array>

namespace millwright::wire {
namespace {

// Splits into exactly N levels; false where there are more or fewer.
template <size_t N>
bool Split(std::string_view topic, std::array<std::string_view, N>& levels) {
  for (size_t i = 0; i < N; ++i) {
    const size_t slash = topic.find('/');
    if ((slash == std::string_view::npos) != (i + 1 == N)) return false;
    levels[i] = topic.substr(0, slash);
    if (levels[i].empty()) return false;
    topic.remove_prefix(i + 1 == N ? topic.size() : slash + 1);
  }
  return true;
}

std::string Uplink(const DeviceId& device, std::string_view kind) {
  return "mw/v1/" + device.value() + "/" + std::string(kind);
}

}  // namespace

std::string ReadingTopic(const SiteId& site, const AreaId& area, const AssetId& asset,
                         const ChannelId& channel) {
  return "mw/" + site.value() + "/" + area.value() + "/" + asset.value() + "/" + channel.value();
}

std::string DecisionTopic(const SiteId& site, const AreaId& area, const AssetId& asset) {
  return ReadingTopic(site, area, asset, ChannelId("decision"));
}

std::string LocalStatusTopic(const SiteId& site, const DeviceId& device) {
  return "mw/" + site.value() + "/gateways/" + device.value() + "/status";
}

std::string EventsTopic(const DeviceId& device) { return Uplink(device, "events"); }
std::string TelemetryTopic(const DeviceId& device) { return Uplink(device, "telemetry"); }
std::string UplinkStatusTopic(const DeviceId& device) { return Uplink(device, "status"); }
std::string AckTopic(const DeviceId& device) { return Uplink(device, "ack"); }
std::string ServiceTopic(const DeviceId& device) { return Uplink(device, "service"); }

std::optional<ReadingAddress> ParseReadingTopic(std::string_view topic) {
  std::array<std::string_view, 5> levels;
  if (!Split(topic, levels) || levels[0] != "mw") return std::nullopt;
  if (levels[2] == "gateways" || levels[4] == "decision") return std::nullopt;
  return ReadingAddress{levels[1], levels[2], levels[3], levels[4]};
}

std::optional<UplinkAddress> ParseUplinkTopic(std::string_view topic) {
  std::array<std::string_view, 4> levels;
  if (!Split(topic, levels) || levels[0] != "mw" || levels[1] != "v1") return std::nullopt;
  return UplinkAddress{levels[2], levels[3]};
}

}  // namespace millwright::wire
