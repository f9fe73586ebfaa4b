// Distrusts what comes from the network, once, so that the rest of the room need not.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "wire/event.pb.h"

namespace millwright::hub {

/// No device counts further.
inline constexpr uint64_t kSequenceMax = uint64_t{1} << 62;

/// Why a payload or an event was refused: a metric label, so a fixed set.
enum class Reject : uint8_t {
  kTooLarge,
  kMalformed,
  kVersion,
  kWrongDevice,
  kBadId,
  kBadLane,
  kBadSequence,
  kBadTime,
  kBadColumns,
  kTooLong,
  kUnknownTopic,
};
inline constexpr Reject kRejects[] = {
    Reject::kTooLarge,   Reject::kMalformed, Reject::kVersion,     Reject::kWrongDevice,
    Reject::kBadId,      Reject::kBadLane,   Reject::kBadSequence, Reject::kBadTime,
    Reject::kBadColumns, Reject::kTooLong,   Reject::kUnknownTopic};
[[nodiscard]] std::string_view Name(Reject reason);

template <typename T>
using Decoded = tl::expected<T, Reject>;

/// A batch whose envelope is right: it parses, it is of this wire version, it speaks for the device
/// of its topic. Its events still have to pass CheckIdentity and CheckContent.
[[nodiscard]] Decoded<wire::EventBatch> DecodeBatch(std::string_view topic_device,
                                                    std::span<const std::byte> payload);

/// Lane and sequence are such as a device can have. An event that fails is dropped: it has no place
/// to be kept.
[[nodiscard]] Decoded<void> CheckIdentity(const wire::Event& event);

/// The body keeps its promises: ids, times, columns of equal length, texts of sane length. An event
/// that fails is kept unread (kind "invalid") and acked: one bad event must not hold up its lane
/// for ever.
[[nodiscard]] Decoded<void> CheckContent(const wire::Event& event);

/// "alarm", "state", "gap", "health", "features", "spectrum", "asset_info", "baseline"; "unknown"
/// for a body of
/// a newer agent.
[[nodiscard]] std::string_view KindOf(const wire::Event& event);
/// The asset the event speaks of; empty where it speaks of the device.
[[nodiscard]] const std::string& AssetOf(const wire::Event& event);

/// The event's bytes, the same for the same content on every machine and run (maps are sorted).
[[nodiscard]] std::string StableBytes(const wire::Event& event);

/// A status message: birth or last will.
struct Status {
  bool online = false;
  std::string site, version, hardware;  // empty where not told
};
[[nodiscard]] Decoded<Status> DecodeStatus(std::span<const std::byte> payload);

}  // namespace millwright::hub
