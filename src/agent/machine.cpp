#include "agent/machine.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace millwright::agent {
namespace {

constexpr size_t kRowsMax = 20'000;        // commissioning rows kept: with 32 features 2.5 MB
constexpr Nanos kBridgeMin = 2 * kSecond;  // holes in the window that are bridged at least
constexpr double kSteadySpeedShare =
    0.03;  // speed change from step to step that still counts as steady

// Below it, keeping what the first layer made of its inputs is not worth the memory.
constexpr double kOverlapWorthKeeping = 0.1;

int8_t Quantize(float value, float scale, int32_t zero_point) {
  const auto q = static_cast<int64_t>(std::lround(value / scale)) + zero_point;
  return static_cast<int8_t>(std::clamp<int64_t>(q, -128, 127));
}

}  // namespace

Result<std::unique_ptr<Machine>> Machine::Make(std::shared_ptr<const Plan> plan, size_t asset,
                                               const Restored& restored) {
  const AssetPlan& bound = plan->assets[asset];
  MW_TRY(auto pipeline, dsp::Pipeline::Make(bound.schema, bound.settings->machine));
  MW_TRY(model::DecisionRule rule,
         model::DecisionRule::Make(bound.limits, static_cast<int>(plan->manifest.classes.size()),
                                   plan->manifest.healthy_class()));
  std::unique_ptr<Machine> machine(
      new Machine(std::move(plan), asset, std::move(pipeline), std::move(rule)));
  machine->Restore(restored);
  return machine;
}

Machine::Machine(std::shared_ptr<const Plan> plan, size_t asset,
                 std::unique_ptr<dsp::Pipeline> pipeline, model::DecisionRule rule)
    : plan_(std::move(plan)),
      asset_(plan_->assets[asset]),
      index_(asset),
      pipeline_(std::move(pipeline)),
      session_(plan_->engine,
               {.keep_inputs = plan_->engine->overlap_share() >= kOverlapWorthKeeping}),
      rule_(std::move(rule)) {
  const size_t features = asset_.schema.features.size();
  step_.features.resize(features);
  standardised_.resize(features);
  window_.resize(features * static_cast<size_t>(asset_.schema.steps));
  output_.resize(plan_->manifest.classes.size());
  probabilities_.resize(plan_->manifest.classes.size());
  latest_.resize(asset_.settings->channels.size());
  latest_ts_.resize(asset_.settings->channels.size());
  stale_after_ = std::max(asset_.schema.hold_max, 3 * asset_.schema.step) + asset_.schema.late_max;
  bridge_ = std::min(asset_.schema.hold_max,
                     std::max(asset_.schema.step * asset_.schema.steps / 2, kBridgeMin));
  rows_wanted_ = static_cast<size_t>(std::max<Nanos>(asset_.commissioning / asset_.schema.step, 1));
  row_stride_ = rows_wanted_ / kRowsMax + 1;
  const std::vector<dsp::ChannelSpec>& channels = asset_.schema.channels;
  const auto samples = std::ranges::find(channels, dsp::ChannelKind::kSamples,
                                         [](const dsp::ChannelSpec& c) { return c.kind; });
  if (samples != channels.end()) vibration_ = static_cast<int>(samples - channels.begin());
}

void Machine::Restore(const Restored& restored) {
  const model::Manifest::Standardiser& standard = plan_->manifest.standardiser;
  if (!standard.per_asset) {
    baseline_ = std::make_shared<dsp::Standardizer>(standard.mean, standard.deviation);
  } else if (restored.baseline) {
    baseline_ = std::make_shared<dsp::Standardizer>(*restored.baseline);
  } else {
    rows_.reserve((rows_wanted_ / row_stride_ + 1) * step_.features.size());
    return;
  }
  const size_t classes = probabilities_.size();
  for (size_t at = 0; at + classes <= restored.history.size(); at += classes) {
    const auto verdict = rule_.Push(std::span(restored.history).subspan(at, classes));
    fault_ = verdict.fault;
  }
  rule_.Restore(restored.level);
  if (restored.window.size() != window_.size()) return;
  window_ = restored.window;
  filled_ = std::clamp(restored.filled, 0, asset_.schema.steps);
  last_end_ = row_end_ = restored_end_ = restored.step_end;
}

