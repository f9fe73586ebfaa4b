#include "agent/models.h"

#include "core/log.h"
#include "crypto/sha256.h"
#include "model/pack.h"

namespace millwright::agent {
namespace {

using slots::Phase;

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
  MW_TRY(PlanOf(settings, slots, bundle, files));  // golden vectors
  MW_TRY(slots.Apply(slots::Event::kProved));
  MW_TRY(slots.Apply(slots::Event::kCommitted, "came with the gateway"));
  return slots.Prune();
}

// What the slots say, proved; a model that is whole on disk and yet gives other answers than it was
// proved with (another processor, a bug of this version) is taken back.
Result<std::shared_ptr<const Plan>> LoadServing(const Settings& settings, slots::Slots& slots,
                                                os::Files& files) {
  for (;;) {
    const slots::State& state = slots.state();
    auto plan = PlanOf(settings, slots, *slots::ServingOf(state), files);
    if (plan || plan.error().code == Errc::kIo) return plan;
    const std::string reason = "it does not load any more: " + plan.error().what;
    log::Warning("models", "a model is taken back", {{"why", reason}});
    const bool candidate = state.phase == Phase::kProbation;
    if (!candidate && !state.previous) return plan;
    if (!candidate && state.phase != Phase::kIdle)
      MW_TRY(slots.Apply(slots::Event::kWithdrawn, "the committed model does not load"));
    MW_TRY(slots.Apply(candidate ? slots::Event::kRefused : slots::Event::kUndone, reason));
  }
}

}  // namespace

std::string ModelsFolder(const Settings& settings) { return settings.state_folder + "/models"; }

std::string UndoRequestPath(const Settings& settings) {
  return ModelsFolder(settings) + "/undo.request";
}

Result<std::shared_ptr<const Plan>> PlanOf(const Settings& settings, const slots::Slots& slots,
                                           const slots::BundleRef& bundle, os::Files& files) {
  Settings of = settings;
  of.bundle_folder = slots.FolderOf(bundle);
  MW_TRY(std::shared_ptr<const Plan> plan, MakePlan(std::move(of), files));
  return plan;
}

Result<Models> OpenModels(const Settings& settings, os::Disk& disk, os::Files& files,
                          os::Clock& clock, const std::string& boot_id) {
  Models out;
  slots::Policy policy;
  policy.block_bytes = settings.delivery.block_bytes;
  MW_TRY(out.slots, slots::Slots::Open(disk, clock, ModelsFolder(settings), policy));
  MW_TRY(const slots::Serving serving, out.slots->BeginRun(boot_id));
  if (!serving.taken_back.empty())
    log::Warning("models", "a model was taken back", {{"why", serving.taken_back}});
  if (!serving.bundle) {
    if (const auto installed = InstallFirst(settings, *out.slots, files); !installed) {
      // A damaged disk, or a full one: the machines are watched all the same.
      log::Failure("models", installed.error(), {{"decides", settings.bundle_folder}});
      MW_TRY(out.serving, MakePlan(settings, files));
      return out;
    }
  }
  MW_TRY(out.serving, LoadServing(settings, *out.slots, files));
  return out;
}

}  // namespace millwright::agent
