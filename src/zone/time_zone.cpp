#include "zone/time_zone.h"

#include <algorithm>
#include <chrono>

#include "zone/posix_rule.h"

namespace millwright {
namespace {

constexpr size_t kHeaderBytes = 44;
constexpr size_t kFileBytesMax = size_t{1} << 20;
constexpr uint32_t kCountMax = 10'000;
constexpr int kLastYear = 2100;

std::string_view AsLetters(std::span<const std::byte> bytes) { return os::AsText(bytes); }

int64_t BigEndian(std::span<const std::byte> bytes) {
  uint64_t value = (static_cast<uint8_t>(bytes[0]) & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (const std::byte one : bytes) value = value << 8 | static_cast<uint8_t>(one);
  return static_cast<int64_t>(value);
}

tl::unexpected<Error> NoFile() {
  return Fail(Errc::kInvalid, "time zone: this is no compiled zone file of version 2 or later");
}

int YearOf(int64_t seconds) {
  using namespace std::chrono;
  const auto day = floor<days>(sys_seconds{std::chrono::seconds{seconds}});
  return static_cast<int>(year_month_day{day}.year());
}

// "Europe/Berlin": nothing that leads out of the folder.
bool IsZoneName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.front() != '/' &&
         name.find("..") == std::string_view::npos && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("/_+-").find(c) != std::string_view::npos;
         });
}

}  // namespace

// A file holds everything twice: with 4-byte times for programs of long ago, then with 8-byte ones.
class ZoneFile {
 public:
  explicit ZoneFile(std::span<const std::byte> bytes) : rest_(bytes) {}

  [[nodiscard]] Result<TimeZone> Read() {
    MW_TRY(const Counts old, ReadHeader());
    if (rest_.size() < old.Bytes(4)) return NoFile();
    rest_ = rest_.subspan(old.Bytes(4));
    MW_TRY(const Counts counts, ReadHeader());
    if (rest_.size() < counts.Bytes(8) || counts.types == 0) return NoFile();
    TimeZone zone;
    MW_TRY(ReadChanges(counts, zone));
    rest_ = rest_.subspan(counts.Bytes(8));
    MW_TRY(ReadFooter(zone));
    return zone;
  }

 private:
  struct Counts {
    uint32_t ut = 0, standard = 0, leaps = 0, changes = 0, types = 0, letters = 0;
    [[nodiscard]] size_t Bytes(size_t time) const {
      return changes * (time + 1) + types * size_t{6} + letters + leaps * (time + 4) + standard +
             ut;
    }
  };

  [[nodiscard]] Result<Counts> ReadHeader() {
    if (rest_.size() < kHeaderBytes || AsLetters(rest_.first(4)) != "TZif" ||
        static_cast<char>(rest_[4]) < '2')
      return NoFile();
    Counts counts;
    size_t at = 20;
    for (uint32_t* one : {&counts.ut, &counts.standard, &counts.leaps, &counts.changes,
                          &counts.types, &counts.letters}) {
      *one = static_cast<uint32_t>(BigEndian(rest_.subspan(at, 4)));
      if (*one > kCountMax) return NoFile();
      at += 4;
    }
    rest_ = rest_.subspan(kHeaderBytes);
    return counts;
  }

  [[nodiscard]] Result<void> ReadChanges(const Counts& counts, TimeZone& zone) {
    const auto kinds = rest_.subspan(counts.changes * size_t{8}, counts.changes);
    const auto types = rest_.subspan(counts.changes * size_t{9}, counts.types * size_t{6});
    const auto offset_of = [&](size_t type) {
      return static_cast<int32_t>(BigEndian(types.subspan(6 * type, 4)));
    };
    zone.first_offset_s_ = offset_of(0);
    for (uint32_t i = 0; i < counts.changes; ++i) {
      const auto type = static_cast<size_t>(kinds[i]);
      if (type >= counts.types) return NoFile();
      Add(zone, BigEndian(rest_.subspan(i * size_t{8}, 8)), offset_of(type));
    }
    return {};
  }