uint32_t Machine::AssetChannels(uint32_t schema_channels) const {
  uint32_t out = 0;
  for (size_t s = 0; s < asset_.from_schema.size(); ++s)
    if ((schema_channels >> s & 1) != 0) out |= 1U << asset_.from_schema[s];
  return out;
}

void Machine::Push(const Item& item, std::span<const float> samples, Nanos now) {
  if (!started_) last_step_at_ = now;
  started_ = true;
  const size_t c = item.channel;
  sensor_ts_ = item.sensor_ts;
  arrived_at_ = item.arrived_at;
  // Beyond what the sensor can measure: no reading, so that the channel goes missing.
  const std::optional<Range>& range = asset_.settings->channels[c].range;
  const auto value = static_cast<double>(item.value);
  if (range && !item.is_block && (value < range->min || value > range->max)) return;
  if (!item.is_block && item.ts >= latest_ts_[c]) {
    latest_[c] = item.value;
    latest_ts_[c] = item.ts;
  }
  const int input = asset_.to_schema[c];
  if (input < 0) return;
  if (item.is_block)
    pipeline_->PushBlock(input, item.ts, item.rate_hz, samples);
  else
    pipeline_->PushReading(input, item.ts, item.value);
  last_push_at_ = now;
}

// After a restart the pipeline fills anew while the restored window still stands: for that long the
// machine's last decision goes on, instead of a moment of "unknown" that means nothing.
bool Machine::WarmsUp() {
  if (restored_end_ == 0) return false;
  const Nanos since = step_.end_ns - restored_end_;
  if (!step_.complete && step_.stuck == 0 && since > 0 && since <= asset_.schema.hold_max)
    return true;
  restored_end_ = 0;
  return false;
}

// A step that the machine before it had decided. Only just before: a clock that was set back makes
// old times new ones.
bool Machine::WasDecided() const {
  const Nanos before = taken_over_end_ - step_.end_ns;
  return taken_over_end_ != 0 && before >= 0 && before < window_length();
}

bool Machine::Next(Outcome& out, Effort effort) {
  do {
    if (!pipeline_->Pop(step_)) return false;
  } while (WarmsUp() || WasDecided());
  effort_ = effort;
  left_ = false;
  last_step_at_ = last_push_at_;
  out.plan = plan_;
  out.asset = static_cast<uint16_t>(index_);
  out.stepped = true;
  out.recommissioned = false;
  out.scored = out.level_changed = out.state_changed = false;
  out.step_end = step_.end_ns;
  out.sensor_ts = sensor_ts_;
  out.arrived_at = arrived_at_;
  out.speed_hz = step_.speed_hz;
  out.steady = std::fabs(step_.speed_hz - last_speed_hz_) <=
               static_cast<float>(kSteadySpeedShare) * std::max(step_.speed_hz, 0.1F);
  last_speed_hz_ = step_.speed_hz;
  out.level_before = rule_.level();
  out.score = Outcome::kNoScore;
  out.fault_probability = 0;
  out.learning_left_s = -1;
  out.probabilities.clear();
  out.learned.reset();
  FillSignals(out);
  last_end_ = step_.end_ns;
  named_ = false;
  Judge(out);
  out.level = rule_.level();
  out.level_changed = out.level != out.level_before || named_;
  out.fault = out.level == model::Level::kNone && !out.scored ? -1 : fault_;
  out.seq = seq_;
  out.window.assign(window_.begin(), window_.end());
  out.filled = filled_;
  return true;
}

// Which state the step speaks for. The order matters: nothing is decided on data that are not
// there, and a sensor that hangs is no evidence of health.
void Machine::Judge(Outcome& out) {
  if (step_.stopped && step_.stuck == 0) {
    filled_ = 0;
    Enter(State::kStopped, Reason::kNone, 0, out);
  } else if (!step_.complete) {
    Enter(State::kUnknown, Reason::kMissing, AssetChannels(step_.missing), out);
  } else if (step_.stuck != 0) {
    filled_ = 0;
    Enter(State::kUnknown, Reason::kStuck, AssetChannels(step_.stuck), out);
  } else if (!baseline_) {
    Learn(out);
  } else {
    Score(out);
  }
}

void Machine::Learn(Outcome& out) {
  if (rows_seen_++ % row_stride_ == 0)
    rows_.insert(rows_.end(), step_.features.begin(), step_.features.end());
  const size_t left = rows_wanted_ - std::min(rows_seen_, rows_wanted_);
  out.learning_left_s = static_cast<float>(Seconds(static_cast<Nanos>(left) * asset_.schema.step));
  Enter(State::kLearning, Reason::kNone, 0, out);
  if (left == 0) FinishLearning(out);
}

