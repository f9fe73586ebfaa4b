// Names of roles and targets: as file names, as URLs, and against the patterns of a delegation.
#pragma once

#include <string>
#include <string_view>

namespace millwright::trust {

/// Percent-encodes everything but letters, digits and "_.-~": a role named "../a" or "?" stays one
/// harmless path segment in a URL and one harmless file name.
[[nodiscard]] std::string QuoteName(std::string_view name);

/// The other way round; what is no escape stands for itself.
[[nodiscard]] std::string UnquoteName(std::string_view quoted);

/// A target path is a path-relative URL already; encodes only what a URL cannot hold (blanks,
/// controls, non-ASCII, '?', '#', a '%' that begins no escape).
[[nodiscard]] std::string QuotePath(std::string_view path);

/// Shell patterns, segment by segment: "*" and "?" and "[abc]" never match a '/'.
[[nodiscard]] bool MatchesPattern(std::string_view path, std::string_view pattern);

}  // namespace millwright::trust
