// The decision thread's part in a change of model: the other crew sees what the deciding one saw,
// and the two change places between two steps.
#include <algorithm>

#include "agent/decider.h"
#include "core/check.h"

namespace millwright::agent {

// After the live decision has been handed on. The pipeline has to see all data in their order; the
// model runs when nothing waits to be decided.
void Decider::Watch(const Item& item, std::span<const float> samples) {
  if (item.channel >= watching_->plan->assets[item.asset].to_schema.size()) return;
  Machine& machine = *watching_->machines[item.asset];
  Outcome& outcome = watching_->scratch;
  const Nanos began = clock_.Monotonic();
  const bool waited = machine.has_left();
  bool stepped = false;
  machine.Push(item, samples, began);
  while (machine.Next(outcome, Effort::kNoModel)) {
    stepped = true;
    if (!outcome.learned) continue;
    // A model of another schema has learned its machine: that is kept, and nothing else happened.
    outcome.level_changed = outcome.state_changed = false;
    HandAlert(outcome);
  }
  if (!stepped) return;
  if (waited) counts_.skipped.fetch_add(1, std::memory_order_relaxed);
  seats_[item.asset].watched_ms = Seconds(clock_.Monotonic() - began) * 1e3;
  const bool queued = std::ranges::find(unscored_, item.asset) != unscored_.end();
  if (machine.has_left() && !queued) unscored_.push_back(item.asset);
}

void Decider::ScoreWatched() {
  Outcome& outcome = watching_->scratch;
  while (!unscored_.empty() && inbox_.queue.size() == 0) {
    const size_t asset = unscored_.back();
    unscored_.pop_back();
    const Nanos began = clock_.Monotonic();
    if (!watching_->machines[asset]->ScoreLeft(outcome)) continue;
    Seat& seat = seats_[asset];
    const double took_ms = seat.watched_ms + Seconds(clock_.Monotonic() - began) * 1e3;
    const auto pair = seat.pairing.Watched(outcome, took_ms);
    if (!pair) continue;
    exchange_.pairs_made.fetch_add(1, std::memory_order_relaxed);
    if (!exchange_.pairs.TryPush(slots::Pair(*pair)))
      exchange_.pairs_lost.fetch_add(1, std::memory_order_relaxed);
  }
}

void Decider::TakeOrders() {
  while (Order* order = exchange_.orders.BeginPop()) {
    Answer* answer = exchange_.answers.BeginPush();
    if (answer == nullptr) return;
    answer->kind = order->kind;
    answer->done = Carry(*order);
    // Never ended here: what comes back is the models thread's to end.
    answer->crew = order->kind == Order::Kind::kUnwatch ? std::move(watching_) : nullptr;
    exchange_.orders.CommitPop();
    exchange_.answers.CommitPush();
  }
}

bool Decider::Carry(Order& order) {
  unscored_.clear();
  if (order.kind == Order::Kind::kWatch) {
    MW_CHECK(!watching_);
    watching_ = std::move(order.crew);
    for (size_t a = 0; a < seats_.size(); ++a)
      watching_->machines[a]->FollowGrid(*live_->machines[a]);
  } else if (order.kind == Order::Kind::kSwap) {
    if (!watching_ || (!order.at_once && !AllWarm())) return false;
    if (!FollowChannels()) return false;
    for (size_t a = 0; a < seats_.size(); ++a)
      watching_->machines[a]->TakeOver(*live_->machines[a]);
    std::swap(live_, watching_);
    counts_.swaps.fetch_add(1, std::memory_order_relaxed);
  }
  candidate_ = order.candidate;
  exchange_.warm.store(false, std::memory_order_release);
  exchange_.blind.store(-1, std::memory_order_release);
  if (order.kind != Order::Kind::kUnwatch) StartPairing(order.candidate);
  return true;
}

// Coverage under the channels of the configuration that decides from here on. What was gathered
// goes out under those before; where the recorder has no room for it the change waits. Where
// channels are equal, as between two models, nothing happens; else this is the one allocation of a
// change.
bool Decider::FollowChannels() {
  for (size_t a = 0; a < seats_.size(); ++a) {
    const std::vector<Nanos>& periods = watching_->plan->assets[a].periods;
    if (live_->plan->assets[a].periods == periods) continue;
    if (!HandCoverage(a)) return false;
    seats_[a].coverage.Follow(periods);
  }
  return true;
}

int Decider::FindBlind() const {
  const Crew& candidate = candidate_ == Candidate::kDecides ? *live_ : *watching_;
  const Crew& other = candidate_ == Candidate::kDecides ? *watching_ : *live_;
  for (size_t a = 0; a < seats_.size(); ++a)
    if (candidate.machines[a]->BlindBeside(*other.machines[a])) return static_cast<int>(a);
  return -1;
}

void Decider::StartPairing(Candidate candidate) {
  for (size_t a = 0; a < seats_.size(); ++a) {
    const Machine& live = *live_->machines[a];
    const Machine& watching = *watching_->machines[a];
    const Nanos step = std::min(live.step(), watching.step());
    seats_[a].pairing.Start(candidate, std::max(live.window_length(), watching.window_length()),
                            step / 4);
  }
}

bool Decider::AllWarm() const {
  for (size_t a = 0; a < seats_.size(); ++a)
    if (!watching_->machines[a]->ReadyToReplace(*live_->machines[a])) return false;
  return true;
}

}  // namespace millwright::agent
