// A model's or a configuration's way onto this gateway, from the job to its commit or its end:
// asks, verifies, lets the candidate prove itself beside what is committed and reports. All that
// must survive a power cut is the slots'; this is the hand that moves them. One update at a time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/decider.h"
#include "agent/job_document.h"
#include "agent/metadata_fetch.h"
#include "agent/model_host.h"
#include "agent/models.h"
#include "agent/signed_target.h"
#include "jobs/jobs_client.h"
#include "slots/slots.h"

namespace millwright::agent {

/// Not thread-safe: the models thread's.
class Delivery {
 public:
  using Publish = jobs::StreamDownload::Publish;
  struct World {
    const Settings& settings;
    slots::Slots& slots;    // of models
    slots::Slots& configs;  // of configurations
    const Loader& loader;
    ModelHost& host;
    Notary& notary;
    const DeciderCounts& decider;
    os::Files& files;
    os::Clock& clock;
    std::atomic<slots::Phase>& phase;  // where the update stands, for those who tell it
  };
  /// Borrows all of the world.
  Delivery(const World& world, Publish publish);
  ~Delivery();
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;

  [[nodiscard]] std::vector<std::string> Filters() const;
  void OnConnected();
  void OnMessage(std::string_view topic, std::span<const std::byte> payload);
  /// One turn: moves the update on as far as it goes now. Every 100 ms or so.
  void Work();

 private:
  class Sink;
  using SlotEvent = slots::Event;
  using Kind = model::BundleKind;
  using Slot = std::optional<slots::BundleRef>;
  struct Told {  // the report that is due once the gateway serves what the slots say
    jobs::Status status = jobs::Status::kSucceeded;
    std::string phase{}, reason{};
  };

  // jobs
  void OnJob(const std::optional<jobs::Job>& job);
  void TakeInstall(const jobs::Job& job);
  void TakeUndo(const jobs::Job& job);
  void Check();
  void Offer(const SignedTarget& target);
  void Report(jobs::Status status, std::string_view phase, std::string_view reason = {},
              const std::string& progress = {});
  void ReportProgress(std::string_view phase, const std::string& progress);
  void Reject(const std::string& reason) { Report(jobs::Status::kRejected, "refused", reason); }

  // phases
  void Advance();
  void Settle();
  void Download();
  void Verify();
  void Prove();
  void WarmUp();
  void Shadow();
  void Probation();
  [[nodiscard]] slots::TrialOptions TrialSettings();
  [[nodiscard]] slots::TrialVerdict Try(std::string_view phase);
  [[nodiscard]] slots::TrialVerdict TryConfig();
  [[nodiscard]] std::string TrialReason() const;
  [[nodiscard]] bool Blinds() const;
  [[nodiscard]] bool Overloaded();
  [[nodiscard]] bool Reach(const ModelHost::Wish& wish);
  [[nodiscard]] SharedPlan CommittedPlan();
  [[nodiscard]] SharedPlan CandidatePlan();
  [[nodiscard]] SharedPlan PlanFor(const Slot& model, const Slot& config);
  [[nodiscard]] Result<SharedPlan> Load(const Slot& model, const Slot& config);

  // ends
  [[nodiscard]] bool Apply(SlotEvent event, std::string_view reason = {});
  void End(SlotEvent event, const std::string& reason);
  void Forget();
  void Commit(const std::string& reason);
  [[nodiscard]] Result<void> Undo(Kind kind, const std::string& reason);
  [[nodiscard]] Result<void> CheckUndo(Kind kind);
  void TakeUndoRequest(Kind kind);
  void NoteProgress();

  [[nodiscard]] slots::Slots& SlotsOf(Kind kind) const {
    return kind == Kind::kConfig ? world_.configs : world_.slots;
  }
  [[nodiscard]] const slots::State& state() const { return SlotsOf(kind_).state(); }
  [[nodiscard]] const char* What() const;

  const World world_;
  const Publish publish_;
  jobs::JobsClient jobs_;
  Kind kind_ = Kind::kModel;             // of the update that is under way, or was last
  std::optional<JobDocument> document_;  // of the current job
  std::optional<MetadataFetch> metadata_;
  std::unique_ptr<Sink> sink_;
  std::optional<jobs::StreamDownload> download_;
  std::optional<slots::Trial> trial_;
  const SharedPlan first_;            // decides where nothing could be installed
  SharedPlan places_;                 // the plan made last: it has every channel so far
  SharedPlan committed_, candidate_;  // plans of what the slots name, once they were needed
  std::optional<Told> told_;
  std::string trial_told_;  // how the trial stands, as the hub is told
  bool hurry_ = false;      // a bad model decides: the one before it does not wait to be warm
  Nanos second_at_ = 0;     // monotonic, as all below
  Nanos progress_at_ = 0;
  Nanos retry_at_ = 0;
  uint64_t decisions_seen_ = 0, slow_seen_ = 0;
  int overloaded_s_ = 0;
  int blind_s_ = 0;               // that a machine is unknown under the new configuration alone
  std::string blinded_;           // its name
  Nanos tried_from_ = 0;          // a configuration's probation; 0: not yet
  uint64_t tried_decisions_ = 0;  // when it began
  uint64_t good_from_ = 0;        // decisions when the serving model began
  bool progress_noted_ = false;
};

}  // namespace millwright::agent
