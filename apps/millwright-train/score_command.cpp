#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "model/manifest.h"
#include "os/files.h"
#include "trainer/schema_choice.h"
#include "trainer/score.h"
#include "trainer/split.h"

namespace millwright {
namespace {

using Json = nlohmann::ordered_json;

struct ScoreFlags {
  std::string data, decisions, bundle, report;
  std::vector<std::string> runs;
  double hold_s = 0;
  bool json = false;
};

struct Basis {
  dsp::Schema schema;
  Nanos commissioning = 0;
};

// Channels and commissioning as the model had them; without a bundle as they would be chosen for
// these data.
Result<Basis> FindBasis(const ScoreFlags& flags, std::span<const recording::RecordingInfo> runs,
                        os::Files& files) {
  if (!flags.bundle.empty()) {
    MW_TRY(const model::Bundle bundle, model::LoadBundle(files, flags.bundle));
    return Basis{bundle.manifest.schema, bundle.manifest.standardiser.commissioning};
  }
  MW_TRY(const trainer::SchemaChoice choice, trainer::ChooseSchema(runs, {}));
  return Basis{choice.schema, FromSeconds(choice.commissioning_s)};
}

class Figures {
 public:
  void Add(const std::string& prefix, const trainer::Detection& d) {
    json_[prefix + "events_found"] = d.events_found;
    json_[prefix + "false_alarms"] = d.false_alarms;
    Number(prefix + "far", d.far);
    Number(prefix + "mar", d.mar);
    Number(prefix + "delay_s_median", d.delay_s_median);
    Number(prefix + "delay_s_p90", d.delay_s_p90);
  }
  // A figure that does not exist (the delay of no event) is a name in not_measured, never a made-up
  // number.
  void Number(const std::string& key, double value) {
    if (std::isfinite(value))
      json_[key] = std::round(value * 1e6) / 1e6;
    else
      missing_.push_back(key);
  }
  Json& json() { return json_; }
  std::string Finish() {
    json_["ok"] = true;
    json_["not_measured"] = missing_;
    return json_.dump() + "\n";
  }

 private:
  Json json_;
  std::vector<std::string> missing_;
};

void Tell(const trainer::Scores& s) {
  std::printf("%-14s %-8s %-8s %-12s %s\n", "method", "far", "mar", "events", "delay_s");
  const auto row = [](const char* name, const trainer::Detection& d) {
    std::printf("%-14s %-8.3f %-8.3f %d of %-7d %.1f\n", name, d.far, d.mar, d.events_found,
                d.events_total, d.delay_s_median);
  };
  row("LSTM", s.model);
  row("Hotelling T2", s.t2);
  row("RMS threshold", s.rms);
  row("always alarm", s.always);
  for (const std::string& note : s.notes) std::printf("note: %s\n", note.c_str());
}

Result<void> RunScore(const ScoreFlags& flags) {
  os::RealFiles files;
  MW_TRY(auto all, recording::OpenDataset(flags.data));
  MW_TRY(const auto runs, trainer::PickRuns(std::move(all), flags.runs));
  MW_TRY(const os::Bytes csv, files.Read(flags.decisions, size_t{1} << 30));
  MW_TRY(const trainer::Decisions decisions,
         trainer::ReadDecisions(os::AsText(csv), flags.decisions));
  MW_TRY(const Basis basis, FindBasis(flags, runs, files));
  // A decision is due every step; one that is three steps old speaks for nothing any more.
  const Nanos hold =
      flags.hold_s > 0 ? FromSeconds(flags.hold_s) : std::max(3 * basis.schema.step, 10 * kSecond);
  MW_TRY(const trainer::Scores scores,
         trainer::ScoreDecisions(runs, basis.schema, basis.commissioning, decisions, hold));
  if (!flags.json) Tell(scores);
  Figures figures;
  figures.json()["runs"] = scores.runs;
  figures.json()["moments"] = scores.moments;
  figures.json()["events_total"] = scores.model.events_total;
  figures.Add("", scores.model);
  figures.Add("t2_", scores.t2);
  figures.Add("rms_", scores.rms);
  figures.Add("always_", scores.always);
  figures.json()["notes"] = scores.notes;
  return Deliver(figures.Finish(), flags.report, flags.json);
}

}  // namespace

void AddScore(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ScoreFlags>();
  CLI::App* score =
      app.add_subcommand("score", "Judges a gateway's decisions beside the simple baselines");
  score->add_option("--data", flags->data, "Data set that was replayed")->required();
  score->add_option("--decisions", flags->decisions, "CSV: asset,step_end_ns,score,alarm")
      ->required();
  score->add_option("--runs", flags->runs, "Only these recordings (ids, comma between)")
      ->delimiter(',');
  score->add_option("--bundle", flags->bundle,
                    "The model's bundle: its channels and its commissioning time");
  score->add_option("--hold-s", flags->hold_s,
                    "How long a decision holds; default three steps, at least 10 s");
  score->add_flag("--json", flags->json, "One flat JSON object on the last line");
  score->add_option("--report", flags->report, "Write that object to a file");
  score->callback([flags, &exit_code] {
    if (const auto done = RunScore(*flags); !done) exit_code = Report(done.error());
  });
}

}  // namespace millwright
