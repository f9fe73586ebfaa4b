// The recorder: the only thread that touches the disk. Turns outcomes into events, commits them in
// groups (an alarm at once), and keeps what the next run needs.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/decider.h"
#include "agent/events.h"
#include "agent/evidence.h"
#include "agent/histogram.h"
#include "agent/ingest.h"
#include "agent/memory.h"
#include "agent/uplink.h"
#include "agent/witness.h"
#include "identity/standing.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/process.h"
#include "outbox/outbox.h"
#include "slots/table.h"

namespace millwright::agent {

/// How the gateway stands with its certificate; written by whoever keeps it.
struct CertificateNote {
  std::atomic<identity::Standing> standing{identity::Standing::kNotKept};
  std::atomic<Nanos> until{0};
};

/// Figures of the other threads that a health report tells.
struct HealthSources {
  const Histogram& latency;
  const IngestCounts& ingest;
  const DeciderCounts& decider;
  const std::atomic<os::Urgency>& urgency;
  const std::atomic<slots::Phase>& phase;  // of the model that is on its way
  const CertificateNote& certificate;
  std::string version;
};

struct RecorderCounts {
  std::atomic<uint64_t> accepted{0};        // records with a sequence
  std::atomic<uint64_t> refused{0};         // the outbox had no room for them
  std::atomic<uint64_t> failed_commits{0};  // disk full or broken; tried again
  std::atomic<uint64_t> dropped_telemetry{
      0};  // records given up while the disk failed, declared as gaps
};

class Recorder {
 public:
  /// Borrows all but `memory`; they outlive it. `on_commit` is called after each commit.
  Recorder(std::shared_ptr<const Plan> plan, Memory memory, Outlets& outlets,
           ServiceQueue& services, outbox::Outbox& outbox, os::Files& files, os::Clock& clock,
           HealthSources sources, std::function<void()> on_commit);

  /// Takes what waits, commits what is due. Returns how long nothing more is due (at most 50 ms).
  [[nodiscard]] Nanos Work();
  /// Writes down everything that is left, telemetry and snapshot included.
  void Finish();

  [[nodiscard]] const RecorderCounts& counts() const { return counts_; }

 private:
  struct Asset {
    Asset(std::shared_ptr<const Plan> of, size_t index)
        : plan(std::move(of)), telemetry(std::in_place, *plan, index) {}
    std::shared_ptr<const Plan> plan;  // of the steps in `telemetry` and `window`
    std::shared_ptr<const Plan> explains;
    std::optional<Telemetry> telemetry;
    std::optional<Evidence> evidence;           // of the plan `explains`
    std::vector<Restored::Position> positions;  // by channel: covered up to, with what is pending
    bool moved = false;                         // positions differ from the last mark
    OpenAlarm alarm;
    WindowState window;
    std::map<std::string, float> amplitudes;  // of the spectral marks at commissioning
    std::vector<Mark> marks;                  // of the latest waveform
    std::optional<Baseline> baseline;         // learned, not yet on disk
    std::shared_ptr<const Plan> learned_by;
    std::optional<ServiceNote> service;  // asked of the decision thread, not yet answered
    Nanos service_asked = 0;             // monotonic
  };

  void TakeServices();
  void AskForService(size_t index, const ServiceNote& note);
  void OnRecommissioned(const Outcome& outcome);
  void TakeAlerts();
  void TakeRecords();
  void TakeWaveforms();
  void OnAlert(const Outcome& outcome);
  void OnRecord(const Outcome& outcome);
  void Follow(size_t index, const Outcome& outcome);
  [[nodiscard]] Evidence& EvidenceOf(size_t index, const std::shared_ptr<const Plan>& plan);
  void PendTelemetry(size_t index);
  void RememberWindow(Asset& asset, const Outcome& outcome);
  void TakeTelemetry(Nanos now, bool all);
  void MakeHealth(Nanos now);
  void SaveBaselines();
  void TellBaseline(const Plan& plan, size_t index, const BaselineCopy& copy);
  void SaveWindows(Nanos now);
  void Pend(Event event);
  void PendMark(std::string key, std::string value);
  void Commit(Nanos now);
  void Shed();
  [[nodiscard]] bool CommitDue(Nanos now) const;

  std::shared_ptr<const Plan> plan_;  // of the latest step: what decides now
  Outlets& outlets_;
  ServiceQueue& services_;
  outbox::Outbox& outbox_;
  os::Files& files_;
  os::Clock& clock_;
  HealthSources sources_;
  std::function<void()> on_commit_;
  Witness witness_;
  std::vector<Asset> assets_;
  std::deque<Event> pending_;
  size_t pending_bytes_ = 0;
  std::map<std::string, std::string> pending_marks_;
  bool urgent_ = false;
  Nanos started_at_ = 0;  // monotonic, as all below
  Nanos pending_since_ = 0;
  Nanos retry_at_ = 0;
  Nanos telemetry_at_ = 0;
  Nanos health_at_ = 0;
  Nanos windows_at_ = 0;
  RecorderCounts counts_;
};

}  // namespace millwright::agent
