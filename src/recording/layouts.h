// The layouts that OpenDataset knows. Internal to this room.
#pragma once

#include <string>
#include <vector>

#include "recording/recording.h"

namespace millwright::recording {

inline constexpr std::string_view kTomlName = "recording.toml";

/// Reads `folder`/recording.toml; the faults of all its keys at once. Sets everything but id and
/// group.
[[nodiscard]] Result<RecordingInfo> ReadTomlLayout(const std::string& folder);

/// True for a .csv or .csv.gz file whose header begins with a `datetime` column.
[[nodiscard]] bool IsDatetimeCsv(const std::string& path);

/// Reads the header and all rows' time and label columns of such a file; id (below the data set's
/// root) names the asset.
[[nodiscard]] Result<RecordingInfo> ReadDatetimeCsv(const std::string& path, const std::string& id);

/// Parses a cell: a number; NaN where the cell says that there is none (empty, nan, na, null, -).
/// False for anything else.
[[nodiscard]] bool ParseCell(std::string_view cell, double& value);

/// Finds the time separator and format helpers' result for one cell.
[[nodiscard]] Result<Nanos> ParseTime(std::string_view cell, TimeFormat format, Nanos start_ns);

/// The file itself, or the file with ".gz" appended where only that exists; empty where neither
/// does.
[[nodiscard]] std::string FindPlainOrGz(const std::string& path);

}  // namespace millwright::recording
