// Names of roles and targets: as file names, as URLs, and against the patterns of a delegation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace millwright::trust {

/// Percent-encodes everything but letters, digits and "_.-~": a role named "../a" or "?" stays one
/// harmless path segment in a URL and one harmless file name.
[[nodiscard]] std::string QuoteName(std::string_view name);

/// The other way round; what is no escape stands for itself.
[[nodiscard]] std::string UnquoteName(std::string_view quoted);

/// "12.site%2Fa.json" -> 12 and "site%2Fa" (quoted); nothing where a file is no version of a
/// document, as the timestamp is not.
[[nodiscard]] std::optional<std::pair<int64_t, std::string>> SplitVersion(const std::string& file);

/// A target path is a path-relative URL already; encodes only what a URL cannot hold (blanks,
/// controls, non-ASCII, '?', '#', a '%' that begins no escape).
[[nodiscard]] std::string QuotePath(std::string_view path);

/// Shell patterns, segment by segment: "*" and "?" and "[abc]" never match a '/'.
[[nodiscard]] bool MatchesPattern(std::string_view path, std::string_view pattern);

}  // namespace millwright::trust
