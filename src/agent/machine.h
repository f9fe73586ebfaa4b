// One machine on the decision thread: pipeline, standardisation, window, model, decision rule.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

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

/// How much of a step is worked out at once: a machine that only watches leaves the model for when
/// there is time.
enum class Effort : uint8_t { kAll, kNoModel };

/// Not thread-safe. After the constructor only the end of commissioning allocates.
class Machine {
 public:
  /// Shares the plan with the outcomes that it explains. Fails only where it was not made by
  /// MakePlan.
  [[nodiscard]] static Result<std::unique_ptr<Machine>> Make(std::shared_ptr<const Plan> plan,
                                                             size_t asset,
                                                             const Restored& restored);

  /// Takes one reading or block. `now`: monotonic, when it was taken.
  void Push(const Item& item, std::span<const float> samples, Nanos now);
  /// Decides the next finished step; false where none is.
  [[nodiscard]] bool Next(Outcome& out, Effort effort = Effort::kAll);
  /// The model's part of the last step, where Next left it out and no step has come since.
  [[nodiscard]] bool ScoreLeft(Outcome& out);
  [[nodiscard]] bool has_left() const { return left_; }
  /// True where too long nothing could be decided: the machine is then unknown, and `out` says so.
  [[nodiscard]] bool CheckStale(Nanos now, Outcome& out);

  /// Before the first reading: its steps end where those of `live` do.
  void FollowGrid(const Machine& live);
  /// Whether it could decide in the place of `live` without a step of "unknown" in between.
  [[nodiscard]] bool ReadyToReplace(const Machine& live) const;
  /// Whether it cannot be decided about for want of data, while `other` decides.
  [[nodiscard]] bool BlindBeside(const Machine& other) const;
  /// Decides from the next step on in the place of `live`, of another plan: numbers, state and open
  /// alarm go on, and no step is decided twice. Does not allocate.
  void TakeOver(const Machine& live);

  /// The machine was repaired or replaced: forgets what was normal, its window and its open level,
  /// and learns anew. Allocates, as the end of commissioning does: once in a repair.
  void Recommission(Nanos utc, Outcome& out);

  [[nodiscard]] const Plan& plan() const { return *plan_; }
  [[nodiscard]] Nanos step() const { return asset_.schema.step; }
  [[nodiscard]] Nanos window_length() const { return asset_.schema.step * asset_.schema.steps; }
  /// Index of the schema's first samples channel, -1: it has none.
  [[nodiscard]] int vibration() const { return vibration_; }
  [[nodiscard]] std::span<const float> Samples(int schema_channel) const {
    return pipeline_->Samples(schema_channel);
  }

 private:
  Machine(std::shared_ptr<const Plan> plan, size_t asset, std::unique_ptr<dsp::Pipeline> pipeline,
          model::DecisionRule rule);
  void Restore(const Restored& restored);
  [[nodiscard]] bool WarmsUp();
  [[nodiscard]] bool WasDecided() const;
  void Judge(Outcome& out);
  void Learn(Outcome& out);
  void FinishLearning(Outcome& out);
  void Score(Outcome& out);
  void RunModel(Outcome& out);
  void Enter(State state, Reason reason, uint32_t channels, Outcome& out);
  void FillSignals(Outcome& out) const;
  [[nodiscard]] uint32_t AssetChannels(uint32_t schema_channels) const;

  const std::shared_ptr<const Plan> plan_;
  const AssetPlan& asset_;
  const size_t index_;
  std::unique_ptr<dsp::Pipeline> pipeline_;
  nn::Session session_;
  model::DecisionRule rule_;
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

  Effort effort_ = Effort::kAll;
  int vibration_ = -1;
  State state_ = State::kUnknown;
  Reason reason_ = Reason::kNone;
  uint32_t reason_channels_ = 0;
  int filled_ = 0;
  int moved_ = 0;  // steps since the model ran
  int fault_ = -1;
  bool named_ = false;  // in this step an open alarm's unknown fault got its name
  uint64_t seq_ = 0;
  Nanos last_end_ = 0;
  Nanos row_end_ = 0;         // step time of the window's newest row
  Nanos bridge_ = 0;          // longest hole between two rows of one window
  Nanos restored_end_ = 0;    // of the restored window, until the pipeline has filled again
  Nanos taken_over_end_ = 0;  // the last step that the machine before it decided
  Nanos last_push_at_ = 0;    // monotonic
  Nanos last_step_at_ = 0;    // monotonic; of the last step, or the start
  Nanos stale_after_ = 0;
  Nanos sensor_ts_ = 0;
  Nanos arrived_at_ = 0;
  float last_speed_hz_ = 0;
  bool started_ = false;
  bool left_ = false;  // the window is full and has not been scored
};

}  // namespace millwright::agent
