// Where verified metadata rests between updates. Losing it costs a download, and the memory of
// which versions were seen; so a device keeps it durably.
#pragma once

#include <string>

#include "core/result.h"
#include "os/files.h"

namespace millwright::trust {

class MetadataStore {
 public:
  virtual ~MetadataStore() = default;
  /// The document of a role ("root", "targets", a delegated role); kNotFound where there is none.
  [[nodiscard]] virtual Result<os::Bytes> Load(const std::string& role) = 0;
  /// Replaces it, durably: after a power cut either the old or the new one is there, whole.
  [[nodiscard]] virtual Result<void> Save(const std::string& role,
                                          std::span<const std::byte> bytes) = 0;
};

/// One file for each role, "<role>.json" with the role's name quoted (QuoteName).
class FolderStore : public MetadataStore {
 public:
  FolderStore(os::Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}
  [[nodiscard]] Result<os::Bytes> Load(const std::string& role) override;
  [[nodiscard]] Result<void> Save(const std::string& role,
                                  std::span<const std::byte> bytes) override;

 private:
  [[nodiscard]] std::string PathOf(const std::string& role) const;
  os::Files& files_;
  std::string folder_;
};

}  // namespace millwright::trust