void Machine::FinishLearning(Outcome& out) {
  auto learned = dsp::Standardizer::Learn(rows_, step_.features.size(),
                                          plan_->manifest.standardiser.deviation_floor,
                                          plan_->manifest.standardiser.deviation_pooled);
  rows_.clear();
  rows_seen_ = 0;
  if (!learned) return;  // MakePlan has checked the floors: rows are never empty here
  baseline_ = std::make_shared<const dsp::Standardizer>(std::move(*learned));
  out.learned = baseline_;
  rows_.shrink_to_fit();
}

void Machine::Score(Outcome& out) {
  const nn::TensorInfo& in = plan_->engine->input();
  const size_t features = standardised_.size();
  // Across a longer hole, what stands in the window is no neighbour any more.
  const Nanos since = step_.end_ns - row_end_;
  if (since <= 0 || since > bridge_) filled_ = 0;
  row_end_ = step_.end_ns;
  baseline_->Apply(step_.features, asset_.schema.clip, standardised_, asset_.schema.log_squash);
  std::memmove(window_.data(), window_.data() + features, window_.size() - features);
  if (moved_ < asset_.schema.steps) ++moved_;
  int8_t* row = window_.data() + window_.size() - features;
  for (size_t f = 0; f < features; ++f)
    row[f] = Quantize(standardised_[f], in.scale, in.zero_point);
  filled_ = std::min(filled_ + 1, asset_.schema.steps);
  if (filled_ < asset_.schema.steps) {
    Enter(State::kUnknown, Reason::kRefilling, 0, out);
    return;
  }
  left_ = effort_ == Effort::kNoModel;
  if (!left_) RunModel(out);
}

bool Machine::ScoreLeft(Outcome& out) {
  if (!left_) return false;
  left_ = false;
  out.plan = plan_;
  out.asset = static_cast<uint16_t>(index_);
  out.step_end = step_.end_ns;
  RunModel(out);
  return true;
}

void Machine::RunModel(Outcome& out) {
  const nn::TensorInfo& result = plan_->engine->output();
  session_.RunNext(window_, output_, static_cast<size_t>(std::min(moved_, asset_.schema.steps)));
  moved_ = 0;
  for (size_t c = 0; c < output_.size(); ++c)
    probabilities_[c] = static_cast<float>(output_[c] - result.zero_point) * result.scale;
  const model::Verdict verdict = rule_.Push(probabilities_);
  fault_ = verdict.fault;
  named_ = verdict.named;
  out.scored = true;
  out.score = verdict.score;
  out.fault_probability = verdict.fault_probability;
  out.probabilities.assign(probabilities_.begin(), probabilities_.end());
  ++seq_;
  Enter(State::kRunning, Reason::kNone, 0, out);
}

void Machine::Enter(State state, Reason reason, uint32_t channels, Outcome& out) {
  out.state_before = state_;
  out.state_changed = state != state_ || reason != reason_ || channels != reason_channels_;
  out.state = state_ = state;
  out.reason = reason_ = reason;
  out.reason_channels = reason_channels_ = channels;
}

bool Machine::CheckStale(Nanos now, Outcome& out) {
  if (!started_) {
    started_ = true;
    last_step_at_ = now;
  }
  if (now - last_step_at_ < stale_after_) return false;
  if (state_ == State::kUnknown && reason_ == Reason::kNoData) return false;
  out.plan = plan_;
  out.asset = static_cast<uint16_t>(index_);
  out.stepped = out.scored = out.recommissioned = false;
  out.level = out.level_before = rule_.level();
  out.level_changed = false;
  out.score = Outcome::kNoScore;
  out.fault = out.level == model::Level::kNone ? -1 : fault_;
  out.fault_probability = 0;
  out.learning_left_s = -1;
  out.seq = seq_;
  // In the data's time: replayed recordings are old.
  out.step_end = last_end_ == 0 ? 0 : last_end_ + (now - last_step_at_);
  out.sensor_ts = out.arrived_at = 0;
  out.probabilities.clear();
  out.signals.assign(asset_.signals.size(), std::numeric_limits<float>::quiet_NaN());
  out.window.clear();
  out.filled = 0;
  out.learned.reset();
  filled_ = 0;
  Enter(State::kUnknown, Reason::kNoData, 0, out);
  return true;
}

