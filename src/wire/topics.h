// Every topic that is said, in one place. Layout: docs/formats/wire.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/ids.h"

namespace millwright::wire {

inline constexpr uint32_t kWireVersion = 1;
inline constexpr size_t kBatchBytesMax = size_t{128} << 10;  // AWS IoT Core refuses larger messages

/// mw/<site>/<area>/<asset>/<channel>
[[nodiscard]] std::string ReadingTopic(const SiteId& site, const AreaId& area, const AssetId& asset,
                                       const ChannelId& channel);
/// mw/<site>/<area>/<asset>/decision (retained)
[[nodiscard]] std::string DecisionTopic(const SiteId& site, const AreaId& area,
                                        const AssetId& asset);
/// mw/<site>/gateways/<device>/status (retained; the last will says offline)
[[nodiscard]] std::string LocalStatusTopic(const SiteId& site, const DeviceId& device);

/// mw/v1/<device>/{events,telemetry,status,ack,service}
[[nodiscard]] std::string EventsTopic(const DeviceId& device);
[[nodiscard]] std::string TelemetryTopic(const DeviceId& device);
[[nodiscard]] std::string UplinkStatusTopic(const DeviceId& device);
[[nodiscard]] std::string AckTopic(const DeviceId& device);
[[nodiscard]] std::string ServiceTopic(const DeviceId& device);

struct ReadingAddress {
  std::string_view site, area, asset, channel;  // borrow the topic
};
/// Takes mw/<site>/<area>/<asset>/<channel> apart; nothing where it is another topic.
[[nodiscard]] std::optional<ReadingAddress> ParseReadingTopic(std::string_view topic);

struct UplinkAddress {
  std::string_view device, kind;  // borrow the topic
};
/// Takes mw/v1/<device>/<kind> apart.
[[nodiscard]] std::optional<UplinkAddress> ParseUplinkTopic(std::string_view topic);

}  // namespace millwright::wire
