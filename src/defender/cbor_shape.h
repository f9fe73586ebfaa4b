// A look over CBOR before a recursive decoder gets it. RFC 8949.
#pragma once

#include <cstddef>
#include <span>

#include "core/result.h"

namespace millwright::defender {

/// kInvalid where it is cut short, nests deeper than `depth_max`, claims more elements than it has
/// bytes, has tags or bytes after its end. Keeps `depth_max` counters, allocates nothing.
inline constexpr size_t kDepthMax = 16;
[[nodiscard]] Result<void> CheckCborShape(std::span<const std::byte> bytes);

}  // namespace millwright::defender
