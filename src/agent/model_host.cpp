#include "agent/model_host.h"

#include <algorithm>

#include "core/check.h"

namespace millwright::agent {

ModelHost::ModelHost(SharedPlan serving, Exchange& exchange, std::function<void()> wake,
                     CrewMaker make_crew)
    : exchange_(exchange),
      wake_(std::move(wake)),
      make_crew_(std::move(make_crew)),
      serving_(std::move(serving)) {}

Result<bool> ModelHost::Reach(const Wish& wish) {
  if (busy_) return false;
  if (serving_ == wish.serving) {
    if (watching_ == wish.watching && (!watching_ || candidate_ == wish.candidate)) return true;
    if (watching_) {
      Send({.kind = Order::Kind::kUnwatch});
      return false;
    }
    MW_TRY(auto crew, make_crew_(wish.watching));
    watching_ = wish.watching;
    Send({.kind = Order::Kind::kWatch, .candidate = wish.candidate, .crew = std::move(crew)});
    return false;
  }
  if (watching_ == wish.serving) {
    Send({.kind = Order::Kind::kSwap, .candidate = wish.candidate, .at_once = wish.at_once});
  } else if (watching_) {
    Send({.kind = Order::Kind::kUnwatch});
  } else {
    MW_TRY(auto crew, make_crew_(wish.serving));
    watching_ = wish.serving;
    Send({.kind = Order::Kind::kWatch, .candidate = wish.candidate, .crew = std::move(crew)});
  }
  return false;
}

void ModelHost::Send(Order order) {
  ordered_ = order.candidate;
  busy_ = true;
  MW_CHECK(exchange_.orders.TryPush(std::move(order)));
  wake_();
}

void ModelHost::Work() {
  while (auto answer = exchange_.answers.TryPop()) {
    busy_ = false;
    if (!answer->done) continue;
    candidate_ = ordered_;
    DropPairs();  // of the roles before
    if (answer->kind == Order::Kind::kSwap) std::swap(serving_, watching_);
    if (answer->kind == Order::Kind::kUnwatch) Retire(std::move(watching_));
  }
  std::erase_if(retired_, [](const SharedPlan& plan) { return plan.use_count() == 1; });
}

// Outcomes in the queues share the plan. The last one to let go of it must not be the decision
// thread, which would have to give back its memory.
void ModelHost::Retire(SharedPlan plan) {
  watching_.reset();
  if (!plan || std::ranges::find(retired_, plan) != retired_.end()) return;
  retired_.push_back(std::move(plan));
}

void ModelHost::DropPairs() {
  while (exchange_.pairs.TryPop()) {
  }
}

}  // namespace millwright::agent
