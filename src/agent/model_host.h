// The models thread's end of the exchange with the decision thread: which model decides there,
// which one watches, and how to get from one pair to the next.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/exchange.h"
#include "agent/plan.h"

namespace millwright::agent {

using SharedPlan = std::shared_ptr<const Plan>;

/// One owner thread. One order is under way at a time.
class ModelHost {
 public:
  /// Borrows the exchange. `wake`: the decision thread has something to do. `make_crew` gives fresh
  /// machines with the baselines that their plan can use.
  using CrewMaker = std::function<Result<std::unique_ptr<Crew>>(const SharedPlan& plan)>;
  ModelHost(SharedPlan serving, Exchange& exchange, std::function<void()> wake,
            CrewMaker make_crew);

  /// What is wanted. `watching` may be none.
  struct Wish {
    SharedPlan serving{}, watching{};
    Candidate candidate = Candidate::kWatches;
    bool at_once = false;  // the change of places waits for no machine to be warm
  };
  /// Takes one step towards it. True once it is so; errors are the crew maker's.
  [[nodiscard]] Result<bool> Reach(const Wish& wish);

  /// Takes answers, ends machines and plans that nobody uses any more.
  void Work();
  [[nodiscard]] bool warm() const { return !busy_ && exchange_.warm.load(); }
  /// A machine that the candidate cannot decide about and the other plan can; -1: none.
  [[nodiscard]] int blind() const { return busy_ ? -1 : exchange_.blind.load(); }
  [[nodiscard]] std::optional<slots::Pair> TakePair() { return exchange_.pairs.TryPop(); }
  void DropPairs();

  [[nodiscard]] const SharedPlan& serving() const { return serving_; }
  [[nodiscard]] const SharedPlan& watching() const { return watching_; }

 private:
  void Send(Order order);
  void Retire(SharedPlan plan);

  Exchange& exchange_;
  const std::function<void()> wake_;
  const CrewMaker make_crew_;
  SharedPlan serving_, watching_;
  Candidate candidate_ = Candidate::kWatches;
  Candidate ordered_ = Candidate::kWatches;
  bool busy_ = false;
  std::vector<SharedPlan> retired_;  // until the last outcome of theirs is gone: they end here
};

}  // namespace millwright::agent
