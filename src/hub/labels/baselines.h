// The baselines that a machine was judged by, one after the other: each service begins a new one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "store/database.h"

namespace millwright::hub {

struct BaselineVersion {
  int64_t version = 0;                           // from 1
  std::optional<Nanos> from{}, to{};             // device clock; none: always, still
  std::optional<Nanos> learned{};                // none: still learning, or learned before the hub
  std::string file{};                            // of the newest that was learned in this time
  std::string service{}, kind{}, who{}, note{};  // that began it; empty for the first
};

struct MachineBaselines {
  std::vector<BaselineVersion> versions;  // oldest first, at least one
  std::vector<std::string> pending;       // services that the gateway has not heard of yet
};

/// kNotFound: there is no such machine.
[[nodiscard]] Result<MachineBaselines> LoadBaselines(store::Database& database,
                                                     std::string_view site, std::string_view asset);

/// An SQL expression: the version that judged at `at` (a column) on the machine of row `row`.
#define MW_BASELINE_VERSION(row, at)                                                    \
  "(SELECT 1 + COUNT(*) FROM services v WHERE v.site = " row ".site AND v.asset = " row \
  ".asset AND v.done_ns <= " at ")"

}  // namespace millwright::hub
