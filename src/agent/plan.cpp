#include "agent/plan.h"

#include <algorithm>
#include <cmath>

#include "config/config.h"
#include "crypto/sha256.h"
#include "nn/session.h"
#include "wire/topics.h"

namespace millwright::agent {
namespace {

constexpr size_t kWindowBytesMax = size_t{64}
                                   << 10;  // an alarm keeps its window, and must fit a batch

std::string_view KindName(dsp::ChannelKind kind) {
  return kind == dsp::ChannelKind::kSamples ? "samples" : "reading";
}

// Everything that gives a feature its meaning; rates are the asset's own business.
std::string HashSchema(const dsp::Schema& schema) {
  std::string text = std::to_string(schema.step) + "/" + std::to_string(schema.sample_window);
  for (const dsp::FeatureSpec& f : schema.features) {
    text += "\n" + f.name + "|" + f.channel + "|" + f.kind;
    for (const auto& [name, value] : f.params) text += "|" + name + "=" + std::to_string(value);
  }
  return crypto::Sha256Hex(text);
}

Result<int> FindChannel(const AssetSettings& asset, const dsp::ChannelSpec& wanted,
                        const std::string& bundle) {
  std::vector<std::string> names;
  for (size_t c = 0; c < asset.channels.size(); ++c) {
    const dsp::ChannelSpec& have = asset.channels[c].spec;
    if (!asset.channels[c].used) continue;
    names.push_back(have.name);
    if (have.name != wanted.name) continue;
    const std::string where = "asset \"" + asset.id.value() + "\", channel \"" + have.name + "\": ";
    if (have.kind != wanted.kind)
      return Fail(Errc::kInvalid, where + "kind is \"" + std::string(KindName(have.kind)) +
                                      "\", but bundle \"" + bundle + "\" wants \"" +
                                      std::string(KindName(wanted.kind)) + "\"");
    if (have.unit != wanted.unit)
      return Fail(Errc::kInvalid, where + "unit is \"" + have.unit + "\", but bundle \"" + bundle +
                                      "\" wants \"" + wanted.unit + "\"");
    return static_cast<int>(c);
  }
  std::string hint;
  for (const std::string& name : names) hint += (hint.empty() ? "" : ", ") + name;
  const auto nearest = config::Nearest(wanted.name, names);
  return Fail(Errc::kInvalid, "asset \"" + asset.id.value() + "\": bundle \"" + bundle +
                                  "\" needs a channel \"" + wanted.name + "\" (" +
                                  std::string(KindName(wanted.kind)) + ", " + wanted.unit +
                                  "), but the asset has only " + hint +
                                  (nearest ? "; is \"" + *nearest + "\" meant?" : ""));
}

double Param(const dsp::FeatureSpec& feature, const char* name) {
  const auto found = feature.params.find(name);
  return found == feature.params.end() ? 0 : found->second;
}

// Sample features that people know how to read, by their unit; others stay inside the model.
std::optional<std::string> UnitOf(const dsp::FeatureSpec& feature,
                                  const dsp::ChannelSpec& channel) {
  if (feature.kind == "velocity_rms") return "mm/s";
  if (feature.kind == "rms" || feature.kind == "peak") return channel.unit;
  if (feature.kind == "crest" || feature.kind == "kurtosis") return "";
  return std::nullopt;
}

void CollectSignals(AssetPlan& plan) {
  const dsp::Schema& schema = plan.schema;
  for (size_t f = 0; f < schema.features.size(); ++f) {
    const dsp::FeatureSpec& feature = schema.features[f];
    const auto channel = std::find_if(schema.channels.begin(), schema.channels.end(),
                                      [&](const auto& c) { return c.name == feature.channel; });
    if (channel == schema.channels.end() || channel->kind != dsp::ChannelKind::kSamples) continue;
    const auto unit = UnitOf(feature, *channel);
    if (!unit) continue;
    plan.signals.push_back({.name = feature.name,
                            .unit = *unit,
                            .feature = static_cast<int>(f),
                            .log = static_cast<int>(Param(feature, "log")),
                            .speed_power = Param(feature, "speed_power")});
  }
  for (size_t c = 0; c < plan.settings->channels.size(); ++c) {
    const dsp::ChannelSpec& spec = plan.settings->channels[c].spec;
    if (spec.kind == dsp::ChannelKind::kReading && plan.settings->channels[c].used)
      plan.signals.push_back(
          {.name = spec.name, .unit = spec.unit, .channel = static_cast<int>(c)});
  }
}

// Machine and rates that differ from agent.toml's own, of the channels that the model looks at.
std::string TuningOf(const AssetSettings& asset, const std::vector<int>& inputs) {
  bool retuned = asset.retuned;
  std::string text = MachineText(asset.machine);
  for (const int c : inputs) {
    const ChannelSettings& channel = asset.channels[static_cast<size_t>(c)];
    retuned = retuned || channel.retuned;
    text += channel.spec.name + "@" + std::to_string(channel.spec.rate_hz) + ";";
  }
  return retuned ? crypto::Sha256Hex(text).substr(0, 12) : "";
}

Result<AssetPlan> BindAsset(const AssetSettings& asset, const Plan& plan) {
  AssetPlan out;
  out.settings = &asset;
  out.schema = plan.manifest.schema;
  out.to_schema.assign(asset.channels.size(), -1);
  for (size_t s = 0; s < out.schema.channels.size(); ++s) {
    MW_TRY(const int channel, FindChannel(asset, out.schema.channels[s], plan.manifest.name));
    out.schema.channels[s].rate_hz = asset.channels[static_cast<size_t>(channel)].spec.rate_hz;
    out.to_schema[static_cast<size_t>(channel)] = static_cast<int>(s);
    out.from_schema.push_back(channel);
  }
  // What the pipeline refuses (an order that is not known, a rate too low) is a fault of this
  // asset.
  if (auto made = dsp::Pipeline::Make(out.schema, asset.machine); !made)
    return Fail(made.error().code, "asset \"" + asset.id.value() + "\": " + made.error().what);
  out.limits = plan.manifest.decision;
  asset.limits.ApplyTo(out.limits);
  if (const auto limits = model::CheckLimits(out.limits); !limits)
    return Fail(limits.error().code, "asset \"" + asset.id.value() + "\": " + limits.error().what);
  for (const ChannelSettings& c : asset.channels)
    out.periods.push_back(
        c.spec.kind == dsp::ChannelKind::kSamples ? 0 : FromSeconds(1 / c.spec.rate_hz));
  out.tuning = TuningOf(asset, out.from_schema);
  CollectSignals(out);
  out.commissioning = asset.commissioning.value_or(plan.manifest.standardiser.commissioning);
  out.decision_topic = wire::DecisionTopic(plan.settings.site, asset.area, asset.id);
  return out;
}

Result<void> BindAssets(Plan& plan) {
  for (const AssetSettings& asset : plan.settings.assets) {
    MW_TRY(AssetPlan bound, BindAsset(asset, plan));
    plan.assets.push_back(std::move(bound));
  }
  return {};
}

// Only a model that still gives the outputs it was proved with may decide.
Result<void> ReplayGolden(const model::Bundle& bundle,
                          const std::shared_ptr<const nn::Engine>& engine) {
  const size_t in = engine->input().elements();
  const size_t out = engine->output().elements();
  const auto count = static_cast<size_t>(bundle.manifest.golden.count);
  if (bundle.golden_inputs.size() != count * in || bundle.golden_outputs.size() != count * out)
    return Fail(Errc::kInvalid, "bundle: golden vectors have another shape than the model");
  nn::Session session(engine);
  std::vector<int8_t> got(out);
  for (size_t i = 0; i < count; ++i) {
    session.ResetState();
    session.Run(std::span(bundle.golden_inputs).subspan(i * in, in), got);
    if (!std::equal(got.begin(), got.end(),
                    bundle.golden_outputs.begin() + static_cast<long>(i * out)))
      return Fail(Errc::kConflict, "bundle: the model gives another answer to golden vector " +
                                       std::to_string(i) + " than it was proved with");
  }
  return {};
}

Result<void> CheckModel(const model::Manifest& manifest, const nn::Engine& engine) {
  const auto bad = [&](const std::string& what) {
    return Fail(Errc::kInvalid, "bundle \"" + manifest.name + "\": the model " + what);
  };
  if (engine.input_count() != 1 || engine.output_count() != 1)
    return bad("has not one input and one output");
  const nn::TensorInfo& in = engine.input();
  const nn::TensorInfo& out = engine.output();
  if (in.type != model::TensorType::kInt8 || out.type != model::TensorType::kInt8)
    return bad("is not INT8 at its edges");
  const auto inputs = static_cast<size_t>(manifest.schema.steps) * manifest.schema.features.size();
  if (in.elements() != inputs || out.elements() != manifest.classes.size())
    return bad("does not fit the manifest's steps, features and classes");
  if (in.elements() > kWindowBytesMax)
    return bad("has a window that is too large to travel with an alarm");
  if (!(in.scale > 0) || !(out.scale > 0)) return bad("has no scale at its edges");
  return {};
}

}  // namespace

Result<std::unique_ptr<Plan>> MakePlan(Settings settings, os::Files& files) {
  auto plan = std::make_unique<Plan>();
  plan->settings = std::move(settings);
  MW_TRY(model::Bundle bundle, model::LoadBundle(files, plan->settings.bundle_folder));
  MW_TRY(plan->engine, nn::Engine::Load(std::span<const std::byte>(bundle.model)));
  plan->manifest = bundle.manifest;
  MW_TRY(const os::Bytes manifest,
         files.Read(plan->settings.bundle_folder + "/" + std::string(model::kManifestFile)));
  plan->digest = crypto::Sha256Hex(std::span<const std::byte>(manifest));
  MW_TRY(CheckModel(plan->manifest, *plan->engine));
  MW_TRY(ReplayGolden(bundle, plan->engine));
  plan->schema_hash = HashSchema(plan->manifest.schema);
  MW_TRY(BindAssets(*plan));
  return plan;
}

Result<std::unique_ptr<Plan>> Rebind(const Plan& of, Settings settings) {
  auto plan = std::make_unique<Plan>();
  plan->settings = std::move(settings);
  plan->settings.bundle_folder = of.settings.bundle_folder;
  plan->manifest = of.manifest;
  plan->engine = of.engine;
  plan->digest = of.digest;
  plan->schema_hash = of.schema_hash;
  MW_TRY(BindAssets(*plan));
  return plan;
}

void Describe(const AssetPlan& asset, Reason reason, uint32_t channels, std::string& out) {
  out.clear();
  switch (reason) {
    case Reason::kNone:
      return;
    case Reason::kNoData:
      out.append("no data");
      return;
    case Reason::kRefilling:
      out.append("the window refills");
      return;
    case Reason::kMissing:
      out.append("missing: ");
      break;
    case Reason::kStuck:
      out.append("stuck: ");
      break;
  }
  const char* between = "";
  for (size_t c = 0; c < asset.settings->channels.size(); ++c) {
    if ((channels >> c & 1) == 0) continue;
    out.append(between).append(asset.settings->channels[c].spec.name);
    between = ", ";
  }
}

float SignalValue(const Signal& signal, float feature, double speed_ratio) {
  double value = static_cast<double>(feature);
  if (signal.log == 2) value = std::exp(value);
  if (signal.log == 1) value = std::copysign(std::expm1(std::fabs(value)), value);
  if (signal.speed_power != 0) value *= std::pow(speed_ratio, signal.speed_power);
  return static_cast<float>(value);
}

}  // namespace millwright::agent
