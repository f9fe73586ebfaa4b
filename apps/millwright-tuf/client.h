// The three commands of the program, each one update.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "os/clock.h"
#include "os/files.h"

namespace millwright::tuf {

struct ClientOptions {
  std::string metadata_dir;
  std::string metadata_url;
  std::string target_base_url;
  std::string target_dir;
  std::vector<std::string> target_names;
  std::string trusted_root;
};

/// Takes the file as the root to trust from now on. Asks no server.
[[nodiscard]] Result<void> Init(os::Files& files, const ClientOptions& options);

[[nodiscard]] Result<void> Refresh(os::Files& files, const os::Clock& clock,
                                   const ClientOptions& options);

/// Refreshes, then fetches the targets in order into the folder of targets and stops at the first
/// that fails. A file that is there and is the right one is not fetched again.
[[nodiscard]] Result<void> Download(os::Files& files, const os::Clock& clock,
                                    const ClientOptions& options);

/// The file name of a target: its path, quoted, so that no path leaves the folder.
[[nodiscard]] std::string LocalName(const std::string& path);

}  // namespace millwright::tuf
