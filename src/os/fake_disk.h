// A disk in memory that remembers which of its changes were synced, so that a test can look at
// every state a power cut may leave behind: any of the changes since the last sync, in any
// combination, the last write torn at a sector.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "os/disk.h"

namespace millwright::os {

/// Not thread-safe.
class FakeDisk : public Disk {
 public:
  [[nodiscard]] Result<Bytes> Read(const std::string& path, size_t limit_bytes) override;
  [[nodiscard]] Result<void> Create(const std::string& path) override;
  [[nodiscard]] Result<void> WriteAt(const std::string& path, uint64_t offset,
                                     std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<void> SyncFile(const std::string& path) override;
  [[nodiscard]] Result<void> SyncFolder(const std::string& folder) override;
  [[nodiscard]] Result<void> Rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] Result<void> Remove(const std::string& path) override;
  [[nodiscard]] Result<bool> MakeFolder(const std::string& path) override;
  [[nodiscard]] Result<std::vector<std::string>> List(const std::string& folder) override;
  [[nodiscard]] bool Exists(const std::string& path) override;

  /// Changes made so far: the points between which a cut may fall.
  [[nodiscard]] size_t changes() const { return log_.size(); }
  /// Forgets the history: what is there now is on the disk for good.
  void Settle();
  /// The change number `change` (counted as changes() does) and, if `lasting`, all later ones fail
  /// with `code`.
  void FailAt(size_t change, Errc code, bool lasting);

  struct EnumerateOptions {
    size_t subsets_max = 64;  // of unsynced changes, for each cut; beyond that a seeded choice
    uint64_t seed = 1;
  };
  /// Calls `look` with a disk for every distinct state that a cut after any of the changes from
  /// `from_change` on may leave, as far as `seen` (hashes of states already looked at) does not
  /// have it. Returns how many that were. `look` gets the number of changes before the cut.
  size_t EnumerateCuts(size_t from_change, const EnumerateOptions& options,
                       std::unordered_set<uint64_t>& seen,
                       const std::function<void(FakeDisk& disk, size_t changes)>& look) const;

 private:
  using Inode = uint32_t;
  static constexpr Inode kFolder = 0;
  struct Tree {
    std::map<std::string, Inode> names;  // full paths
    std::map<Inode, Bytes> contents;
  };
  struct Change {
    enum class Kind : uint8_t { kTruncate, kWrite, kName, kDrop, kMove, kSyncFile, kSyncFolder };
    Kind kind;
    Inode inode = kFolder;
    uint64_t offset = 0;
    Bytes bytes{};
    std::string path{}, to{};
  };
  struct Pending {
    size_t change = 0;
    bool is_data = false;
  };

  [[nodiscard]] Result<void> Do(Change change);
  [[nodiscard]] Result<Inode> FileAt(const std::string& path) const;
  static void Apply(Tree& tree, const Change& change, size_t torn_at);
  static void Move(Tree& tree, const std::string& from, const std::string& to, Inode inode);
  [[nodiscard]] bool IsDurable(size_t change, size_t cut) const;
  [[nodiscard]] std::vector<size_t> PendingAt(size_t cut) const;
  [[nodiscard]] Tree StateAt(size_t cut, const std::vector<size_t>& lost, size_t torn,
                             size_t torn_at) const;
  static void DropUnreachable(Tree& tree);
  [[nodiscard]] static uint64_t Hash(const Tree& tree);

  Tree base_, live_;
  Inode next_inode_ = 1;
  std::vector<Change> log_;
  size_t fail_at_ = ~size_t{0};
  Errc fail_code_ = Errc::kIo;
  bool fail_lasting_ = false;
};

}  // namespace millwright::os
