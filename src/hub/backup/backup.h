// The whole hub in one file, while it runs; and back again into an empty folder.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "hub/backup/manifest.h"

namespace millwright::hub {

struct BackUpRequest {
  std::string archive;       // is made; must not be there
  std::string config;        // hub.toml; empty: a hub without one
  std::string database;      // overrides store.path; may be empty where `config` is given
  std::string folder = ".";  // where the hub runs: relative paths count from it
  std::string version;       // of this program
  Nanos now = 0;             // UTC
};

struct BackUpFigures {
  uint64_t files = 0, bytes = 0;  // in the archive
  uint64_t archive_bytes = 0;
  int schema = 0;
  Nanos made = 0;
};

/// The database as of one instant (store::Database::BackUpTo), then the files: packs and signed
/// documents never change once written, so what the database names is there. A pack whose bytes are
/// not those of its name stops the backup. Needs room for a copy of the database beside the
/// archive, for as long as it runs. kNotFound names what is missing; kConflict where `archive`
/// exists.
[[nodiscard]] Result<BackUpFigures> BackUp(const BackUpRequest& request);

struct RestoreRequest {
  std::string archive;
  std::string folder;  // is made, or is empty
  Nanos now = 0;       // UTC
};

struct RestoreFigures {
  Manifest manifest;
  uint64_t bytes = 0;
  int64_t tokens_voided = 0;   // one-time tokens that were not used when the backup was made
  int64_t sessions_ended = 0;  // of browsers
};

/// Everything is written beside `folder`, synced, compared with the manifest's hashes and opened
/// before it takes the folder's place; on any fault the folder stays as it was. One-time tokens
/// that were not used yet and browsers' sessions do not come back: they may have been used up or
/// closed since. kConflict: the folder is not empty; kUnsupported: a newer format or schema;
/// kInvalid: a damaged or truncated archive, an entry that leads elsewhere, or one that the
/// manifest lacks.
[[nodiscard]] Result<RestoreFigures> Restore(const RestoreRequest& request);

}  // namespace millwright::hub
