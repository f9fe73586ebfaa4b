// Ids are types of their own, so that a device cannot be passed where an asset is meant.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.h"

namespace millwright {

/// A named value: NamedType<uint64_t, struct SequenceTag> and NamedType<uint64_t, struct EpochTag>
/// do not mix.
template <typename T, typename Tag>
class NamedType {
 public:
  NamedType() = default;
  explicit NamedType(T value) : value_(std::move(value)) {}
  [[nodiscard]] const T& value() const { return value_; }
  auto operator<=>(const NamedType&) const = default;

 private:
  T value_{};
};

using DeviceId = NamedType<std::string, struct DeviceIdTag>;
using SiteId = NamedType<std::string, struct SiteIdTag>;
using AreaId = NamedType<std::string, struct AreaIdTag>;
using AssetId = NamedType<std::string, struct AssetIdTag>;
using ChannelId = NamedType<std::string, struct ChannelIdTag>;
using ModelHash = NamedType<std::string, struct ModelHashTag>;  // sha256 of model.tflite, hex

/// Lanes of the outbox by priority: a smaller number is delivered first. Values are on the wire and
/// on disk.
enum class Lane : uint8_t { kAlarm = 0, kHealth = 1, kFeatures = 2, kRaw = 3 };
inline constexpr int kLanes = 4;

/// "alarm", "health", "features", "raw".
[[nodiscard]] std::string_view Name(Lane lane);

/// The identity of an event, given once when it is accepted: device, epoch (drawn once when the
/// outbox is created), lane, sequence within the lane from 1 without holes.
struct EventId {
  DeviceId device;
  uint64_t epoch = 0;
  Lane lane = Lane::kAlarm;
  uint64_t sequence = 0;
  auto operator<=>(const EventId&) const = default;
};

/// Ids become topic levels, file names and metric labels: 1..64 of [A-Za-z0-9_.-], no leading '.'
/// or '-'.
[[nodiscard]] Result<void> CheckIdText(std::string_view what, std::string_view text);

}  // namespace millwright

template <typename T, typename Tag>
struct std::hash<millwright::NamedType<T, Tag>> {
  size_t operator()(const millwright::NamedType<T, Tag>& id) const {
    return std::hash<T>{}(id.value());
  }
};
