#include "agent/models.h"

#include "agent/fleet_config.h"
#include "core/log.h"
#include "crypto/sha256.h"
#include "model/config_bundle.h"
#include "model/pack.h"

namespace millwright::agent {
namespace {

using slots::Phase;

constexpr uint64_t kConfigPackBytesMax = uint64_t{2} << 20;

// What came with the gateway is not signed: whoever set it up vouches for it.
Result<slots::BundleRef> Describe(const Settings& settings, os::Files& files,
                                  const os::Bytes& pack) {
  MW_TRY(const os::Bytes text,
         files.Read(settings.bundle_folder + "/" + std::string(model::kManifestFile)));
  MW_TRY(const model::Manifest manifest, model::ReadManifest(text));
  return slots::BundleRef{.digest = crypto::Sha256Hex(std::span<const std::byte>(text)),
                          .name = manifest.name,
                          .version = manifest.version,
                          .release = 0,
                          .pack_sha256 = crypto::Sha256Hex(std::span<const std::byte>(pack)),
                          .pack_bytes = pack.size()};
}

Result<void> Stage(slots::Slots& slots, const os::Bytes& pack) {
  MW_TRY(slots::Staging staging, slots.OpenStaging());
  for (const uint32_t block : staging.Missing(staging.blocks())) {
    const size_t from = size_t{block} * staging.block_bytes();
    MW_TRY(staging.Put(block, std::span(pack).subspan(from, std::min<size_t>(staging.block_bytes(),
                                                                             pack.size() - from))));
  }
  return slots.Apply(slots::Event::kDownloaded);
}

// A cut on the way leaves a candidate that the next start begins anew.
Result<void> InstallFirst(const Settings& settings, slots::Slots& slots, os::Files& files) {
  MW_TRY(const os::Bytes pack, model::PackBundle(files, settings.bundle_folder));
  MW_TRY(const slots::BundleRef bundle, Describe(settings, files, pack));
  if (slots.state().phase != Phase::kIdle)
    MW_TRY(
        slots.Apply(slots::Event::kWithdrawn, "the gateway has no model: its own one goes first"));
  (void)slots.Forgive(bundle.digest);  // nothing else is left to decide with
  MW_TRY(slots.Offer(bundle));
  MW_TRY(Stage(slots, pack));
  MW_TRY(slots.Install());
  Settings proved = settings;
  proved.bundle_folder = slots.FolderOf(bundle);
  MW_TRY(MakePlan(std::move(proved), files));  // golden vectors
  MW_TRY(slots.Apply(slots::Event::kProved));
  MW_TRY(slots.Apply(slots::Event::kCommitted, "came with the gateway"));
  return slots.Prune();
}

// Crashes are counted against what changed last: an update under way, else the newer of the two
// commits. What was taken back since is no suspect.
bool ConfigIsSuspect(const slots::State& models, const slots::State& configs) {
  if (configs.phase != Phase::kIdle) return true;
  const auto committed_at = [](const slots::State& state) -> Nanos {
    const bool holds = !state.history.empty() && state.history.back().result == "committed";
    return holds ? state.history.back().at : 0;
  };
  return models.phase == Phase::kIdle && committed_at(configs) > committed_at(models);
}

Result<void> TakeBack(slots::Slots& slots, const std::string& reason) {
  log::Warning("models", "what decided is taken back", {{"why", reason}});
  const bool candidate = slots.state().phase == Phase::kProbation;
  if (!candidate && slots.state().phase != Phase::kIdle)
    MW_TRY(slots.Apply(slots::Event::kWithdrawn, "what decided before it does not load"));
  return slots.Apply(candidate ? slots::Event::kRefused : slots::Event::kUndone, reason);
}

// What the slots say, proved; a model that is whole on disk and yet gives other answers than it was
// proved with (another processor, a bug of this version) is taken back. So is a configuration that
// the model and this program do not take; where none of them fits, agent.toml stands alone.
Result<std::shared_ptr<const Plan>> LoadServing(const Loader& loader, slots::Slots& slots,
                                                slots::Slots& configs) {
  constexpr int kTried = 2;  // of each: the one that serves and the one before it
  int tried = 0;
  int models_tried = 0;
  for (;;) {
    const auto& model = slots::ServingOf(slots.state());
    const auto config = tried < kTried ? slots::ServingOf(configs.state()) : std::nullopt;
    auto plan = loader.Load(model, config);
    if (plan || plan.error().code == Errc::kIo) return plan;
    const std::string reason = "it does not load any more: " + plan.error().what;
    if (config && loader.Load(model, std::nullopt)) {
      ++tried;
      MW_TRY(TakeBack(configs, reason));
      continue;
    }
    const bool other = slots.state().phase == Phase::kProbation || slots.CanUndo();
    if (!other || ++models_tried > kTried) return plan;
    MW_TRY(TakeBack(slots, reason));
  }
}

}  // namespace

std::string ModelsFolder(const Settings& settings) { return settings.state_folder + "/models"; }

std::string ConfigsFolder(const Settings& settings) { return settings.state_folder + "/config"; }

std::string UndoRequestPath(const Settings& settings, model::BundleKind kind) {
  const bool config = kind == model::BundleKind::kConfig;
  return (config ? ConfigsFolder(settings) : ModelsFolder(settings)) + "/undo.request";
}

Result<std::shared_ptr<const Plan>> Loader::Load(const Slot& model, const Slot& config,
                                                 const Plan* running) const {
  FleetConfig fleet;
  if (config) {
    MW_TRY(const model::ConfigBundle bundle,
           model::LoadConfigBundle(files_, configs_.FolderOf(*config)));
    MW_TRY(fleet,
           ReadFleetConfig(os::AsText(bundle.text), config->name + " " + config->version + "/" +
                                                        std::string(model::kConfigFile)));
  }
  MW_TRY(Settings settings, Overlay(fleet, base_, running != nullptr ? running->settings : base_));
  settings.bundle_folder = model ? models_.FolderOf(*model) : base_.bundle_folder;
  if (config) settings.hash = crypto::Sha256Hex(base_.hash + config->digest);
  const bool same_model = running != nullptr && model && running->digest == model->digest;
  MW_TRY(std::unique_ptr<Plan> plan, same_model ? Rebind(*running, std::move(settings))
                                                : MakePlan(std::move(settings), files_));
  if (config) {
    plan->config_digest = config->digest;
    plan->config_name = config->name;
    plan->config_version = config->version;
  }
  return std::shared_ptr<const Plan>(std::move(plan));
}

Result<Models> OpenModels(const Settings& settings, os::Disk& disk, os::Files& files,
                          os::Clock& clock, const std::string& boot_id) {
  Models out;
  out.base = settings;
  slots::Policy policy;
  policy.block_bytes = settings.delivery.block_bytes;
  MW_TRY(out.slots, slots::Slots::Open(disk, clock, ModelsFolder(settings), policy));
  policy.kind = model::BundleKind::kConfig;
  policy.base_beneath = true;
  policy.pack_bytes_max = kConfigPackBytesMax;
  MW_TRY(out.configs, slots::Slots::Open(disk, clock, ConfigsFolder(settings), policy));
  const bool config = ConfigIsSuspect(out.slots->state(), out.configs->state());
  MW_TRY(const slots::Serving serving,
         out.slots->BeginRun(boot_id, config ? slots::Suspect::kOther : slots::Suspect::kThis));
  MW_TRY(const slots::Serving over,
         out.configs->BeginRun(boot_id, config ? slots::Suspect::kThis : slots::Suspect::kOther));
  for (const std::string& why : {serving.taken_back, over.taken_back})
    if (!why.empty()) log::Warning("models", "what decided before was taken back", {{"why", why}});
  if (!serving.bundle) {
    if (const auto installed = InstallFirst(settings, *out.slots, files); !installed) {
      // A damaged disk, or a full one: the machines are watched all the same.
      log::Failure("models", installed.error(), {{"decides", settings.bundle_folder}});
      MW_TRY(out.serving, MakePlan(settings, files));
      return out;
    }
  }
  const Loader loader(settings, *out.slots, *out.configs, files);
  MW_TRY(out.serving, LoadServing(loader, *out.slots, *out.configs));
  return out;
}

}  // namespace millwright::agent
