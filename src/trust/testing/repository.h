// A repository in memory for tests: makes sound metadata, and lets a test break exactly one thing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "trust/draft.h"
#include "trust/fetcher.h"

namespace millwright::trust::testing {

/// What a server has: files by path ("metadata/2.root.json", "targets/a/HASH.b"), and a record of
/// what was asked for. Thread-safe where a transport serves it from its own thread, as long as the
/// test changes nothing meanwhile.
struct Shelf {
  std::map<std::string, os::Bytes> files;
  std::vector<std::string> asked;

  [[nodiscard]] const os::Bytes* Get(const std::string& path);
};

/// Hands the shelf out without any transport.
class DirectFetcher : public Fetcher {
 public:
  explicit DirectFetcher(Shelf& shelf) : shelf_(shelf) {}
  [[nodiscard]] Result<os::Bytes> Metadata(const std::string& name, size_t limit) override;
  [[nodiscard]] Result<os::Bytes> Target(const std::string& path, size_t limit) override;

 private:
  [[nodiscard]] Result<os::Bytes> Get(const std::string& path, size_t limit);
  Shelf& shelf_;
};

/// Ed25519 keys made from their number: the same in every run, so a corpus stays signed.
[[nodiscard]] const crypto::PrivateKey& TestKey(int number);

/// Tests change `drafts` and `signers`, then Publish.
class Repository {
 public:
  static constexpr Seconds64 kNow = 1'800'000'000;  // what os::FakeClock begins with
  static constexpr Seconds64 kDay = 86'400;

  /// Version 1 of the four roles, one key each (0 root, 1 timestamp, 2 snapshot, 3 targets),
  /// expiring in 30 days, published.
  Repository();

  /// Signs the draft as it stands with the signers of its role and puts it on the shelf; for
  /// targets and snapshot, notes version and digest in the draft above.
  void PublishAsIs(const std::string& role);
  /// The next version of it.
  void Publish(const std::string& role);
  /// Next versions of targets (or `role`), snapshot and timestamp.
  void PublishTargets(const std::string& role = "targets");
  /// Replaces the role's keys in root (and the signers) by these.
  void SetKeys(const std::string& role, const std::vector<int>& keys, int64_t threshold = 1);
  void AddTarget(const std::string& path, std::string_view content,
                 const std::optional<Release>& release = {}, const std::string& role = "targets");
  void Delegate(const std::string& from, const std::string& to, int key,
                const std::vector<std::string>& paths = {"*"}, bool terminating = false);

  [[nodiscard]] Draft& draft(const std::string& role) { return drafts_.find(role)->second; }
  [[nodiscard]] os::Bytes& on_shelf(const std::string& path) { return shelf.files[path]; }

  Shelf shelf;
  std::map<std::string, std::vector<int>> signers;
  WithDigest with_digest = WithDigest::kNo;

 private:
  std::map<std::string, Draft> drafts_;
};

}  // namespace millwright::trust::testing
