#include "agent/delivery.h"

#include <algorithm>

#include "agent/delivery_sink.h"
#include "agent/models.h"
#include "agent/offer_note.h"
#include "core/log.h"

namespace millwright::agent {
namespace {

using jobs::DownloadState;
using jobs::Status;
using slots::Phase;

constexpr Nanos kProgressEvery = 5 * kSecond;
constexpr size_t kReasonMax = 400;
constexpr uint32_t kMetadataBlockBytes = 16384;

// How a bundle ended here, newest first.
const slots::Ending* EndingOf(const slots::State& state, const std::string& digest) {
  const auto found = std::ranges::find_if(state.history.rbegin(), state.history.rend(),
                                          [&](const auto& e) { return e.bundle.digest == digest; });
  return found == state.history.rend() ? nullptr : &*found;
}

}  // namespace

std::string NotePath(const Settings& settings) { return ModelsFolder(settings) + "/offer.json"; }
std::string UndoNotePath(const Settings& settings) { return ModelsFolder(settings) + "/undo.json"; }

Delivery::Delivery(const World& world, Publish publish)
    : world_(world),
      publish_(std::move(publish)),
      jobs_(
          world.settings.delivery.prefix, world.settings.device.value(), world.clock,
          [this](const std::string& topic, const std::string& payload) {
            return publish_(topic, os::AsBytes(payload));
          },
          [this](const std::optional<jobs::Job>& job) { OnJob(job); }),
      first_(world.host.serving()),
      places_(first_) {
  if (world_.configs.state().phase != Phase::kIdle) kind_ = Kind::kConfig;
  world_.phase = state().phase;
}

Delivery::~Delivery() = default;

const char* Delivery::What() const { return kind_ == Kind::kConfig ? "configuration" : "model"; }

std::vector<std::string> Delivery::Filters() const {
  std::vector<std::string> out = jobs_.Filters();
  for (const char* what : {"description", "data", "rejected"})
    out.push_back(world_.settings.delivery.prefix + "/" + world_.settings.device.value() +
                  "/streams/+/" + what + "/cbor");
  return out;
}

void Delivery::OnConnected() {
  jobs_.OnConnected();
  if (metadata_) metadata_->Ask();
  if (download_) download_->Ask();
}

void Delivery::OnMessage(std::string_view topic, std::span<const std::byte> payload) {
  if (metadata_ && metadata_->OnMessage(topic, payload)) return;
  if (download_ && download_->OnMessage(topic, payload)) return;
  if (!jobs_.OnMessage(topic, payload)) return;
  // A candidate whose job is gone: it was cancelled, perhaps while this gateway was away.
  const bool told_next = topic.ends_with("/notify-next") || topic.ends_with("/$next/get/accepted");
  if (told_next && !jobs_.job() && !jobs_.reporting() && state().phase != Phase::kIdle)
    End(slots::Event::kWithdrawn, "the job was cancelled");
}

// -- jobs ---------------------------------------------------------------------------------------

void Delivery::OnJob(const std::optional<jobs::Job>& job) {
  document_.reset();
  metadata_.reset();
  if (!job) return;
  auto document = ReadJobDocument(job->document);
  if (!document) return Reject(document.error().what);
  document_ = std::move(*document);
  if (document_->operation == JobDocument::Operation::kUndo)
    TakeUndo(*job);
  else
    TakeInstall(*job);
}

void Delivery::TakeInstall(const jobs::Job& job) {
  const std::string& digest = document_->bundle.digest;
  if (state().phase != Phase::kIdle) {
    const auto note = LoadNote(world_.files, NotePath(world_.settings));
    const bool same = document_->kind == kind_ && state().candidate->digest == digest;
    if (same && note && note->job == job.id)
      return Report(Status::kInProgress, slots::Name(state().phase));
    End(slots::Event::kWithdrawn, "another job took its place");
    told_.reset();  // that one's report has nobody to go to
  }
  kind_ = document_->kind;
  if (state().committed && state().committed->digest == digest) {
    told_ = Told{.status = Status::kSucceeded, .phase = "committed", .reason = "decides already"};
    return;
  }
  if (std::ranges::find(state().refused, digest) != state().refused.end()) {
    const slots::Ending* ending = EndingOf(state(), digest);
    const bool rolled_back = ending != nullptr && ending->result == "rolled back";
    told_ = Told{.status = Status::kFailed,
                 .phase = rolled_back ? "rolled_back" : "refused",
                 .reason = ending == nullptr ? "it was refused before" : ending->reason};
    return;
  }
  Check();
}

void Delivery::Check() {
  Report(Status::kInProgress, "checking");
  metadata_.emplace(
      MetadataFetch::Options{
          .prefix = world_.settings.delivery.prefix,
          .thing = world_.settings.device.value(),
          .stream = document_->metadata_stream,
          .block_bytes = std::min(kMetadataBlockBytes, world_.settings.delivery.block_bytes)},
      world_.clock, publish_);
  metadata_->Ask();
}

void Delivery::Offer(const SignedTarget& target) {
  slots::BundleRef bundle = document_->bundle;
  bundle.release = target.release;
  bundle.pack_sha256 = target.sha256;
  bundle.pack_bytes = target.bytes;
  const slots::TrialOptions trial = TrialOf(*document_, world_.settings.delivery.trial);
  const OfferNote note = {.job = jobs_.job() ? jobs_.job()->id : "",
                          .digest = bundle.digest,
                          .line = target.line,
                          .floor = target.floor,
                          .windows_min = trial.windows_min,
                          .time_min_ns = trial.time_min};
  auto taken = SaveNote(world_.files, NotePath(world_.settings), note);
  if (taken) taken = SlotsOf(kind_).Offer(bundle);
  if (!taken) return Report(Status::kFailed, "refused", taken.error().what);
  log::Info("models", std::string("a new ") + What() + " is on its way",
            {{"name", bundle.name}, {"version", bundle.version}, {"bytes", bundle.pack_bytes}});
}

// A job may come twice, and the power may fail between undo and report: what it is to take back is
// noted first.
void Delivery::TakeUndo(const jobs::Job& job) {
  const std::string path = UndoNotePath(world_.settings);
  const auto note = LoadNote(world_.files, path);
  const auto& serving = slots::ServingOf(SlotsOf(document_->kind).state());
  const std::string digest = serving ? serving->digest : "";
  const bool seen = note && note->job == job.id;
  if (!seen) {
    const auto saved = SaveNote(world_.files, path, {.job = job.id, .digest = digest, .line = {}});
    if (!saved) return Report(Status::kFailed, "refused", saved.error().what);
  }
  if (!seen || note->digest == digest) {
    const std::string reason =
        document_->reason.empty() ? std::string("undone by the hub") : document_->reason;
    if (const auto undone = Undo(document_->kind, reason); !undone)
      return Report(Status::kFailed, "refused", undone.error().what);
  }
  kind_ = document_->kind;
  Report(Status::kInProgress, "warming_up");
  told_ = Told{.status = Status::kSucceeded, .phase = "undone", .reason = document_->reason};
}

// Whatever is under way ends first, of either kind.
Result<void> Delivery::Undo(Kind kind, const std::string& reason) {
  const bool decided = state().phase == Phase::kProbation;
  const bool decides = decided && kind == kind_;
  if (!decides) MW_TRY(CheckUndo(kind));
  if (state().phase != Phase::kIdle) {
    MW_TRY(SlotsOf(kind_).Apply(slots::Event::kWithdrawn, reason));
    Forget();
  }
  kind_ = kind;
  // A candidate in probation is what people see deciding: taking it back is the undo.
  if (!decides) MW_TRY(SlotsOf(kind).Apply(slots::Event::kUndone, reason));
  committed_.reset();
  hurry_ = decided;
  log::Warning("models", std::string("the ") + What() + " before this one comes back",
               {{"why", reason}});
  return {};
}

// What would decide then has to fit together: an older model may need a channel that the
// configuration has taken out of use.
Result<void> Delivery::CheckUndo(Kind kind) {
  const slots::Slots& slots = SlotsOf(kind);
  if (!slots.CanUndo()) return {};  // the slots say so in their words
  const bool config = kind == Kind::kConfig;
  const auto plan = Load(config ? world_.slots.state().committed : slots.state().previous,
                         config ? slots.state().previous : world_.configs.state().committed);
  if (plan) return {};
  return Fail(plan.error().code, "what it would go back to does not fit: " + plan.error().what);
}

void Delivery::TakeUndoRequest(Kind kind) {
  const std::string path = UndoRequestPath(world_.settings, kind);
  if (!world_.files.Exists(path)) return;
  const auto text = world_.files.Read(path, kReasonMax);
  const std::string reason =
      text && !text->empty() ? std::string(os::AsText(*text)) : "undone by hand";
  // Removed first: a request that cannot be carried out is not tried for ever.
  if (const auto removed = world_.files.Remove(path); !removed) return;
  const bool ours = jobs_.job() && state().phase != Phase::kIdle;
  if (const auto undone = Undo(kind, reason); !undone)
    return log::Failure("models", undone.error(), {{"request", path}});
  if (ours) told_ = Told{.status = Status::kFailed, .phase = "undone", .reason = reason};
}

void Delivery::Report(Status status, std::string_view phase, std::string_view reason,
                      const std::string& progress) {
  const Plan& serving = *world_.host.serving();
  jobs::Details details = {
      {"phase", std::string(phase)},
      {"serving", kind_ == Kind::kConfig ? serving.config_digest : serving.digest}};
  if (!reason.empty()) details["reason"] = std::string(reason.substr(0, kReasonMax));
  if (!progress.empty()) details["progress"] = progress;
  if (!trial_told_.empty()) details["trial"] = trial_told_;
  progress_at_ = world_.clock.Monotonic();
  jobs_.Report(status, std::move(details));
}

void Delivery::ReportProgress(std::string_view phase, const std::string& progress) {
  if (world_.clock.Monotonic() - progress_at_ < kProgressEvery) return;
  Report(Status::kInProgress, phase, {}, progress);
}

// -- turns --------------------------------------------------------------------------------------

void Delivery::Work() {
  world_.host.Work();
  const Nanos now = world_.clock.Monotonic();
  if (now >= second_at_) {
    second_at_ = now + kSecond;
    jobs_.Tick();
    if (metadata_) metadata_->Tick();
    if (download_) download_->Tick();
    TakeUndoRequest(Kind::kModel);
    TakeUndoRequest(Kind::kConfig);
    NoteProgress();
  }
  if (metadata_ && metadata_->state() == DownloadState::kFailed) {
    Report(Status::kFailed, "refused", metadata_->reason());
    metadata_.reset();
  }
  if (metadata_ && metadata_->state() == DownloadState::kDone) {
    const auto target = world_.notary.Check(metadata_->files(), document_->target);
    metadata_.reset();
    if (target)
      Offer(*target);
    else
      Report(Status::kFailed, "refused", target.error().what);
  }
  if (now >= retry_at_) Advance();
  world_.phase.store(state().phase, std::memory_order_relaxed);
}

}  // namespace millwright::agent
