#include "trust/store.h"

#include "trust/names.h"

namespace millwright::trust {
namespace {

// As much as any limit lets in: a file that grew beyond it is not ours.
constexpr size_t kStoredBytesMax = size_t{64} << 20;

}  // namespace

std::string FolderStore::PathOf(const std::string& role) const {
  return folder_ + "/" + QuoteName(role) + ".json";
}

Result<os::Bytes> FolderStore::Load(const std::string& role) {
  return files_.Read(PathOf(role), kStoredBytesMax);
}

Result<void> FolderStore::Save(const std::string& role, std::span<const std::byte> bytes) {
  MW_TRY(files_.MakeFolders(folder_));
  return files_.WriteDurably(PathOf(role), bytes);
}

}  // namespace millwright::trust
