#include "hub/rollout/gates.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "jobs/execution.h"

namespace millwright::hub {
namespace {

std::string Share(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.3g %%", 100 * share);
  return text;
}

std::string Of(int64_t part, int64_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

std::string Length(Nanos time) {
  const int64_t seconds = std::max<Nanos>(time, 0) / kSecond;
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min";
  return seconds < 2 * 86'400 ? std::to_string(seconds / 3600) + " h"
                              : std::to_string(seconds / 86'400) + " d";
}

Gate FailedGate(const RolloutPolicy& policy, const Progress& p) {
  return {.name = "Gateways that refused it or went back",
          .now = Of(p.failed, p.succeeded + p.failed),
          .limit = "at most " + Share(policy.failure_share) +
                   (policy.failures_min > 1
                        ? ", from " + std::to_string(policy.failures_min) + " gateways"
                        : ""),
          .result = TooManyFailed(policy, p) ? GateResult::kFail : GateResult::kPass,
          .if_fails = "the rollout stops"};
}

Gate TakenGate(const RolloutPolicy& policy, const Progress& p) {
  return {.name = "Gateways that took it, waves so far",
          .now = Of(p.succeeded, p.in_wave),
          .limit = "at least " + Share(p.last_wave ? 1 : policy.success_share),
          .result = EnoughTook(policy, p) ? GateResult::kPass : GateResult::kWaiting,
          .if_fails =
              p.last_wave ? "the rollout goes on until the last is heard" : "the next wave waits"};
}

}  // namespace

std::string_view Name(GateResult result) {
  constexpr std::array<std::string_view, 3> kNames{"pass", "fail", "waiting"};
  return kNames[static_cast<size_t>(result)];
}

Progress ProgressOf(const Rollout& r, std::span<const RolloutDevice> devices, Nanos now) {
  Progress p{.wave_age = (r.ended == 0 ? now : r.ended) - r.wave_since,
             .approved = !r.approved_by.empty()};
  for (const RolloutDevice& d : devices) {
    p.waves = std::max(p.waves, d.wave + 1);
    if (d.wave > r.wave) continue;
    ++p.in_wave;
    const auto status = jobs::StatusByName(d.status);
    if (status == jobs::Status::kSucceeded) {
      ++p.succeeded;
    } else if (!status || !jobs::IsTerminal(*status)) {
      ++p.pending;
    } else if (status != jobs::Status::kCanceled) {  // taken back by the hub: no gateway's verdict
      ++p.failed;
    }
  }
  p.last_wave = r.wave + 1 >= p.waves;
  return p;
}

std::vector<Gate> GatesOf(const Rollout& r, const Progress& p) {
  std::vector<Gate> gates{FailedGate(r.policy, p), TakenGate(r.policy, p)};
  if (p.last_wave) return gates;
  gates.push_back(
      {.name = "Time in this wave",
       .now = Length(p.wave_age),
       .limit = "at least " + Length(r.policy.wave_min),
       .result = p.wave_age >= r.policy.wave_min ? GateResult::kPass : GateResult::kWaiting,
       .if_fails = "the next wave waits"});
  if (r.policy.approval && r.wave + 2 >= p.waves)
    gates.push_back({.name = "A person's approval",
                     .now = p.approved ? "by " + r.approved_by : "not yet",
                     .limit = "before the last wave",
                     .result = p.approved ? GateResult::kPass : GateResult::kWaiting,
                     .if_fails = "the last wave waits"});
  return gates;
}

}  // namespace millwright::hub
