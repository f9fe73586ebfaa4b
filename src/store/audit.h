// A line in the audit table: who did what to which.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "store/database.h"

namespace millwright::store {

inline constexpr size_t kAuditDetailMax = 400;

struct AuditLine {
  std::string_view who{}, what{}, subject{}, detail{};  // detail is cut to kAuditDetailMax
};
/// In the caller's transaction where there is one.
[[nodiscard]] Result<void> WriteAudit(Database& database, Nanos at, const AuditLine& line);

}  // namespace millwright::store
