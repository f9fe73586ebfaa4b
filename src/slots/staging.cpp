#include "slots/staging.h"

#include <algorithm>

namespace millwright::slots {
namespace {

constexpr std::byte kMissing{'.'};
constexpr std::byte kThere{'x'};
constexpr size_t kMarksBytesMax = size_t{1} << 20;

// The first line of the marks: which pack they speak of, in which blocks. One letter a block
// follows.
std::string Header(const BundleRef& bundle, uint32_t block_bytes) {
  return bundle.pack_sha256 + " " + std::to_string(bundle.pack_bytes) + " " +
         std::to_string(block_bytes) + "\n";
}

std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace

Staging::Staging(os::Disk& disk, std::string folder, uint64_t bytes, uint32_t block_bytes)
    : disk_(&disk),
      folder_(std::move(folder)),
      bytes_(bytes),
      block_bytes_(block_bytes),
      have_(static_cast<size_t>((bytes + block_bytes - 1) / block_bytes)) {}

Result<Staging> Staging::Open(os::Disk& disk, const std::string& folder, const BundleRef& bundle,
                              uint32_t block_bytes) {
  if (block_bytes < kBlockBytesMin || block_bytes > kBlockBytesMax)
    return Fail(Errc::kInvalid, "slots: blocks of " + std::to_string(block_bytes) +
                                    " bytes; they have " + std::to_string(kBlockBytesMin) + " to " +
                                    std::to_string(kBlockBytesMax));
  Staging staging(disk, folder, bundle.pack_bytes, block_bytes);
  const std::string header = Header(bundle, block_bytes);
  staging.header_bytes_ = header.size();
  if (const auto resumed = staging.Resume(header); !resumed) {
    if (resumed.error().code == Errc::kIo) return tl::unexpected(resumed.error());
    MW_TRY(staging.Begin(header));
  }
  return staging;
}

Result<void> Staging::Resume(const std::string& header) {
  MW_TRY(const os::Bytes marks, disk_->Read(MarksPath(), kMarksBytesMax));
  const auto expected = BytesOf(header);
  if (marks.size() != header.size() + have_.size() ||
      !std::equal(expected.begin(), expected.end(), marks.begin()) ||
      !disk_->Exists(PackPath(folder_)))
    return Fail(Errc::kConflict, "slots: another pack is staged");
  for (size_t i = 0; i < have_.size(); ++i) {
    have_[i] = marks[header.size() + i] == kThere;
    if (have_[i]) ++received_;
  }
  return {};
}

Result<void> Staging::Begin(const std::string& header) {
  MW_TRY(os::RemoveTree(*disk_, folder_));
  MW_TRY(os::MakeFoldersDurably(*disk_, folder_));
  MW_TRY(disk_->Create(PackPath(folder_)));
  os::Bytes marks(BytesOf(header).begin(), BytesOf(header).end());
  marks.resize(marks.size() + have_.size(), kMissing);
  // Last, and it syncs the folder with both names: marks without a pack never outlive a cut.
  return os::ReplaceDurably(*disk_, MarksPath(), marks);
}

uint64_t Staging::LengthOf(uint32_t block) const {
  return std::min<uint64_t>(block_bytes_, bytes_ - uint64_t{block} * block_bytes_);
}

std::vector<uint32_t> Staging::Missing(size_t count) const {
  std::vector<uint32_t> missing;
  for (uint32_t i = 0; i < blocks() && missing.size() < count; ++i)
    if (!have_[i]) missing.push_back(i);
  return missing;
}

Result<void> Staging::Put(uint32_t block, std::span<const std::byte> bytes) {
  if (block >= blocks() || bytes.size() != LengthOf(block))
    return Fail(Errc::kInvalid, "slots: a block " + std::to_string(block) + " of " +
                                    std::to_string(bytes.size()) + " bytes does not belong here");
  if (have_[block]) return {};
  MW_TRY(disk_->WriteAt(PackPath(folder_), uint64_t{block} * block_bytes_, bytes));
  MW_TRY(disk_->SyncFile(PackPath(folder_)));
  // The mark only when the block is safe: a cut between the two costs one block again.
  MW_TRY(disk_->WriteAt(MarksPath(), header_bytes_ + block, std::span(&kThere, 1)));
  MW_TRY(disk_->SyncFile(MarksPath()));
  have_[block] = true;
  ++received_;
  return {};
}

}  // namespace millwright::slots
