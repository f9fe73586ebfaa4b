#include "identity/keeper.h"

#include <algorithm>

#include "core/log.h"

namespace millwright::identity {
namespace {

constexpr Nanos kMinute = 60 * kSecond;
constexpr Nanos kHour = 60 * kMinute;
constexpr Nanos kDay = 24 * kHour;
// Without a certificate there is no life to measure waits by.
constexpr Nanos kUsualLife = 90 * kDay;
constexpr int kDoublingsMax = 30;

// Waits are shares of the life, so that a certificate of hours is kept as well as one of months.
Nanos FirstWait(Nanos life) { return std::clamp(life / 100'000, kSecond, kMinute); }
Nanos LongestWait(Nanos life) { return std::clamp(life / 300, FirstWait(life), 6 * kHour); }
Nanos JitterMax(Nanos life) { return life / 30; }

}  // namespace

Keeper::Keeper(os::Files& files, os::Clock& clock, std::string folder, Ask ask, uint64_t seed)
    : clock_(clock),
      gateway_(files, std::move(folder)),
      ask_(std::move(ask)),
      random_(seed),
      ask_from_(clock.Monotonic()) {
  Load();
  Judge();
}

Nanos Keeper::Life() const {
  return certificate_ ? std::max<Nanos>(certificate_->Until() - certificate_->From(), kSecond)
                      : kUsualLife;
}

Nanos Keeper::Spread(Nanos wait) {
  return wait / 2 + std::uniform_int_distribution<Nanos>(0, wait / 2)(random_);
}

void Keeper::Load() {
  auto read = gateway_.Read();
  if (!read) return OnFailure(read.error());
  certificate_ = std::move(read->certificate);
  renew_at_ = RenewFrom(certificate_->From(), certificate_->Until()) +
              std::uniform_int_distribution<Nanos>(0, JitterMax(Life()))(random_);
}

// A wall clock before the certificate's own beginning is wrong (no battery, no NTP yet): then the
// hub says whether it is time, as often as the wait after an early question allows.
bool Keeper::TimeToAsk() const {
  if (clock_.Monotonic() < ask_from_) return false;
  if (!certificate_) return true;
  const Nanos now = clock_.Utc();
  return now >= renew_at_ || now < certificate_->From();
}

bool Keeper::Work() {
  const bool changed = TimeToAsk() && AskNow();
  Judge();
  return changed;
}

bool Keeper::AskNow() {
  const std::string before = certificate_ ? certificate_->Serial() : "";
  if (!certificate_) {  // the gateway was not enrolled, or the file could not be read
    Load();
    if (certificate_) failures_ = 0;
    return certificate_.has_value();
  }
  const auto renewal = Renew(gateway_, ask_);
  if (!renewal) {
    OnFailure(renewal.error());
    return false;
  }
  failures_ = 0;
  refused_ = false;
  // Where the hub's clock or a person's `millwright enroll --renew` was ahead of ours.
  if (!renewal->changed) ask_from_ = clock_.Monotonic() + Spread(JitterMax(Life()));
  if (renewal->certificate.Serial() == before) return false;
  Load();
  log::Info("identity", "certificate renewed",
            {{"device", renewal->certificate.Name()}, {"serial", renewal->certificate.Serial()}});
  return true;
}

void Keeper::OnFailure(const Error& error) {
  const Nanos life = Life();
  Nanos wait = FirstWait(life);
  for (int i = 0; i < failures_ && wait < LongestWait(life); ++i) wait *= 2;
  failures_ = std::min(failures_ + 1, kDoublingsMax);
  ask_from_ = clock_.Monotonic() + Spread(std::min(wait, LongestWait(life)));
  // A disk or a hub that does not answer may do so later; what the hub judged will not change.
  refused_ = certificate_ && error.code != Errc::kUnavailable && error.code != Errc::kIo &&
             error.code != Errc::kExhausted;
  log::Failure("identity", error,
               {{"failures", failures_},
                {"again_in_s", Seconds(ask_from_ - clock_.Monotonic())},
                {"fix", refused_ ? "millwright enroll, with a token from the hub's side" : ""}});
}

void Keeper::Judge() {
  const Nanos now = clock_.Utc();
  if (!certificate_ || now >= certificate_->Until())
    standing_ = Standing::kEnded;
  else if (refused_)
    standing_ = Standing::kRefused;
  else
    standing_ = failures_ > 0 ? Standing::kDue : Standing::kGood;
}

}  // namespace millwright::identity
