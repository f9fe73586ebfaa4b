// What an archive says of itself: a head that comes first, so that a newer format is refused before
// anything is read, and a manifest that comes last, with the hash of every entry before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"

namespace millwright::hub {

inline constexpr int kBackupFormat = 1;
inline constexpr std::string_view kHeadName = "millwright-backup.json";
inline constexpr std::string_view kManifestName = "manifest.json";
inline constexpr size_t kBackupFilesMax = 200'000;

struct BackupHead {
  int format = kBackupFormat;
  std::string hub_version;
  Nanos made = 0;  // UTC
};

struct BackedUpFile {
  std::string path;  // in the archive
  uint64_t bytes = 0;
  std::string sha256;  // hex
};

/// Where a path of hub.toml lies in the archive, and so in a restored folder.
struct Place {
  std::string key;   // "identity.folder"
  std::string from;  // the path on the machine that was backed up
  std::string to;    // relative, in the archive
};

struct Manifest {
  BackupHead head;
  int schema = 0;  // last migration of the database
  std::vector<BackedUpFile> files;
  std::map<std::string, uint32_t> folders;  // path -> permissions
  std::vector<Place> places;
};

[[nodiscard]] std::string EncodeHead(const BackupHead& head);
/// kInvalid; kUnsupported for a newer format.
[[nodiscard]] Result<BackupHead> DecodeHead(std::string_view text);
[[nodiscard]] std::string EncodeManifest(const Manifest& manifest);
/// Paths are plain (CheckEntryPath), hashes are hashes, no path comes twice. kInvalid names what is
/// wrong.
[[nodiscard]] Result<Manifest> DecodeManifest(std::string_view text);

}  // namespace millwright::hub
