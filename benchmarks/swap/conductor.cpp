#include "conductor.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "agent/testing/tuned_models.h"

namespace millwright::bench {
namespace {

constexpr Nanos kTurn = kMillisecond;
constexpr double kSettleS = 0.2;  // after a cycle: windows that are quiet again

}  // namespace

Conductor::Conductor(std::string folder, Gateway& gateway, Plant& plant, Ledger& ledger,
                     agent::testing::DeliveryHub& hub, Acker& acker)
    : folder_(std::move(folder)),
      gateway_(gateway),
      plant_(plant),
      ledger_(ledger),
      hub_(hub),
      acker_(acker),
      bad_(agent::testing::TwoFaced()) {}

void Conductor::Turn() {
  hub_.Work();
  acker_.Work();
  ledger_.Read();
  std::this_thread::sleep_for(std::chrono::nanoseconds(kTurn));
}

void Conductor::Live(double seconds) {
  const Nanos until = RealNow() + FromSeconds(seconds);
  while (RealNow() < until) Turn();
}

// What earlier releases left in the repository goes: a hub keeps what it still offers.
Result<void> Conductor::Push(const std::string& job, int release) {
  const std::string bundle = folder_ + "/next";
  MW_TRY(agent::testing::WriteTuned(files_, bundle, job, bad_));
  std::erase_if(hub_.repository.shelf.files, [](const auto& file) {
    return file.first.ends_with(".targets.json") || file.first.ends_with(".snapshot.json");
  });
  (void)hub_.Push(files_, bundle, job, release);
  std::filesystem::remove_all(bundle);
  return {};
}

// How the job ended; whatever it is at where time is up. Loud while the new model decides.
std::string Conductor::WaitFor(const std::string& job, std::initializer_list<const char*> ends) {
  std::string phase;
  const uint64_t swaps = gateway_.figures().swaps;
  while (std::ranges::find(ends, phase) == ends.end() && RealNow() < until_) {
    Turn();
    phase = hub_.Phase(job);
    plant_.SetLoud(gateway_.figures().swaps == swaps + 1);
  }
  plant_.SetLoud(false);
  return phase;
}

bool Conductor::OneCycle(int number, TurnFigures& figures) {
  const std::string job = "bad-" + std::to_string(number);
  if (const auto pushed = Push(job, number); !pushed) {
    std::fprintf(stderr, "%s\n", pushed.error().what.c_str());
    return false;
  }
  ++figures.pushed;
  const uint64_t swaps = gateway_.figures().swaps;
  const std::string phase = WaitFor(job, {"rolled_back", "refused", "committed"});
  figures.reason = hub_.Reason(job);
  if (phase == "rolled_back" && gateway_.figures().swaps == swaps + 2) {
    ++figures.swaps, ++figures.rollbacks;
  } else if (phase == "refused") {
    ++figures.refused;
  } else if (phase == "committed") {
    // This thread was not run in time: the machines stayed quiet for the whole probation.
    ++figures.undone;
    hub_.Queue("undo-" + std::to_string(number),
               R"({"operation": "millwright.undo", "format": 1, "reason": "not meant"})");
    (void)WaitFor("undo-" + std::to_string(number), {"undone", "refused"});
  }
  trust::Draft& targets = hub_.repository.draft("targets");
  (void)trust::RemoveTarget(targets, "pump/" + job + ".tar");
  hub_.packs().clear();
  Live(kSettleS);
  return RealNow() < until_;
}

TurnFigures Conductor::Run(const Turns& turns) {
  TurnFigures figures;
  until_ = RealNow() + FromSeconds(turns.limit_s);
  std::vector<Nanos> lengths;
  for (int number = 1; figures.rollbacks < turns.cycles; ++number) {
    const Nanos began = RealNow();
    if (!OneCycle(number, figures)) {
      figures.out_of_time = true;
      break;
    }
    lengths.push_back(RealNow() - began);
    if (number % turns.rest_every == 0) Live(turns.rest_s);
    if (number % 50 == 0)
      std::fprintf(stderr, "swap: %d of %d taken back: %s\n", figures.rollbacks, turns.cycles,
                   figures.reason.c_str());
  }
  std::ranges::sort(lengths);
  if (!lengths.empty()) figures.cycle_s_p50 = Seconds(lengths[lengths.size() / 2]);
  return figures;
}

}  // namespace millwright::bench
