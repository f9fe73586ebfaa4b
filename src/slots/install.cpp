// From a downloaded pack to a bundle's folder, and the way out.
#include <set>

#include "crypto/sha256.h"
#include "model/manifest.h"
#include "model/pack.h"
#include "slots/slots.h"

namespace millwright::slots {
namespace {

// Under a name that no slot has, until all of it is durable.
Result<void> Unpack(os::Disk& disk, const std::vector<model::PackedFile>& packed,
                    const std::string& folder) {
  MW_TRY(os::RemoveTree(disk, folder));
  MW_TRY(os::MakeFoldersDurably(disk, folder));
  for (const model::PackedFile& file : packed) {
    const std::string path = folder + "/" + file.name;
    MW_TRY(disk.Create(path));
    MW_TRY(disk.WriteAt(path, 0, file.bytes));
    MW_TRY(disk.SyncFile(path));
  }
  return disk.SyncFolder(folder);
}

Result<void> CheckManifest(const std::vector<model::PackedFile>& packed,
                           const std::string& digest) {
  if (packed.empty() || packed.front().name != model::kManifestFile)
    return Fail(Errc::kInvalid, "slots: the pack has no manifest");
  if (crypto::Sha256Hex(packed.front().bytes) != digest)
    return Fail(Errc::kInvalid, "slots: the pack carries another manifest than was signed");
  return {};
}

}  // namespace

Result<void> Slots::Install() {
  if (state_.phase != Phase::kVerifying)
    return Fail(Errc::kConflict, "slots: nothing waits to be installed");
  const BundleRef& bundle = *state_.candidate;
  if (!CheckWhole(bundle)) {
    MW_TRY(const os::Bytes pack,
           disk_.Read(Staging::PackPath(StagingFolder()), static_cast<size_t>(bundle.pack_bytes)));
    if (crypto::Sha256Hex(std::span<const std::byte>(pack)) != bundle.pack_sha256)
      return Fail(Errc::kInvalid, "slots: the pack is not the one that was signed");
    MW_TRY(const auto packed, model::ReadPack(pack));
    MW_TRY(CheckManifest(packed, bundle.digest));
    const std::string fresh = BundlesFolder() + "/.new";
    MW_TRY(Unpack(disk_, packed, fresh));
    MW_TRY(os::RemoveTree(disk_, FolderOf(bundle)));  // a part that an earlier cut left
    MW_TRY(disk_.Rename(fresh, FolderOf(bundle)));
    MW_TRY(disk_.SyncFolder(BundlesFolder()));
    MW_TRY(CheckWhole(bundle));
  }
  return Apply(Event::kVerified);
}

Result<void> Slots::Prune() {
  std::set<std::string> kept;
  for (const auto* bundle : {&state_.committed, &state_.previous, &state_.candidate})
    if (*bundle) kept.insert((*bundle)->digest);
  MW_TRY(const std::vector<std::string> names, disk_.List(BundlesFolder()));
  for (const std::string& name : names)
    if (!kept.contains(name)) MW_TRY(os::RemoveTree(disk_, BundlesFolder() + "/" + name));
  const bool staging = state_.phase == Phase::kDownloading || state_.phase == Phase::kVerifying;
  return staging ? Result<void>{} : os::RemoveTree(disk_, StagingFolder());
}

}  // namespace millwright::slots
