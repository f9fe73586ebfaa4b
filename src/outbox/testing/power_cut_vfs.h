// A SQLite VFS whose machine can lose power: what was written and not synced is then lost, kept or
// torn, sector by sector, as a seed decides. For tests of every room that keeps a SQLite database.
//
//   PowerCutDisk disk("cut");                       // OutboxOptions{.vfs = "cut"}
//   disk.CutAfter(17);                              // the 18th write or sync does not happen
//   ... work until calls fail, close every connection ...
//   disk.Restore(seed);                             // the files are now what the next boot would
//   find
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace millwright::testing {

class PowerCutDisk {
 public:
  /// Registers a VFS of this name over the default one. Several disks may exist at once.
  explicit PowerCutDisk(std::string name);
  ~PowerCutDisk();
  PowerCutDisk(const PowerCutDisk&) = delete;
  PowerCutDisk& operator=(const PowerCutDisk&) = delete;

  [[nodiscard]] const std::string& name() const;
  /// Lets `operations` more writes, syncs and truncations happen; then the power is off and each of
  /// them fails.
  void CutAfter(int64_t operations);
  void CutNow() { CutAfter(0); }
  /// Writes that grow any file beyond what exists now fail as on a full disk, until called with
  /// false.
  void SetFull(bool full);

  [[nodiscard]] bool off() const;
  [[nodiscard]] int64_t operations() const;  // writes, syncs and truncations so far
  [[nodiscard]] int64_t reads() const;
  /// After a cut, with all connections closed: rewrites each file to what may be left of it, and
  /// power is back.
  void Restore(uint64_t seed);

 private:
  struct State;
  friend struct PowerCutCalls;
  std::unique_ptr<State> state_;
};

}  // namespace millwright::testing
