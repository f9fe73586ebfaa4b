#include "slots/testing/life.h"

#include <chrono>
#include <map>
#include <mutex>

#include "crypto/sha256.h"
#include "model/manifest.h"
#include "os/files.h"

namespace millwright::slots {
namespace {

// Several blocks of a small pack.
Policy PolicyOf(model::BundleKind kind) {
  const bool config = kind == model::BundleKind::kConfig;
  return {.kind = kind, .base_beneath = config, .block_bytes = 1024};
}

std::span<const std::byte> BlockOf(const TestPack& pack, uint32_t block, uint32_t block_bytes) {
  const size_t from = size_t{block} * block_bytes;
  return std::span(pack.bytes)
      .subspan(from, std::min<size_t>(block_bytes, pack.bytes.size() - from));
}

Result<void> Fetch(Slots& slots, const TestPack& pack, size_t blocks_max) {
  MW_TRY(Staging staging, slots.OpenStaging());
  for (const uint32_t block : staging.Missing(blocks_max))
    MW_TRY(staging.Put(block, BlockOf(pack, block, staging.block_bytes())));
  return {};
}

}  // namespace

Life::Life(os::Disk& disk, os::Clock& clock, std::string folder, Kind kind)
    : disk_(disk), clock_(clock), folder_(std::move(folder)), kind_(kind) {}

const TestPack& Life::Pack(uint64_t release, Kind kind) {
  static std::mutex mutex;
  static std::map<std::pair<Kind, uint64_t>, TestPack> packs;
  const std::lock_guard lock(mutex);
  const auto found = packs.find({kind, release});
  if (found != packs.end()) return found->second;
  const bool config = kind == Kind::kConfig;
  return packs
      .emplace(std::pair(kind, release),
               config ? MakeTestConfigPack(release) : MakeTestPack(release))
      .first->second;
}

Result<void> Life::Step(Result<void> result) {
  MW_TRY(std::move(result));
  after_step_(known_);
  return {};
}

Result<void> Life::Play(const std::function<void(const Known&)>& after_step) {
  after_step_ = after_step;
  MW_TRY(Restart());
  MW_TRY(FirstModel(*slots_));
  MW_TRY(Restart());
  MW_TRY(Replace(*slots_, Mine(2)));
  MW_TRY(RollBack(*slots_, Mine(3)));
  MW_TRY(RefuseDamaged(*slots_, Mine(4)));
  MW_TRY(Step(slots_->Apply(Event::kUndone, "a person wanted it")));
  known_.floor = 3;
  MW_TRY(Step(slots_->RaiseFloor(3)));
  MW_TRY(Replace(*slots_, Mine(5)));
  MW_TRY(Step(slots_->EndRun()));
  return Restart();
}

Result<void> Life::Restart() {
  MW_TRY(slots_, Slots::Open(disk_, clock_, folder_, PolicyOf(kind_)));
  MW_TRY(slots_->BeginRun("boot-" + std::to_string(++boots_)));
  after_step_(known_);
  return Step(slots_->NoteProgress());
}

Result<void> Life::Download(Slots& slots, const TestPack& pack, bool in_two_runs) {
  MW_TRY(Step(slots.Offer(pack.bundle)));
  if (in_two_runs) MW_TRY(Step(Fetch(slots, pack, 2)));
  MW_TRY(Step(Fetch(slots, pack, ~size_t{0})));
  return Step(slots.Apply(Event::kDownloaded));
}

Result<void> Life::Prove(Slots& slots, const TestPack& pack) {
  MW_TRY(Step(slots.Install()));
  known_.proved.insert(pack.bundle.digest);
  MW_TRY(Step(slots.Apply(Event::kProved)));
  return Step(slots.Apply(Event::kWarmed));
}

Result<void> Life::FirstModel(Slots& slots) {
  MW_TRY(Download(slots, Mine(1), true));
  MW_TRY(Step(slots.Install()));
  known_.proved.insert(Mine(1).bundle.digest);
  MW_TRY(Step(slots.Apply(Event::kProved)));
  MW_TRY(slots.Apply(Event::kCommitted, "the first model"));
  known_.committed = true;
  after_step_(known_);
  return Step(slots.Prune());
}

Result<void> Life::Replace(Slots& slots, const TestPack& pack) {
  MW_TRY(Download(slots, pack, true));
  MW_TRY(Prove(slots, pack));
  MW_TRY(Step(slots.Apply(Event::kSwitched)));
  MW_TRY(Step(slots.Apply(Event::kCommitted, "better")));
  return Step(slots.Prune());
}

Result<void> Life::RollBack(Slots& slots, const TestPack& pack) {
  MW_TRY(Download(slots, pack, false));
  MW_TRY(Prove(slots, pack));
  MW_TRY(Step(slots.Apply(Event::kSwitched)));
  MW_TRY(Step(slots.Apply(Event::kRefused, "confidence fell")));
  return Step(slots.Prune());
}

Result<void> Life::RefuseDamaged(Slots& slots, const TestPack& pack) {
  MW_TRY(Step(slots.Offer(pack.bundle)));
  MW_TRY(Staging staging, slots.OpenStaging());
  for (uint32_t b = 0; b < staging.blocks(); ++b) {
    const auto good = BlockOf(pack, b, staging.block_bytes());
    os::Bytes bytes(good.begin(), good.end());
    if (b == 1) bytes[7] ^= std::byte{1};
    MW_TRY(staging.Put(b, bytes));
  }
  MW_TRY(Step(slots.Apply(Event::kDownloaded)));
  const auto installed = slots.Install();
  if (installed) return Fail(Errc::kInternal, "a damaged pack was installed");
  if (installed.error().code != Errc::kInvalid) return tl::unexpected(installed.error());
  MW_TRY(Step(slots.Apply(Event::kRefused, installed.error().what)));
  return Step(slots.Prune());
}

Result<void> Life::GoOn(os::Disk& disk, os::Clock& clock, const std::string& folder, Kind kind) {
  MW_TRY(const auto slots, Slots::Open(disk, clock, folder, PolicyOf(kind)));
  MW_TRY(slots->BeginRun("later"));
  if (slots->state().phase != Phase::kIdle) MW_TRY(slots->Apply(Event::kWithdrawn, "test"));
  MW_TRY(slots->Prune());
  const TestPack& pack = Pack(9, kind);
  MW_TRY(slots->Offer(pack.bundle));
  MW_TRY(Fetch(*slots, pack, ~size_t{0}));
  MW_TRY(slots->Apply(Event::kDownloaded));
  MW_TRY(slots->Install());
  MW_TRY(slots->Apply(Event::kProved));
  if (!slots->state().committed) return slots->Apply(Event::kCommitted);
  MW_TRY(slots->Apply(Event::kWarmed));
  MW_TRY(slots->Apply(Event::kSwitched));
  MW_TRY(slots->Apply(Event::kCommitted));
  return slots->Prune();
}

Verdict Life::Judge(os::Disk& disk, os::Clock& clock, const std::string& folder, const Known& known,
                    Kind kind) {
  Verdict v;
  const auto begin = std::chrono::steady_clock::now();
  const auto slots = Slots::Open(disk, clock, folder, PolicyOf(kind));
  const auto serving = slots ? (*slots)->BeginRun("recovery") : Result<Serving>(Serving{});
  v.recovery_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
  if (!slots || !serving) {
    v.unservable = true;
    v.what = slots ? serving.error().what : slots.error().what;
    return v;
  }
  if (!serving->bundle) {
    v.unservable = known.committed;
    if (v.unservable) v.what = "no model serves, though one was committed";
    return v;
  }
  os::DiskFiles files(disk);
  const auto manifest = files.Read(serving->folder + "/manifest.json", size_t{1} << 20);
  v.unverified_loaded =
      !known.proved.contains(serving->bundle->digest) || !manifest ||
      crypto::Sha256Hex(std::span<const std::byte>(*manifest)) != serving->bundle->digest ||
      !model::CheckBundle(files, serving->folder);
  // The floor is about installations: what was committed before it rose goes on.
  v.below_floor_installed = serving->probation && serving->bundle->release < known.floor;
  if (v.unverified_loaded) v.what = "release " + serving->bundle->version + " was not proved";
  if (v.below_floor_installed)
    v.what = "release " + serving->bundle->version + " is below the floor";
  return v;
}

}  // namespace millwright::slots
