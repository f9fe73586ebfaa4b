// Text made safe for where it is put.
#pragma once

#include <string>
#include <string_view>

namespace millwright {

/// For HTML and XML, between tags and in attributes with double quotes: & < > ".
[[nodiscard]] std::string EscapeMarkup(std::string_view text);

/// Percent-encodes everything but RFC 3986's unreserved characters, letters, digits and "_.-~":
/// one segment of a URL's path, or a value of its query.
[[nodiscard]] std::string PercentEncode(std::string_view text);

}  // namespace millwright
