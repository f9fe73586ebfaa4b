#include "hub/rollout/foresight.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "jobs/execution.h"

namespace millwright::hub {
namespace {

// A fleet has few sites and many gateways: each site is looked up once a wave.
class Openings {
 public:
  Openings(const Calendars& calendars, Nanos from) : calendars_(calendars), from_(from) {}
  Nanos Of(const std::string& site) {
    const auto [at, fresh] = known_.try_emplace(site, 0);
    if (fresh) at->second = NextOpen(calendars_, site, from_);
    return at->second;
  }

 private:
  const Calendars& calendars_;
  const Nanos from_;
  std::map<std::string, Nanos> known_;
};

Nanos Later(Nanos time, Nanos by) { return time > kNever - by ? kNever : time + by; }

}  // namespace

void ForeseeOffers(const RolloutPolicy& policy, const Calendars& calendars, Nanos begin,
                   std::span<RolloutDevice> devices) {
  // Shadow and probation, each at least that long.
  const Nanos trial = policy.time_min_s > 0 ? 2 * FromSeconds(policy.time_min_s) : 0;
  std::vector<Nanos> offered;
  Nanos from = begin;
  for (int wave = 0; offered.size() < devices.size(); ++wave) {
    Openings openings(calendars, from);
    for (RolloutDevice& d : devices) {
      if (d.wave != wave) continue;
      d.offered_from = from == kNever ? kNever : openings.Of(d.site);
      offered.push_back(d.offered_from);
    }
    if (offered.empty()) return;
    const auto needed = static_cast<size_t>(
        std::ceil(policy.success_share * static_cast<double>(offered.size()) - 1e-9));
    std::ranges::sort(offered);
    const Nanos enough = offered[std::max<size_t>(needed, 1) - 1];
    from = std::max(Later(enough, trial), Later(from, policy.wave_min));
  }
}

void TellWindows(const Calendars& calendars, Nanos now, std::span<RolloutDevice> devices) {
  if (calendars.empty()) return;
  Openings openings(calendars, now);
  for (RolloutDevice& d : devices) {
    const bool waits = d.status.empty() || d.status == jobs::Name(jobs::Status::kQueued);
    const Nanos from = waits ? openings.Of(d.site) : now;
    d.offered_from = from > now ? from : 0;
  }
}

}  // namespace millwright::hub
