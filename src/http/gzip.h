// gzip (RFC 1952) of whole bodies.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace millwright::http {

[[nodiscard]] Result<std::string> Gzip(std::string_view plain);
/// kExhausted where the result would pass `limit_bytes`.
[[nodiscard]] Result<std::string> Gunzip(std::string_view packed,
                                         size_t limit_bytes = size_t{32} << 20);

}  // namespace millwright::http
