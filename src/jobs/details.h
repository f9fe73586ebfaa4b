// What the Jobs contract takes as details of a status: at most 10 pairs, keys of letters, digits,
// ':', '_' and '-', values that are neither empty nor long nor hold control characters.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.h"
#include "jobs/execution.h"

namespace millwright::jobs {

inline constexpr size_t kDetailsMax = 10;
inline constexpr size_t kDetailKeyMax = 128;
inline constexpr size_t kDetailValueMax = 1024;
inline constexpr size_t kClientTokenMax = 64;

/// kInvalid names the key and what is wrong with it.
[[nodiscard]] Result<void> CheckDetails(const Details& details);

/// What is left of `details` that the contract takes: control characters become blanks, long values
/// are cut between characters, empty ones and keys that cannot be said are left out.
[[nodiscard]] Details FitDetails(Details details);

/// Letters, digits, '_' and '-'; 1 to 64 of them.
[[nodiscard]] bool IsClientToken(std::string_view token);

}  // namespace millwright::jobs
