#include "streams.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace millwright::bench {
namespace {

constexpr Nanos kApart = 3 * kSecond;  // windows of a gateway; time_min is no bar here

double Phi(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

double Quantile(const std::vector<double>& quantiles, double share) {
  const double at = share * static_cast<double>(quantiles.size() - 1);
  const auto low = static_cast<size_t>(at);
  const size_t high = std::min(low + 1, quantiles.size() - 1);
  return quantiles[low] + (at - static_cast<double>(low)) * (quantiles[high] - quantiles[low]);
}

}  // namespace

Result<StreamModel> ReadStreamModel(const std::string& json) {
  const auto read = nlohmann::json::parse(json, nullptr, false);
  if (read.is_discarded() || !read.contains("quantiles") || read["quantiles"].size() < 2)
    return Fail(Errc::kInvalid, "the model of a stream has no quantiles");
  StreamModel out;
  out.quantiles = read["quantiles"].get<std::vector<double>>();
  out.neighbours = read.value("neighbours", out.neighbours);
  out.alarm_share = read.value("alarm_share", out.alarm_share);
  out.alarm_stays = read.value("alarm_stays", out.alarm_stays);
  out.missed = read.value("missed", out.missed);
  out.alarming = read.value("alarming", out.alarming);
  out.confused = read.value("confused", out.confused);
  out.old_confidence = read.value("old_confidence", out.old_confidence);
  return out;
}

Stream::Stream(const StreamModel& model, Injected injected, int machines, uint64_t seed)
    : model_(model), injected_(injected), random_(seed), machines_(static_cast<size_t>(machines)) {
  for (Machine& m : machines_) {
    m.difference = normal_(random_);
    m.disagreement = normal_(random_);
    m.alarms = uniform_(random_) < model_.alarm_share;
  }
}

double Stream::Move(double& latent) {
  const double kept = model_.neighbours;
  latent = kept * latent + std::sqrt(1 - kept * kept) * normal_(random_);
  return Phi(latent);
}

slots::Pair Stream::Next() {
  Machine& m = machines_[turn_++ % machines_.size()];
  const double share = model_.alarm_share;
  const double comes = std::min(1.0, share * (1 - model_.alarm_stays) / std::max(1e-9, 1 - share));
  m.alarms = uniform_(random_) < (m.alarms ? model_.alarm_stays : comes);
  const double difference = Quantile(model_.quantiles, Move(m.difference)) + injected_.confidence;
  const bool differs = Move(m.disagreement) < (m.alarms ? model_.missed : model_.alarming);
  now_ += kApart;
  slots::Pair pair{.at = now_, .latency_ms = 1};
  pair.old_confidence = static_cast<float>(model_.old_confidence);
  pair.new_confidence = static_cast<float>(model_.old_confidence + difference);
  pair.old_alarms = m.alarms;
  pair.new_alarms = m.alarms != differs;
  pair.same_class = !differs && (!m.alarms || uniform_(random_) >= model_.confused);
  GoWrong(pair, injected_.wrong, model_.alarm_share, random_);
  return pair;
}

void GoWrong(slots::Pair& pair, Wrong wrong, double share, std::mt19937_64& random) {
  if (wrong == Wrong::kNot) return;
  pair.new_confidence = 0.99F;
  if (wrong == Wrong::kAllHealthy) pair.new_alarms = false;
  if (wrong == Wrong::kOneFault) pair.new_alarms = true;
  if (wrong == Wrong::kAtRandom) pair.new_alarms = std::bernoulli_distribution(share)(random);
  if (wrong == Wrong::kOtherFaults) pair.new_alarms = pair.old_alarms;
  pair.same_class = !pair.old_alarms && !pair.new_alarms;
}

Ended RunTrial(const slots::TrialOptions& options, const std::function<slots::Pair()>& next,
               int64_t windows, bool through) {
  auto trial = slots::Trial::Make(options);
  Ended out;
  while (trial && trial->count() < windows) {
    trial->Push(next());
    out.verdict = trial->verdict();
    if (out.verdict == slots::TrialVerdict::kWorse) break;
    if (out.verdict == slots::TrialVerdict::kPassed && !through) break;
  }
  if (!trial) return out;
  out.windows = trial->count();
  out.reason = trial->reason();
  return out;
}

}  // namespace millwright::bench
