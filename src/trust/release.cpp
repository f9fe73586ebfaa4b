#include "trust/release.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "trust/json.h"

namespace millwright::trust {
namespace {

constexpr size_t kFloorsBytesMax = size_t{1} << 20;

}  // namespace

bool IsCommitted(const Installable& committed, std::span<const std::byte> bytes) {
  return bytes.size() == committed.length && crypto::Sha256Hex(bytes) == committed.sha256;
}

Result<std::map<std::string, int64_t>> Floors::Load() const {
  std::map<std::string, int64_t> floors;
  const auto bytes = files_.Read(path_, kFloorsBytesMax);
  if (!bytes && bytes.error().code == Errc::kNotFound) return floors;
  if (!bytes) return tl::unexpected(bytes.error());
  const auto json = ReadJson(os::AsText(*bytes));
  const Json* lines = json ? json->Find("floors") : nullptr;
  if (lines == nullptr || lines->AsObject() == nullptr)
    return Fail(Errc::kInvalid, "trust: " + path_ + ": damaged: no floors in it");
  for (const auto& [line, value] : *lines->AsObject()) {
    if (value.AsInteger() == nullptr)
      return Fail(Errc::kInvalid, "trust: " + path_ + ": damaged: floor of " + line);
    floors[line] = *value.AsInteger();
  }
  return floors;
}

Result<int64_t> Floors::Of(const std::string& line) const {
  MW_TRY(const auto floors, Load());
  const auto found = floors.find(line);
  return found == floors.end() ? 0 : found->second;
}

Result<void> Floors::Raise(const std::string& line, int64_t floor) {
  MW_TRY(auto floors, Load());
  if (floor <= floors[line]) return {};
  floors[line] = floor;
  Json json = Json::EmptyObject();
  for (const auto& [name, value] : floors) json["floors"][name] = value;
  return files_.WriteDurably(path_, os::AsBytes(Pretty(json)));
}

Result<Installable> CheckInstallable(const TargetFile& target, std::span<const std::byte> bytes,
                                     const Targets& top_level, const Floors& floors) {
  MW_TRY(CheckFile(target.path, target.facts, bytes));
  if (!target.release)
    return Fail(Errc::kInvalid, "trust: " + target.path + ": is no release of anything");
  const auto& [line, number] = *target.release;
  MW_TRY(const int64_t committed, floors.Of(line));
  const auto named = top_level.floors.find(line);
  const int64_t floor = std::max(committed, named == top_level.floors.end() ? 0 : named->second);
  if (number < floor) {
    return Fail(Errc::kConflict, "trust: " + target.path + ": release " + std::to_string(number) +
                                     " of " + line + " is below the floor " +
                                     std::to_string(floor));
  }
  return Installable{.path = target.path,
                     .sha256 = crypto::Sha256Hex(bytes),
                     .length = bytes.size(),
                     .line = line,
                     .release = number,
                     .floor = floor};
}

}  // namespace millwright::trust
