// A line in the audit table: who did what to which.
#pragma once

#include <string_view>

#include "core/result.h"
#include "core/time.h"
#include "store/database.h"

namespace millwright::hub {

struct AuditLine {
  std::string_view who{}, what{}, subject{}, detail{};  // detail is cut to kRolloutReasonMax
};
/// In the caller's transaction where there is one.
[[nodiscard]] Result<void> WriteAudit(store::Database& database, Nanos at, const AuditLine& line);

}  // namespace millwright::hub