void Machine::Recommission(Nanos utc, Outcome& out) {
  // Whatever looks back (a mean over hours) has seen the machine as it was.
  pipeline_->Reset();
  if (last_end_ != 0) pipeline_->FollowGrid(last_end_);
  if (plan_->manifest.standardiser.per_asset) {
    baseline_.reset();
    rows_.clear();
    rows_.reserve((rows_wanted_ / row_stride_ + 1) * step_.features.size());
    rows_seen_ = 0;
  }
  out.plan = plan_;
  out.asset = static_cast<uint16_t>(index_);
  out.recommissioned = true;
  out.stepped = out.scored = out.state_changed = false;
  out.level_before = rule_.level();
  rule_.Reset();
  fault_ = out.fault = -1;
  out.level = rule_.level();
  out.level_changed = out.level != out.level_before;
  out.score = Outcome::kNoScore;
  out.fault_probability = 0;
  out.learning_left_s = -1;
  out.step_end = last_end_ == 0 ? utc : last_end_;  // in the data's time
  out.sensor_ts = out.arrived_at = 0;
  out.seq = seq_;
  out.probabilities.clear();
  out.signals.assign(asset_.signals.size(), std::numeric_limits<float>::quiet_NaN());
  out.window.clear();
  out.filled = filled_ = moved_ = 0;
  out.learned.reset();
  session_.ResetState();
  restored_end_ = 0;
  left_ = false;
  // At once: what was decided before must not be read as if it were of now.
  if (baseline_)
    Enter(State::kUnknown, Reason::kRefilling, 0, out);
  else
    Enter(State::kLearning, Reason::kNone, 0, out);
}

void Machine::FollowGrid(const Machine& live) {
  if (live.last_end_ != 0 && live.asset_.schema.step == asset_.schema.step)
    pipeline_->FollowGrid(live.last_end_);
}

bool Machine::ReadyToReplace(const Machine& live) const {
  if (live.baseline_ && !baseline_) return false;  // it would have to learn first
  return live.state_ != State::kRunning || state_ == State::kRunning;
}

bool Machine::BlindBeside(const Machine& other) const {
  const bool for_want_of_data = state_ == State::kUnknown && reason_ != Reason::kRefilling;
  return other.state_ == State::kRunning && for_want_of_data;
}

// The rule's own history stands: it has judged the same windows. The level that is open stays open
// until this model, too, finds it cleared.
void Machine::TakeOver(const Machine& live) {
  rule_.Restore(live.rule_.level());
  fault_ = -1;
  if (live.fault_ >= 0) {
    const auto& classes = plan_->manifest.classes;
    const std::string& code = live.plan_->manifest.classes[static_cast<size_t>(live.fault_)].code;
    const auto same = std::ranges::find(classes, code, &model::FaultClass::code);
    if (same != classes.end()) fault_ = static_cast<int>(same - classes.begin());
  }
  seq_ = live.seq_;
  state_ = live.state_;
  reason_ = live.reason_;
  reason_channels_ = live.reason_channels_;
  taken_over_end_ = live.last_end_;
  last_end_ = std::max(last_end_, live.last_end_);
  last_push_at_ = live.last_push_at_;
  last_step_at_ = live.last_step_at_;
  started_ = live.started_;
}

void Machine::FillSignals(Outcome& out) const {
  const double nominal = asset_.settings->machine.shaft_hz;
  const double ratio = nominal > 0 ? static_cast<double>(step_.speed_hz) / nominal : 1;
  out.signals.resize(asset_.signals.size());
  for (size_t i = 0; i < asset_.signals.size(); ++i) {
    const Signal& signal = asset_.signals[i];
    const auto c = static_cast<size_t>(std::max(signal.channel, 0));
    float value = Outcome::kNoScore;
    if (signal.channel >= 0) {
      if (latest_ts_[c] != 0 && step_.end_ns - latest_ts_[c] <= asset_.schema.hold_max)
        value = latest_[c];
    } else if (step_.complete) {
      value = SignalValue(signal, step_.features[static_cast<size_t>(signal.feature)], ratio);
    }
    out.signals[i] = value;
  }
}

}  // namespace millwright::agent
