// What happened to a machine, newest first: alarms, changes of state, gaps.
#pragma once

#include <string_view>

#include "core/result.h"
#include "http/json_writer.h"
#include "hub/api/machine_view.h"
#include "store/database.h"

namespace millwright::hub {

inline constexpr int kHistoryMax = 50;

/// The array HISTORY of docs/formats/api.md.
[[nodiscard]] Result<void> WriteHistory(http::JsonWriter& json, store::Database& database,
                                        const MachineView& machine);

}  // namespace millwright::hub
