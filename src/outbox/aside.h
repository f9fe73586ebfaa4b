// Puts a damaged database out of the way without ever losing track of the fact. Internal to this
// room.
#pragma once

#include <string>

#include "core/result.h"
#include "core/time.h"

namespace millwright::outbox {

/// While the file "<path>.replacing" exists, whatever stands at `path` is not in use: the
/// replacement of a damaged database was begun and not finished. Begin and End are durable when
/// they return.
[[nodiscard]] bool ReplacementPending(const std::string& path);
[[nodiscard]] Result<void> BeginReplacement(const std::string& path);
[[nodiscard]] Result<void> EndReplacement(const std::string& path);

/// Renames `path` and its -wal to "<path>.damaged-<utc>", which it returns; nothing is deleted but
/// the -shm, an index of the -wal. No error where nothing is there.
[[nodiscard]] Result<std::string> MoveAside(const std::string& path, Nanos now);

}  // namespace millwright::outbox
