#include "hub/ingest/machine_row.h"

#include <cmath>
#include <string_view>

#include "os/files.h"

namespace millwright::hub {
namespace {

constexpr std::string_view kTileSignalEnding = ".velocity_rms";

// The begin of the run of steps, back from `newest`, that share its state and level.
Nanos RunBegin(const wire::FeatureBatch& batch, int newest) {
  int begin = newest;
  while (begin > 0 && batch.state(begin - 1) == batch.state(newest) &&
         batch.level(begin - 1) == batch.level(newest))
    --begin;
  return batch.ts_ns(begin);
}

void ShowSignal(MachineRow& row, const wire::FeatureBatch& batch, int step) {
  const int signal = TileSignal(batch);
  if (signal < 0) return;
  row.value_name = batch.signal_names(signal);
  row.value_unit = batch.signal_units_size() > signal ? batch.signal_units(signal) : "";
  const float value = batch.signals(step * batch.signal_names_size() + signal);
  row.value = std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}

}  // namespace

void MachineRow::Become(int64_t new_state, int64_t new_level, Nanos at, Nanos changed_at,
                        Nanos new_as_of) {
  if (ts < 0 || state != new_state || level != new_level) since = changed_at;
  if (new_state != wire::STATE_LEARNING) learning_left_s.reset();
  state = new_state;
  level = new_level;
  ts = at;
  as_of = new_as_of;
}

int NewestStep(const wire::FeatureBatch& batch) {
  int newest = -1;
  for (int i = 0; i < batch.ts_ns_size(); ++i)
    if (newest < 0 || batch.ts_ns(i) >= batch.ts_ns(newest)) newest = i;
  return newest;
}

int TileSignal(const wire::FeatureBatch& batch) {
  for (int i = 0; i < batch.signal_names_size(); ++i)
    if (std::string_view(batch.signal_names(i)).ends_with(kTileSignalEnding)) return i;
  return batch.signal_names_size() > 0 ? 0 : -1;
}

void ApplyFeatures(MachineRow& row, const wire::FeatureBatch& batch, const std::string& fault,
                   Nanos as_of) {
  for (int i = 0; i < batch.ts_ns_size(); ++i) row.spark.Add(batch.ts_ns(i), batch.score(i));
  const int newest = NewestStep(batch);
  if (newest < 0 || batch.ts_ns(newest) < row.ts) return;
  const auto level = static_cast<int64_t>(batch.level(newest));
  row.Become(batch.state(newest), level, batch.ts_ns(newest), RunBegin(batch, newest), as_of);
  row.fault = level > 0 ? fault : "";
  const float score = batch.score(newest);
  if (std::isfinite(score)) row.score = static_cast<double>(score);
  const float left = batch.learning_left_s();
  if (row.state == wire::STATE_LEARNING && std::isfinite(left) && left > 0)
    row.learning_left_s = static_cast<double>(left);
  ShowSignal(row, batch, newest);
}

Result<MachineRow> LoadMachine(store::Database& database, const std::string& site,
                               const std::string& asset) {
  MachineRow row;
  MW_TRY(
      database.First("SELECT device, state, level, fault, score, value, value_name, value_unit, "
                     "ts_ns, as_of_ns, since_ns, spark, learning_left_s "
                     "FROM machine_state WHERE site = $1 AND asset = $2",
                     {site, asset}, [&](const store::Row& from) {
                       row.device = from.Text(0);
                       row.state = from.Int(1);
                       row.level = from.Int(2);
                       row.fault = from.Text(3);
                       row.score = from.Real(4);
                       if (!from.IsNull(5)) row.value = from.Real(5);
                       row.value_name = from.Text(6);
                       row.value_unit = from.Text(7);
                       row.ts = from.Int(8);
                       row.as_of = from.Int(9);
                       row.since = from.Int(10);
                       row.spark = Spark::Unpack(from.Bytes(11));
                       if (!from.IsNull(12)) row.learning_left_s = from.Real(12);
                     }));
  return row;
}

Result<void> SaveMachine(store::Database& database, const std::string& site,
                         const std::string& asset, const MachineRow& row) {
  const std::string spark = row.spark.Pack();
  return database
      .Run(
          "INSERT INTO machine_state (site, asset, device, state, level, fault, score, value, "
          "value_name, value_unit, "
          "ts_ns, as_of_ns, since_ns, spark, learning_left_s) VALUES ($1, $2, $3, $4, $5, $6, $7, "
          "$8, $9, $10, $11, "
          "$12, $13, $14, $15) "
          "ON CONFLICT (site, asset) DO UPDATE SET device = excluded.device, state = "
          "excluded.state, "
          "level = excluded.level, fault = excluded.fault, score = excluded.score, value = "
          "excluded.value, "
          "value_name = excluded.value_name, value_unit = excluded.value_unit, ts_ns = "
          "excluded.ts_ns, "
          "as_of_ns = excluded.as_of_ns, since_ns = excluded.since_ns, spark = excluded.spark, "
          "learning_left_s = excluded.learning_left_s",
          {site, asset, row.device, row.state, row.level, row.fault, row.score,
           row.value ? store::Value(*row.value) : store::Value(nullptr), row.value_name,
           row.value_unit, row.ts, row.as_of, row.since, os::AsBytes(spark),
           row.learning_left_s ? store::Value(*row.learning_left_s) : store::Value(nullptr)})
      .transform([](int64_t) {});
}

}  // namespace millwright::hub
