// What Millwright adds to TUF: releases and floors. A target belongs to a line ("models/pump") and
// has a number in it; the signed targets may name a floor for a line. Below the floor nothing new
// is installed; what runs already goes on running and may still be gone back to.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "core/result.h"
#include "os/files.h"
#include "trust/metadata.h"

namespace millwright::trust {

/// A target that was verified in full. Nothing else should make one.
struct Installable {
  std::string path;
  std::string sha256;
  uint64_t length = 0;
  std::string line;
  int64_t release = 0;
  int64_t floor = 0;  // to be raised to once this release is committed
};

/// Whether `bytes` are what was once verified and committed. Asks no metadata, clock or floor: a
/// gateway that wakes up in 1970, or after 400 days without the hub, goes on with what it has.
[[nodiscard]] bool IsCommitted(const Installable& committed, std::span<const std::byte> bytes);

/// Floors that this device has committed to, in one small file. They only ever rise: metadata that
/// forgets a floor, or a repository that starts anew, does not lower them.
class Floors {
 public:
  /// Borrows `files`. Nothing is read yet.
  Floors(os::Files& files, std::string path) : files_(files), path_(std::move(path)) {}
  /// 0 where none was committed. kInvalid where the file is damaged: then nothing new is installed
  /// until a person has looked.
  [[nodiscard]] Result<int64_t> Of(const std::string& line) const;
  /// Durable when it returns. A lower floor than the one held changes nothing.
  [[nodiscard]] Result<void> Raise(const std::string& line, int64_t floor);

 private:
  [[nodiscard]] Result<std::map<std::string, int64_t>> Load() const;
  os::Files& files_;
  std::string path_;
};

/// kInvalid: not the bytes that were signed for, or no release. kConflict: below the floor, be it
/// committed here or named by the top-level targets.
[[nodiscard]] Result<Installable> CheckInstallable(const TargetFile& target,
                                                   std::span<const std::byte> bytes,
                                                   const Targets& top_level, const Floors& floors);

}  // namespace millwright::trust
