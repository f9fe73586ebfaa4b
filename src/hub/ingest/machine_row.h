// The row of machine_state: what is known of a machine now. Never older over newer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "hub/ingest/spark.h"
#include "store/database.h"
#include "wire/event.pb.h"

namespace millwright::hub {

struct MachineRow {
  std::string device;
  int64_t state = wire::STATE_UNKNOWN;
  int64_t level = wire::LEVEL_NONE;
  std::string fault;
  double score = 0;
  std::optional<double> value;
  std::string value_name, value_unit;
  Nanos ts = -1;                          // newest moment seen, device clock; -1: nothing yet
  Nanos as_of = 0;                        // the same on the hub's clock
  Nanos since = 0;                        // since when state and level are what they are
  std::optional<double> learning_left_s;  // while it learns, where the agent tells
  Spark spark;

  /// Takes a newer moment. `since` moves only where state or level changed.
  void Become(int64_t new_state, int64_t new_level, Nanos at, Nanos changed_at, Nanos new_as_of);
};

/// The row, or a fresh one where the machine is new.
[[nodiscard]] Result<MachineRow> LoadMachine(store::Database& database, const std::string& site,
                                             const std::string& asset);
[[nodiscard]] Result<void> SaveMachine(store::Database& database, const std::string& site,
                                       const std::string& asset, const MachineRow& row);

/// Steps of a batch into the row: the curve takes all of them, the state only the newest, if newer
/// than the row's. `fault` is the code of the newest step's class.
void ApplyFeatures(MachineRow& row, const wire::FeatureBatch& batch, const std::string& fault,
                   Nanos as_of);

/// Index of the newest step; -1 for a batch without steps.
[[nodiscard]] int NewestStep(const wire::FeatureBatch& batch);

/// The signal a tile shows: the first velocity RMS (ISO 20816's measure), else the first signal;
/// -1: none.
[[nodiscard]] int TileSignal(const wire::FeatureBatch& batch);

}  // namespace millwright::hub
