// One machine on the decision thread: pipeline, standardisation, window, model, decision rule.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "agent/coverage.h"
#include "agent/outcome.h"
#include "agent/plan.h"
#include "model/decision_rule.h"
#include "nn/session.h"

namespace millwright::agent {

/// What an earlier run left behind about one machine.
struct Restored {
  struct Position {
    size_t channel = 0;
    Nanos last = 0;
    uint64_t last_seq = 0;
  };
  std::vector<Position> covered;              // from the outbox: durable
  std::optional<dsp::Standardizer> baseline;  // from its file: durable
  std::vector<int8_t> window;  // from the snapshot: survives a crash, not a power cut
  int filled = 0;
  Nanos step_end = 0;
  std::vector<float> history;                // [n x classes] probabilities, oldest first
  model::Level level = model::Level::kNone;  // of the open alarm: durable
};

/// Not thread-safe. After the constructor only the end of commissioning allocates.
class Machine {
 public:
  /// Borrows `plan` and its asset, which outlive it. Fails only where the plan was not made by
  /// MakePlan.
  [[nodiscard]] static Result<std::unique_ptr<Machine>> Make(const Plan& plan, size_t asset,
                                                             const Restored& restored);

  /// Takes one reading or block. `now`: monotonic, when it was taken.
  void Push(const Item& item, std::span<const float> samples, Nanos now);
  /// Decides the next finished step; false where none is.
  [[nodiscard]] bool Next(Outcome& out);
  /// True where too long nothing could be decided: the machine is then unknown, and `out` says so.
  [[nodiscard]] bool CheckStale(Nanos now, Outcome& out);

  /// Moves the coverage gathered since the last call into `out`.
  void TakeCoverage(Outcome& out);
  [[nodiscard]] Coverage& coverage() { return coverage_; }
  [[nodiscard]] std::span<const float> Samples(int schema_channel) const {
    return pipeline_->Samples(schema_channel);
  }

 private:
  Machine(const Plan& plan, size_t asset, std::unique_ptr<dsp::Pipeline> pipeline,
          model::DecisionRule rule);
  void Restore(const Restored& restored);
  [[nodiscard]] bool WarmsUp();
  void Judge(Outcome& out);
  void Learn(Outcome& out);
  void FinishLearning(Outcome& out);
  void Score(Outcome& out);
  void Enter(State state, Reason reason, uint32_t channels, Outcome& out);
  void FillSignals(Outcome& out) const;
  [[nodiscard]] uint32_t AssetChannels(uint32_t schema_channels) const;

  const Plan& plan_;
  const AssetPlan& asset_;
  const size_t index_;
  std::unique_ptr<dsp::Pipeline> pipeline_;
  nn::Session session_;
  model::DecisionRule rule_;
  Coverage coverage_;
  std::shared_ptr<const dsp::Standardizer> baseline_;  // null: learning

  dsp::Step step_;
  std::vector<float> standardised_;
  std::vector<int8_t> window_;
  std::vector<int8_t> output_;
  std::vector<float> probabilities_;
  std::vector<float> rows_;  // healthy steps while learning
  size_t rows_seen_ = 0;
  size_t rows_wanted_ = 0;
  size_t row_stride_ = 1;      // of a very long commissioning every so many-th step is kept
  std::vector<float> latest_;  // last value of each reading channel
  std::vector<Nanos> latest_ts_;

  State state_ = State::kUnknown;
  Reason reason_ = Reason::kNone;
  uint32_t reason_channels_ = 0;
  int filled_ = 0;
  int fault_ = -1;
  uint64_t seq_ = 0;
  Nanos last_end_ = 0;
  Nanos row_end_ = 0;       // step time of the window's newest row
  Nanos bridge_ = 0;        // longest hole between two rows of one window
  Nanos restored_end_ = 0;  // of the restored window, until the pipeline has filled again
  Nanos last_push_at_ = 0;  // monotonic
  Nanos last_step_at_ = 0;  // monotonic; of the last step, or the start
  Nanos stale_after_ = 0;
  Nanos sensor_ts_ = 0;
  Nanos arrived_at_ = 0;
  float last_speed_hz_ = 0;
  bool started_ = false;
};

}  // namespace millwright::agent
