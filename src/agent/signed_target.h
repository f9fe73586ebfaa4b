// What the signed metadata say about the pack of a job: the only word that counts.
#pragma once

#include <cstdint>
#include <string>

#include "agent/metadata_fetch.h"
#include "os/clock.h"
#include "os/files.h"
#include "trust/fetcher.h"
#include "trust/release.h"
#include "trust/store.h"

namespace millwright::agent {

/// What a stream brought, as the TUF client asks for it.
class StreamedMetadata : public trust::Fetcher {
 public:
  /// Borrows the files.
  explicit StreamedMetadata(const MetadataFiles& files) : files_(files) {}
  [[nodiscard]] Result<os::Bytes> Metadata(const std::string& name, size_t limit_bytes) override;
  /// Packs come block by block, by way of the slots: none is among the metadata (kNotFound).
  [[nodiscard]] Result<os::Bytes> Target(const std::string& path, size_t limit_bytes) override;

 private:
  const MetadataFiles& files_;
};

struct SignedTarget {
  std::string sha256;
  uint64_t bytes = 0;
  std::string line;
  uint64_t release = 0;
  int64_t floor = 0;  // of the line, to be raised to once this release is committed
};

/// The gateway's trust: metadata that it has seen, floors that it has committed to. Not
/// thread-safe.
class Notary {
 public:
  /// Borrows both. State lies in `folder`.
  Notary(os::Files& files, os::Clock& clock, std::string folder);

  /// Trusts this root where none is trusted yet. A gateway that has seen a newer one keeps it.
  [[nodiscard]] Result<void> Trust(std::span<const std::byte> root);
  /// Runs the TUF client over the files and finds the target. Errors as trust::Updater's; kConflict
  /// also for a release below the floor, kInvalid for a target that is no release.
  [[nodiscard]] Result<SignedTarget> Check(const MetadataFiles& metadata,
                                           const std::string& target);
  /// A release was committed: nothing below its line's floor is installed any more.
  [[nodiscard]] Result<void> Committed(const std::string& line, int64_t floor);

 private:
  os::Files& files_;
  os::Clock& clock_;
  const std::string folder_;
  trust::FolderStore store_;
  trust::Floors floors_;
};

}  // namespace millwright::agent
