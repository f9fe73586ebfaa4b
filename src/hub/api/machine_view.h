// A machine as the board shows it. Never healthier than known: what is not current is "unknown".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "http/json_writer.h"
#include "hub/api/context.h"
#include "hub/ingest/machine_row.h"
#include "store/database.h"

namespace millwright::hub {

struct MachineView {
  std::string site, area, asset, name, device;
  double watch_from = 0;
  bool known = false;  // something was heard of its state
  bool device_online = false;
  Nanos device_seen = 0;  // hub clock
  MachineRow row;
  // Worked out by Judge:
  bool current = false;
  std::string_view shown = "unknown";
  std::string_view was;  // empty: nothing to tell
};

/// What is shown at `now` (hub clock): unknown where the gateway is offline or silent, or the data
/// are too old.
void Judge(MachineView& view, const Freshness& freshness, Nanos now);

/// All machines by site, area, asset, judged; or the one of `site` and `asset`.
[[nodiscard]] Result<std::vector<MachineView>> LoadMachines(store::Database& database,
                                                            const Freshness& freshness, Nanos now);
/// Those that one gateway watches.
[[nodiscard]] Result<std::vector<MachineView>> LoadMachinesOf(store::Database& database,
                                                              const Freshness& freshness, Nanos now,
                                                              std::string_view device);
[[nodiscard]] Result<std::optional<MachineView>> LoadMachine(store::Database& database,
                                                             const Freshness& freshness, Nanos now,
                                                             std::string_view site,
                                                             std::string_view asset);

/// The fields of MACHINE (docs/formats/api.md) into an open object.
void WriteMachineFields(http::JsonWriter& json, const MachineView& view);
/// The curve as an array, three decimals.
void WriteSpark(http::JsonWriter& json, const Spark& spark);

}  // namespace millwright::hub
