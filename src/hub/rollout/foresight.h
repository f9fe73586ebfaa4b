// When gateways will be offered what a rollout brings: their waves and their sites' windows.
#pragma once

#include <span>

#include "hub/rollout/rollout.h"
#include "hub/rollout/windows.h"

namespace millwright::hub {

/// Of a rollout that would begin at `begin`: fills in `offered_from` of each gateway, at the
/// earliest. A wave is reckoned to last until its share of gateways was offered the release, then
/// for as long as the policy's least trial and wave take; a person's approval is reckoned as given
/// at once. kNever: its site's windows never open.
void ForeseeOffers(const RolloutPolicy& policy, const Calendars& calendars, Nanos begin,
                   std::span<RolloutDevice> devices);

/// Of a rollout under way: fills in `offered_from` where a job that has not begun, or whose wave
/// has not come, waits for its site's window.
void TellWindows(const Calendars& calendars, Nanos now, std::span<RolloutDevice> devices);

}  // namespace millwright::hub