  [[nodiscard]] Result<void> ReadFooter(TimeZone& zone) {
    const std::string_view footer = AsLetters(rest_);
    if (footer.size() < 2 || footer.front() != '\n' || footer.back() != '\n') return NoFile();
    if (footer.size() == 2) return {};  // nothing is known of later years
    MW_TRY(const PosixRule rule, ReadPosixRule(footer.substr(1, footer.size() - 2)));
    const bool listed = !zone.changes_.empty();
    const int64_t last = listed ? zone.changes_.back().at_s : 0;
    if (!listed) zone.first_offset_s_ = rule.standard_s;
    for (int year = std::max(1970, YearOf(last)); rule.has_summer && year <= kLastYear; ++year) {
      const TimeZone::Change summer{rule.begin.In(year) - rule.standard_s, rule.summer_s};
      const TimeZone::Change winter{rule.end.In(year) - rule.summer_s, rule.standard_s};
      const bool north = summer.at_s < winter.at_s;
      for (const TimeZone::Change& one : {north ? summer : winter, north ? winter : summer})
        if (!listed || one.at_s > last) Add(zone, one.at_s, one.offset_s);
    }
    return {};
  }

  // A change of the name alone is none to us.
  static void Add(TimeZone& zone, int64_t at_s, int32_t offset_s) {
    const int32_t before =
        zone.changes_.empty() ? zone.first_offset_s_ : zone.changes_.back().offset_s;
    if (offset_s != before) zone.changes_.push_back({at_s, offset_s});
  }

  std::span<const std::byte> rest_;
};

Result<TimeZone> TimeZone::Parse(std::span<const std::byte> tzif) { return ZoneFile(tzif).Read(); }

Nanos TimeZone::OffsetAt(Nanos utc) const {
  const auto after = std::ranges::upper_bound(changes_, utc / kSecond, {}, &Change::at_s);
  const int32_t offset = after == changes_.begin() ? first_offset_s_ : (after - 1)->offset_s;
  return offset * kSecond;
}

Nanos TimeZone::NextChange(Nanos utc) const {
  const auto after = std::ranges::upper_bound(changes_, utc / kSecond, {}, &Change::at_s);
  return after == changes_.end() ? kNever : after->at_s * kSecond;
}

// No zone changes twice within two days, nor by more than one.
std::vector<Nanos> TimeZone::InstantsOf(Nanos local) const {
  std::vector<Nanos> instants;
  const Nanos earlier = OffsetAt(local - kOneDay);
  const Nanos later = OffsetAt(local + kOneDay);
  for (const Nanos offset : {std::max(earlier, later), std::min(earlier, later)}) {
    const Nanos utc = local - offset;
    if (OffsetAt(utc) == offset && (instants.empty() || instants.back() != utc))
      instants.push_back(utc);
  }
  return instants;
}

Nanos TimeZone::FirstInstantOf(Nanos local) const {
  const std::vector<Nanos> instants = InstantsOf(local);
  return instants.empty() ? NextChange(local - kOneDay - OffsetAt(local - kOneDay))
                          : instants.front();
}

Result<std::shared_ptr<const TimeZone>> Zones::Find(const std::string& name) {
  const MutexLock lock(mutex_);
  if (const auto known = known_.find(name); known != known_.end()) return known->second;
  auto zone = TimeZone::Utc();
  if (name != "UTC") {
    if (!IsZoneName(name))
      return Fail(Errc::kInvalid, "time zone: \"" + name + "\" is no name such as Europe/Berlin");
    const auto bytes = files_.Read(folder_ + "/" + name, kFileBytesMax);
    if (!bytes)
      return Fail(Errc::kInvalid, "time zone: there is no \"" + name + "\" in " + folder_);
    MW_TRY(zone, TimeZone::Parse(*bytes));
  }
  return known_[name] = std::make_shared<const TimeZone>(std::move(zone));
}

}  // namespace millwright
