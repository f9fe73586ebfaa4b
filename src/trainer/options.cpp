#include "trainer/options.h"

#include "config/config.h"

namespace millwright::trainer {
namespace {

std::optional<Nanos> Length(config::Table& table, std::string_view key, double low_ms,
                            double high_ms) {
  if (!table.Has(key)) return std::nullopt;
  return FromSeconds(table.Number(key, {.fallback = low_ms, .min = low_ms, .max = high_ms}) * 1e-3);
}

int Whole(config::Table& table, std::string_view key, int fallback, int min, int max) {
  return static_cast<int>(table.Integer(key, {.fallback = fallback, .min = min, .max = max}));
}

void ReadData(config::Table table, TrainOptions& o) {
  if (table.Has("channels")) o.channels = table.Strings("channels");
  if (table.Has("exclude")) o.exclude = table.Strings("exclude");
  if (table.Has("runs")) o.runs = table.Strings("runs");
  o.healthy_only = table.Boolean("healthy_only", o.healthy_only);
  o.validation_share =
      table.Number("validation_share", {.fallback = o.validation_share, .min = 0.05, .max = 0.6});
}

void ReadSchema(config::Table table, TrainOptions& o) {
  constexpr double kHourMs = 3.6e6;
  o.step = Length(table, "step_ms", 1, kHourMs);
  o.sample_window = Length(table, "sample_window_ms", 1, kHourMs);
  o.late_max = Length(table, "late_max_ms", 0, kHourMs);
  o.hold_max = Length(table, "hold_max_ms", 0, 24 * kHourMs);
  if (table.Has("steps")) o.steps = Whole(table, "steps", 16, 1, 1024);
  if (table.Has("clip")) o.clip = table.Number("clip", {.fallback = 8, .min = 0.5, .max = 100});
  if (table.Has("speed_min_hz"))
    o.speed_min_hz = table.Number("speed_min_hz", {.fallback = 0, .min = 0, .max = 1e4});
}

void ReadFeatures(config::File& file, TrainOptions& o) {
  for (config::Table& table : file.root().List("feature")) {
    dsp::FeatureSpec feature;
    feature.channel = table.String("channel");
    feature.kind = table.String("kind");
    feature.name = table.String("name", feature.channel + "." + feature.kind);
    config::Table params = table.OptionalSection("params");
    for (const std::string& key : params.Keys()) feature.params[key] = params.Number(key);
    o.features.push_back(std::move(feature));
  }
}

void ReadLearning(config::Table table, LearnOptions& l) {
  l.units = Whole(table, "units", l.units, 1, 1024);
  l.layers = Whole(table, "layers", l.layers, 1, 4);
  l.epochs = Whole(table, "epochs", l.epochs, 1, 10'000);
  l.patience = Whole(table, "patience", l.patience, 1, 10'000);
  l.batch = Whole(table, "batch", l.batch, 1, 65'536);
  l.learning_rate =
      table.Number("learning_rate", {.fallback = l.learning_rate, .min = 1e-7, .max = 1});
  l.weight_decay = table.Number("weight_decay", {.fallback = l.weight_decay, .min = 0, .max = 1});
  l.dropout = table.Number("dropout", {.fallback = l.dropout, .min = 0, .max = 0.9});
  l.input_noise = table.Number("input_noise", {.fallback = l.input_noise, .min = 0, .max = 10});
  l.mirror = table.Number("mirror", {.fallback = l.mirror, .min = 0, .max = 0.5});
}

void ReadDecision(config::Table table, TrainOptions& o) {
  const std::string tuning = table.OneOf("tuning", {"auto", "fixed", "rows"}, "auto");
  o.tuning = tuning == "fixed" ? Tuning::kFixed : tuning == "rows" ? Tuning::kRows : Tuning::kAuto;
  model::DecisionLimits& d = o.decision;
  const auto share = [&](std::string_view key, double& value) {
    value = table.Number(key, {.fallback = value, .min = 0, .max = 1});
  };
  share("watch_from", d.watch_from);
  share("warning_from", d.warning_from);
  share("act_from", d.act_from);
  share("clear_below", d.clear_below);
  if (table.Has("name_from"))
    o.name_from = table.Number("name_from", {.fallback = 0, .min = 0, .max = 1});
  d.persistence = Whole(table, "persistence", d.persistence, 1, 1000);
  d.of = Whole(table, "of", d.of, 1, 1000);
  d.clear_after = Whole(table, "clear_after", d.clear_after, 1, 100'000);
  if (const auto checked = model::CheckLimits(d); !checked) table.Fault("", checked.error().what);
}

void ReadClasses(config::File& file, TrainOptions& o) {
  for (config::Table& table : file.root().List("class"))
    o.classes.push_back({.code = table.Id("code"),
                         .name = table.String("name", ""),
                         .healthy = false,
                         .action = table.String("action", "")});
}

}  // namespace

Result<void> ReadTrainConfig(std::string_view text, std::string_view name, TrainOptions& o) {
  MW_TRY(config::File file, config::File::Parse(text, name));
  config::Table model = file.root().OptionalSection("model");
  o.name = model.String("name", o.name);
  o.version = model.String("version", o.version);
  ReadData(file.root().OptionalSection("data"), o);
  ReadSchema(file.root().OptionalSection("schema"), o);
  ReadFeatures(file, o);
  config::Table standardiser = file.root().OptionalSection("standardiser");
  if (standardiser.Has("commissioning_s"))
    o.commissioning_s =
        standardiser.Number("commissioning_s", {.fallback = 20, .min = 0.1, .max = 86'400});
  o.per_asset = standardiser.OneOf("mode", {"asset", "global"}, "asset") == "asset";
  if (standardiser.Has("floor_share"))
    o.floor_share = standardiser.Number("floor_share", {.fallback = 0.5, .min = 0.01, .max = 10});
  config::Table training = file.root().OptionalSection("training");
  ReadLearning(training, o.learn);
  o.windows_max = static_cast<size_t>(training.Integer(
      "windows_max",
      {.fallback = static_cast<int64_t>(o.windows_max), .min = 100, .max = 100'000'000}));
  if (training.Has("folds")) o.folds = Whole(training, "folds", 1, 1, 20);
  ReadDecision(file.root().OptionalSection("decision"), o);
  ReadClasses(file, o);
  return file.Finish();
}

}  // namespace millwright::trainer
