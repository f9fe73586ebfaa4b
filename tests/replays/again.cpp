#include "again.h"

#include <bit>
#include <set>

#include "crypto/sha256.h"
#include "model/decision_rule.h"
#include "model/manifest.h"
#include "nn/session.h"
#include "os/files.h"
#include "store/database.h"
#include "wire/event.pb.h"

namespace millwright::replays {
namespace {

struct Model {
  std::vector<std::shared_ptr<const nn::Engine>> engines;  // one per kernel set
  int healthy = 0;
};
using Models = std::map<std::string, Model>;  // by the file's hash

bool SameBits(float a, float b) { return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b); }

Result<Models> LoadModels(const std::vector<std::string>& bundles) {
  os::RealFiles real;
  os::Files& files = real;
  Models out;
  for (const std::string& bundle : bundles) {
    MW_TRY(const os::Bytes text, files.Read(bundle + "/manifest.json"));
    MW_TRY(const model::Manifest manifest, model::ReadManifest(text));
    MW_TRY(const os::Bytes file, files.Read(bundle + "/" + manifest.model.file));
    Model model;
    for (size_t c = 0; c < manifest.classes.size(); ++c)
      if (manifest.classes[c].healthy) model.healthy = static_cast<int>(c);
    for (const nn::KernelSet set : {nn::BestKernelSet(), nn::KernelSet::kReference}) {
      MW_TRY(auto engine, nn::Engine::Load(std::span<const std::byte>(file), {.kernel_set = set}));
      model.engines.push_back(std::move(engine));
    }
    out.emplace(crypto::Sha256Hex(std::span<const std::byte>(file)), std::move(model));
  }
  return out;
}

bool Equal(const nn::Engine& engine, std::shared_ptr<const nn::Engine> shared, int healthy,
           const wire::Alarm& alarm) {
  if (alarm.window().size() != engine.input().elements()) return false;
  const size_t classes = engine.output().elements();
  if (static_cast<size_t>(alarm.probabilities_size()) != classes) return false;
  std::vector<int8_t> window(alarm.window().begin(), alarm.window().end()), out(classes);
  nn::Session session(std::move(shared));
  session.Run(window, out);
  std::vector<float> probabilities(classes);
  for (size_t c = 0; c < classes; ++c) {
    probabilities[c] =
        static_cast<float>(out[c] - engine.output().zero_point) * engine.output().scale;
    if (!SameBits(probabilities[c], alarm.probabilities(static_cast<int>(c)))) return false;
  }
  auto rule = model::DecisionRule::Make({}, static_cast<int>(classes), healthy);
  return rule && SameBits(rule->Push(probabilities).score, alarm.score());
}

bool EqualByAll(const Model& model, const wire::Alarm& alarm) {
  for (const auto& engine : model.engines)
    if (!Equal(*engine, engine, model.healthy, alarm)) return false;
  return true;
}

}  // namespace

Result<AgainFigures> ReplayAll(const std::string& database,
                               const std::vector<std::string>& bundles) {
  MW_TRY(const Models models, LoadModels(bundles));
  MW_TRY(const auto store, store::Database::Open(database, {.read_only = true}));
  AgainFigures figures;
  std::map<std::string, bool> good;  // by alarm
  std::set<std::string> seen;
  // What the hub shows is what is asked for: an alarm without an event is one that differs.
  MW_TRY(store->Each("SELECT device, alarm_key FROM alarms", {}, [&](const store::Row& row) {
    good[std::string(row.Text(0)) + " " + std::string(row.Text(1))] = false;
  }));
  std::set<std::string> bad;
  MW_TRY(store->Each(
      "SELECT device, payload FROM events WHERE kind = 'alarm'", {}, [&](const store::Row& row) {
        wire::Event event;
        const store::Blob bytes = row.Bytes(1);
        const bool parsed = event.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        const wire::Alarm& alarm = event.alarm();
        const std::string key = std::string(row.Text(0)) + " " + alarm.alarm_key();
        if (parsed && alarm.window().empty() && alarm.kind() == wire::Alarm::CLEARED) {
          ++figures.without_window;
          return;
        }
        ++figures.windows;
        seen.insert(alarm.window());
        const auto model = models.find(alarm.model_hash());
        if (!parsed || model == models.end() || !EqualByAll(model->second, alarm))
          bad.insert(key);
        else
          good[key] = true;
        for (const auto& [hash, other] : models)
          if (hash != alarm.model_hash() && EqualByAll(other, alarm)) ++figures.foreign_equal;
      }));
  for (const auto& [key, replayed] : good) {
    ++figures.replayed;
    if (!replayed || bad.count(key) > 0) ++figures.different;
  }
  figures.windows_distinct = static_cast<int64_t>(seen.size());
  return figures;
}

}  // namespace millwright::replays
