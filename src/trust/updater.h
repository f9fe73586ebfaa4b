// The client: brings trusted metadata up to date, finds targets, verifies what was fetched. TUF
// specification, section 5 (client workflow). One updater makes one update: expiry is judged at
// the time it was made.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "core/result.h"
#include "os/clock.h"
#include "trust/fetcher.h"
#include "trust/metadata.h"
#include "trust/release.h"
#include "trust/store.h"
#include "trust/trusted_set.h"

namespace millwright::trust {

/// No document is read further than this, so that a repository that never ends fills nothing.
struct UpdateLimits {
  size_t root_bytes = 512'000;
  size_t timestamp_bytes = 16'384;
  size_t snapshot_bytes = 2'000'000;
  size_t targets_bytes = 5'000'000;
  size_t target_bytes = size_t{64} << 20;
  int root_versions = 256;  // taken in one update; the next goes on from there
  size_t roles_visited = 32;
};

class Updater {
 public:
  /// Borrows all three; they outlive the updater. kNotFound where the store has no root yet (Trust
  /// puts the first one there), kInvalid where that root is damaged. Asks the fetcher nothing.
  [[nodiscard]] static Result<Updater> Open(Fetcher& fetcher, MetadataStore& store,
                                            const os::Clock& clock,
                                            const UpdateLimits& limits = {});

  /// Puts the first root into the store: the one that came with the device. kInvalid where it is
  /// not signed by itself; kConflict where another root is there already.
  [[nodiscard]] static Result<void> Trust(MetadataStore& store, std::span<const std::byte> root);

  /// root, timestamp, snapshot, targets, each stored once it is verified. Errors as TrustedSet's
  /// and the fetcher's; what was stored before an error stays.
  [[nodiscard]] Result<void> Refresh();

  /// Searches the targets and their delegations in order of trust; refreshes first if need be.
  /// kNotFound where no role that may speak of `path` knows it.
  [[nodiscard]] Result<TargetFile> Find(const std::string& path);

  /// Fetches a target that Find gave, no further than its length, and checks it.
  [[nodiscard]] Result<os::Bytes> Download(const TargetFile& target);

  /// Whether `bytes`, however they came here, may be installed as a new version: they are what
  /// `target` names, and not below the floor of their line. Refresh went before.
  [[nodiscard]] Result<Installable> Verify(const TargetFile& target,
                                           std::span<const std::byte> bytes, Floors& floors);

  [[nodiscard]] const TrustedSet& trusted() const { return set_; }

 private:
  Updater(Fetcher& fetcher, MetadataStore& store, TrustedSet set, const UpdateLimits& limits)
      : fetcher_(fetcher), store_(store), set_(std::move(set)), limits_(limits) {}
  [[nodiscard]] Result<void> RefreshRoot();
  [[nodiscard]] Result<void> RefreshTimestamp();
  [[nodiscard]] Result<void> RefreshSnapshot();
  [[nodiscard]] Result<const Targets*> LoadTargets(const std::string& role,
                                                   const Targets* delegator);
  [[nodiscard]] Result<os::Bytes> FetchVersion(const std::string& role, const MetaFile& meta,
                                               size_t limit_bytes);

  Fetcher& fetcher_;
  MetadataStore& store_;
  TrustedSet set_;
  UpdateLimits limits_;
};

/// The path to ask a repository for: with consistent snapshots the digest goes before the name.
[[nodiscard]] std::string RemotePath(const TargetFile& target, bool consistent_snapshot);

}  // namespace millwright::trust
