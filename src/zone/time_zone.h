// Time zones by their IANA name, read from the system's compiled database (RFC 8536): maintenance
// windows and schedules follow the clock on the plant's wall.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"
#include "os/files.h"

namespace millwright {

inline constexpr Nanos kNever = INT64_MAX;
inline constexpr Nanos kOneDay = 86'400 * kSecond;

class TimeZone {
 public:
  static TimeZone Utc() { return {}; }
  /// Of a compiled file, with what its rule for later years says until 2100. kInvalid.
  [[nodiscard]] static Result<TimeZone> Parse(std::span<const std::byte> tzif);

  /// East of Greenwich, at this instant.
  [[nodiscard]] Nanos OffsetAt(Nanos utc) const;
  /// What a clock on the wall shows, as if that were UTC.
  [[nodiscard]] Nanos Local(Nanos utc) const { return utc + OffsetAt(utc); }
  /// The instants at which the clock on the wall shows `local`: one, two where it is set back, none
  /// where it is set forward. Ascending.
  [[nodiscard]] std::vector<Nanos> InstantsOf(Nanos local) const;
  /// The first of them; where there is none, the instant at which the clock is set forward.
  [[nodiscard]] Nanos FirstInstantOf(Nanos local) const;
  /// The first instant after `utc` from which another offset holds; kNever.
  [[nodiscard]] Nanos NextChange(Nanos utc) const;

 private:
  struct Change {
    int64_t at_s = 0;
    int32_t offset_s = 0;
  };
  friend class ZoneFile;
  int32_t first_offset_s_ = 0;
  std::vector<Change> changes_;  // ascending
};

/// The system's zones, each read once. Thread-safe.
class Zones {
 public:
  /// Borrows `files`.
  explicit Zones(os::Files& files, std::string folder = "/usr/share/zoneinfo")
      : files_(files), folder_(std::move(folder)) {}
  /// Shared: calendars keep zones for as long as somebody reads them. "UTC" needs no file.
  /// kInvalid: no such zone.
  [[nodiscard]] Result<std::shared_ptr<const TimeZone>> Find(const std::string& name);

 private:
  os::Files& files_;
  const std::string folder_;
  Mutex mutex_;
  std::map<std::string, std::shared_ptr<const TimeZone>> known_ MW_GUARDED_BY(mutex_);
};

}  // namespace millwright
