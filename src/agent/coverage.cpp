#include "agent/coverage.h"

#include <algorithm>

namespace millwright::agent {
namespace {

// Without a sequence number, a reading that comes later than this many periods follows a hole.
constexpr double kLatePeriods = 1.75;

}  // namespace

std::string_view Name(GapCause cause) {
  switch (cause) {
    case GapCause::kAgentDown:
      return "agent_down";
    case GapCause::kOverload:
      return "dropped_overload";
    case GapCause::kNotReceived:
      break;
  }
  return "not_received";
}

Coverage::Coverage(std::vector<Nanos> periods) : channels_(periods.size()) {
  for (size_t c = 0; c < periods.size(); ++c) channels_[c].period = periods[c];
  extents_.reserve(kExtentsMax + periods.size());
  holes_.reserve(kExtentsMax + periods.size());
}

void Coverage::Follow(std::span<const Nanos> periods) {
  channels_.resize(periods.size());
  for (size_t c = 0; c < periods.size(); ++c) channels_[c].period = periods[c];
  extents_.reserve(kExtentsMax + periods.size());
  holes_.reserve(kExtentsMax + periods.size());
}

void Coverage::Resume(size_t channel, Nanos last, uint64_t last_seq) {
  Channel& c = channels_[channel];
  c.last = last;
  c.last_seq = last_seq;
  c.any = c.resumed = true;
}

Coverage::Step Coverage::Compare(const Channel& c, Nanos ts, uint64_t seq, bool after_drop) {
  // Sequence numbers that go on tell exactly; a publisher that started over says nothing by them.
  if (seq != 0 && c.last_seq != 0 && seq > c.last_seq)
    return {seq > c.last_seq + 1, seq - c.last_seq - 1};
  const Nanos period = c.period > 0 ? c.period : c.length;
  if (period <= 0) return {c.resumed || after_drop, 0};
  const double periods = static_cast<double>(ts - c.last) / static_cast<double>(period);
  const bool late = periods > kLatePeriods;
  const bool restarted =
      seq != 0 && c.last_seq != 0;  // whether it missed something cannot be known
  if (!late && !after_drop && !restarted) return {};
  return {true, late ? static_cast<uint64_t>(periods + 0.5) - 1 : 0};
}

bool Coverage::Add(size_t channel, Nanos ts, uint64_t seq, Nanos length, bool after_drop) {
  Channel& c = channels_[channel];
  if (c.any && ts <= c.last) return false;
  const Step step = c.any ? Compare(c, ts, seq, after_drop) : Step{};
  if (step.hole && ts - c.last > 1) {
    const GapCause cause = after_drop  ? GapCause::kOverload
                           : c.resumed ? GapCause::kAgentDown
                                       : GapCause::kNotReceived;
    Declare({static_cast<uint16_t>(channel), c.last + 1, ts - 1, step.missing, cause});
  }
  const bool full = extents_.size() >= kExtentsMax;
  if (c.extent < 0 || (step.hole && !full)) {
    c.extent = static_cast<int>(extents_.size());  // a channel's first stretch always has room
    extents_.push_back({static_cast<uint16_t>(channel), ts, ts, 0, seq});
  }
  Extent& extent = extents_[static_cast<size_t>(c.extent)];
  extent.last = ts;
  extent.last_seq = seq;
  ++extent.count;
  c.last = ts;
  c.length = length;
  c.last_seq = seq;
  c.any = true;
  c.resumed = false;
  return true;
}

void Coverage::Declare(const Hole& hole) {
  const auto same = std::find_if(holes_.rbegin(), holes_.rend(),
                                 [&](const Hole& h) { return h.channel == hole.channel; });
  if (holes_.size() < kExtentsMax || same == holes_.rend()) {
    holes_.push_back(hole);
    return;
  }
  // No room: the channel's newest hole widens. Declared too much is never silent.
  same->from = std::min(same->from, hole.from);
  same->to = std::max(same->to, hole.to);
  same->count = 0;
}

void Coverage::DeclareSilent(Nanos until) {
  for (size_t i = 0; i < channels_.size(); ++i) {
    Channel& c = channels_[i];
    if (!c.resumed || until <= c.last + 1) continue;
    Declare({static_cast<uint16_t>(i), c.last + 1, until, 0, GapCause::kAgentDown});
  }
}

void Coverage::Take(std::vector<Extent>& extents, std::vector<Hole>& holes) {
  extents.insert(extents.end(), extents_.begin(), extents_.end());
  holes.insert(holes.end(), holes_.begin(), holes_.end());
  extents_.clear();
  holes_.clear();
  for (Channel& c : channels_) c.extent = -1;
}

}  // namespace millwright::agent
