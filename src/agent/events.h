// Writes the events of the uplink: serialised wire::Event bodies, without lane and sequence, as the
// outbox takes them. The generated headers stay inside the .cpp.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "agent/evidence.h"
#include "agent/outcome.h"
#include "agent/plan.h"
#include "outbox/outbox.h"

namespace millwright::agent {

struct OpenAlarm {
  std::string key;
  model::Level level = model::Level::kNone;
};

struct HealthFigures {
  double uptime_s = 0;
  int64_t rss_bytes = 0;
  uint64_t decisions = 0;
  double decision_ms_p50 = 0, decision_ms_p99 = 0, decision_ms_p999 = 0, decision_ms_max = 0;
  uint64_t outbox_records = 0, outbox_bytes = 0, evicted_records = 0;
  uint64_t dropped_readings = 0, rejected_payloads = 0;
  std::string version;
  std::string priority;
  std::string_view update;       // phase of the model that is on its way
  std::string_view certificate;  // identity::Name of how it stands
  Nanos certificate_until = 0;
};

/// A baseline as it lies on the disk.
struct BaselineFile {
  std::string_view name, document;
  Nanos learned_at = 0;
};

/// What a record is, for the witness and for logs.
struct Event {
  outbox::NewRecord record;
  const char* kind =
      "";  // "alarm", "state", "gap", "health", "features", "spectrum", "asset", "baseline", ...
};

[[nodiscard]] Event AlarmEvent(const Plan& plan, const Outcome& outcome, const OpenAlarm& alarm,
                               std::span<const Contribution> contributions,
                               std::span<const Mark> marks, double decision_ms);
[[nodiscard]] Event StateEvent(const Plan& plan, const Outcome& outcome);
[[nodiscard]] Event GapEvent(const Plan& plan, size_t asset, const Hole& hole);
/// Telemetry of any machine that was given up while the disk failed.
[[nodiscard]] Event DeviceGapEvent(Nanos from, Nanos to, uint64_t count);
[[nodiscard]] Event HealthEvent(const Plan& plan, const HealthFigures& figures, Nanos ts);
[[nodiscard]] Event BaselineEvent(const Plan& plan, size_t asset, const BaselineFile& baseline,
                                  Nanos ts);
[[nodiscard]] Event RecommissionedEvent(const Plan& plan, size_t asset, const std::string& service,
                                        Nanos ts);
[[nodiscard]] Event AssetInfoEvent(const Plan& plan, size_t asset, Nanos ts);

enum class SpectrumKind : uint8_t { kVelocity = 0, kEnvelope = 1, kWaveform = 2 };
[[nodiscard]] Event SpectrumEvent(const Plan& plan, const Waveform& waveform, SpectrumKind kind,
                                  std::span<const float> values, float step_hz, std::string unit,
                                  std::span<const Mark> marks);

/// Rows of one asset that wait for the next telemetry record.
class Telemetry {
 public:
  Telemetry(const Plan& plan, size_t asset) : plan_(plan), asset_(asset) {}

  void AddStep(const Outcome& outcome);
  /// Joins stretches that continue each other.
  void AddCoverage(std::span<const Extent> extents, std::span<const Hole> holes);
  [[nodiscard]] bool empty() const { return ts_.empty() && extents_.empty(); }
  [[nodiscard]] size_t rows() const { return ts_.size(); }
  [[nodiscard]] size_t extents() const { return extents_.size(); }
  /// Everything gathered so far, as one record; afterwards empty.
  [[nodiscard]] Event Take(Nanos now);

 private:
  const Plan& plan_;
  const size_t asset_;
  std::vector<Nanos> ts_;
  std::vector<float> score_, signals_;
  std::vector<uint32_t> level_, state_, fault_;
  float learning_left_s_ = 0;  // at the newest step
  std::vector<Extent> extents_;
  std::vector<int> open_;  // by channel: index of its open stretch in extents_, -1: none
};

}  // namespace millwright::agent
