#include "retrain_config.h"

#include "hub/rollout/policy.h"

namespace millwright::hub {
namespace {

constexpr double kDayNanos = 86'400.0 * kSecond;
constexpr size_t kWordsMax = 64;

retrain::Template CommandOf(config::Table& table, const char* key) {
  retrain::Template words = table.Strings(key);
  if (words.empty()) table.Fault(key, "names no command");
  if (words.size() > kWordsMax) table.Fault(key, "has more than 64 words");
  return words;
}

}  // namespace

void ReadRetrain(config::Table table, retrain::Options& out) {
  if (!table.present()) return;
  out.folder = table.String("folder", "");
  out.live = table.String("live", "");
  if (out.folder.empty()) table.Fault("folder", "must not be empty: jobs are kept in it");
  if (out.live.empty()) table.Fault("live", "names no bundle folder of the model that decides");
  out.freeze = CommandOf(table, "freeze");
  out.train = CommandOf(table, "train");
  out.compare = CommandOf(table, "compare");
  out.release = CommandOf(table, "release");
  out.approval = table.Boolean("approval", true);
  out.rollout = table.String("rollout", "");
  if (const auto policy = ReadPolicy(out.rollout); !policy)
    table.Fault("rollout", policy.error().what);
  out.every = static_cast<Nanos>(
      table.Number("every_days", {.fallback = 0, .min = 0, .max = 3650}) * kDayNanos);
  out.step_max =
      FromSeconds(table.Number("step_hours_max", {.fallback = 6, .min = 0.001, .max = 240}) * 3600);
  out.log_bytes_max =
      static_cast<size_t>(table.Integer("log_kib_max", {.fallback = 1024, .min = 64, .max = 65536}))
      << 10;
}

}  // namespace millwright::hub
