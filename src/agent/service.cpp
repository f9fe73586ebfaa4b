// The recorder's part in a repair: the decision thread forgets what was normal, then the files go,
// then it is written down that this was done, in one transaction with the event that tells it.
// A kill at any point leaves the service to be done again, which is harmless: nothing was learned.
#include <algorithm>
#include <charconv>

#include "agent/recorder.h"
#include "core/log.h"

namespace millwright::agent {
namespace {

constexpr Nanos kAnswerMax = 10 * kSecond;

struct Done {
  Nanos at = 0;    // of the service, by the hub
  Nanos when = 0;  // device clock
};

Done DecodeDone(std::string_view text) {
  Done out;
  const char* end = text.data() + text.size();
  const auto at = std::from_chars(text.data(), end, out.at);
  if (at.ec != std::errc{} || at.ptr == end) return {};
  if (std::from_chars(at.ptr + 1, end, out.when).ec != std::errc{}) return {};
  return out;
}

}  // namespace

void Recorder::TakeServices() {
  while (const ServiceNote* note = services_.BeginPop()) {
    const auto asset = std::ranges::find_if(
        plan_->assets, [&](const AssetPlan& a) { return a.settings->id.value() == note->asset; });
    if (asset == plan_->assets.end())
      log::Warning("agent", "a service is of no machine here", {{"asset", note->asset}});
    else
      AskForService(static_cast<size_t>(asset - plan_->assets.begin()), *note);
    services_.CommitPop();
  }
}

void Recorder::AskForService(size_t index, const ServiceNote& note) {
  const AssetSettings& settings = *plan_->assets[index].settings;
  // One at a time: it comes again. An answer that found no room in its queue never comes.
  const Nanos now = clock_.Monotonic();
  if (assets_[index].service && now - assets_[index].service_asked < kAnswerMax) return;
  Done done;
  if (const auto pending = pending_marks_.find(ServiceKey(settings));
      pending != pending_marks_.end()) {
    done = DecodeDone(pending->second);
  } else {
    const auto mark = outbox_.GetMark(ServiceKey(settings));
    if (!mark) return log::Failure("agent", mark.error());
    if (mark->has_value()) done = DecodeDone(**mark);
  }
  // The hub asks again for what it has not heard of: it may have lost the answer with its disk.
  if (done.at >= note.at) return Pend(RecommissionedEvent(*plan_, index, note.service, done.when));
  if (!outlets_.recommission.TryPush(static_cast<uint16_t>(index))) return;
  assets_[index].service = note;
  assets_[index].service_asked = now;
}

void Recorder::OnRecommissioned(const Outcome& outcome) {
  Asset& asset = assets_[outcome.asset];
  const AssetSettings& settings = *plan_->assets[outcome.asset].settings;
  asset.baseline.reset();
  asset.amplitudes.clear();
  asset.marks.clear();
  asset.window = {};
  if (!asset.service) return;
  const ServiceNote note = *std::exchange(asset.service, std::nullopt);
  // Not told: the hub sends it again, and the next restart must not find the old files.
  if (auto removed = RemoveBaselines(*plan_, outcome.asset, files_); !removed)
    return log::Failure("agent", removed.error(), {{"asset", settings.id.value()}});
  Pend(RecommissionedEvent(*plan_, outcome.asset, note.service, outcome.step_end));
  PendMark(ServiceKey(settings), std::to_string(note.at) + " " + std::to_string(outcome.step_end));
  urgent_ = true;
  log::Info("agent", "a machine was serviced and learns anew",
            {{"asset", settings.id.value()}, {"service", note.service}});
}

}  // namespace millwright::agent
