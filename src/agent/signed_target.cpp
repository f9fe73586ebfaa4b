#include "agent/signed_target.h"

#include <algorithm>

#include "trust/updater.h"

namespace millwright::agent {

Result<os::Bytes> StreamedMetadata::Metadata(const std::string& name, size_t limit_bytes) {
  const auto found = files_.find(name);
  if (found == files_.end()) return Fail(Errc::kNotFound, "trust: the stream has no " + name);
  if (found->second.size() > limit_bytes)
    return Fail(Errc::kExhausted, "trust: " + name + " is longer than it may be");
  return found->second;
}

Result<os::Bytes> StreamedMetadata::Target(const std::string& path, size_t /*limit_bytes*/) {
  return Fail(Errc::kNotFound, "trust: " + path + " is not among the metadata");
}

Notary::Notary(os::Files& files, os::Clock& clock, std::string folder)
    : files_(files),
      clock_(clock),
      folder_(std::move(folder)),
      store_(files, folder_),
      floors_(files, folder_ + "/floors.json") {}

Result<void> Notary::Trust(std::span<const std::byte> root) {
  MW_TRY(files_.MakeFolders(folder_));
  const auto trusted = trust::Updater::Trust(store_, root);
  if (!trusted && trusted.error().code != Errc::kConflict) return tl::unexpected(trusted.error());
  return {};
}

Result<SignedTarget> Notary::Check(const MetadataFiles& metadata, const std::string& target) {
  StreamedMetadata fetcher(metadata);
  MW_TRY(trust::Updater updater, trust::Updater::Open(fetcher, store_, clock_));
  MW_TRY(updater.Refresh());
  MW_TRY(const trust::TargetFile found, updater.Find(target));
  const auto hash = found.facts.hashes.find("sha256");
  if (!found.release || hash == found.facts.hashes.end() || !found.facts.length)
    return Fail(Errc::kInvalid, "trust: " + target + ": is no release with length and SHA-256");
  const auto& [line, number] = *found.release;
  const trust::Targets* top =
      updater.trusted().FindTargets(std::string(trust::kTargetsRole), nullptr);
  MW_TRY(int64_t floor, floors_.Of(line));
  if (top != nullptr)
    if (const auto named = top->floors.find(line); named != top->floors.end())
      floor = std::max(floor, named->second);
  if (number < floor)
    return Fail(Errc::kConflict, "trust: " + target + ": release " + std::to_string(number) +
                                     " of " + line + " is below the floor " +
                                     std::to_string(floor));
  return SignedTarget{.sha256 = hash->second,
                      .bytes = *found.facts.length,
                      .line = line,
                      .release = static_cast<uint64_t>(number),
                      .floor = floor};
}

Result<void> Notary::Committed(const std::string& line, int64_t floor) {
  return floors_.Raise(line, floor);
}

}  // namespace millwright::agent
