// Where metadata and targets come from: HTTP, MQTT file streams, a folder on a stick. Nothing that
// a fetcher brings is believed; it only has to keep the length limit.
#pragma once

#include <cstddef>
#include <string>

#include "core/result.h"
#include "os/files.h"

namespace millwright::trust {

class Fetcher {
 public:
  virtual ~Fetcher() = default;
  /// `name` is a file name without folders: "2.root.json", "timestamp.json", "7.%2Fa.json".
  /// kNotFound: the repository says that there is none. kExhausted: longer than `limit_bytes`; a
  /// fetcher reads no further than that, whatever length the other side announces. kUnavailable:
  /// no answer.
  [[nodiscard]] virtual Result<os::Bytes> Metadata(const std::string& name, size_t limit_bytes) = 0;
  /// `path` is a target's path, its file name with the digest prefix where the repository has
  /// consistent snapshots.
  [[nodiscard]] virtual Result<os::Bytes> Target(const std::string& path, size_t limit_bytes) = 0;
};

/// A repository in a folder: `metadata` and `targets` below `root`. For sticks and for checking
/// what was just written. Target paths that leave the folder are kNotFound.
class FolderFetcher : public Fetcher {
 public:
  FolderFetcher(os::Files& files, std::string root) : files_(files), root_(std::move(root)) {}
  [[nodiscard]] Result<os::Bytes> Metadata(const std::string& name, size_t limit_bytes) override;
  [[nodiscard]] Result<os::Bytes> Target(const std::string& path, size_t limit_bytes) override;

 private:
  os::Files& files_;
  std::string root_;
};

}  // namespace millwright::trust
