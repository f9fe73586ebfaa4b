#include "hub/notify/notifier.h"

#include <algorithm>

#include "core/log.h"
#include "hub/notify/mail.h"
#include "hub/notify/message.h"
#include "hub/notify/signature.h"

namespace millwright::hub::notify {
namespace {

constexpr int64_t kNewsAtOnce = 200;
constexpr Nanos kPurgeEvery = 60 * kSecond;
constexpr int kSendsAtOnce = 100;  // then it is looked for news again

}  // namespace

Notifier::Notifier(NotifierParts parts)
    : options_(std::move(parts.options)),
      sender_(parts.sender),
      clock_(parts.clock),
      started_(parts.clock.Monotonic()),
      database_(std::move(parts.database)),
      deliveries_(*database_, options_) {}

Result<std::unique_ptr<Notifier>> Notifier::Make(NotifierParts parts) {
  os::Files& files = parts.files;
  Zones& zones = parts.zones;
  std::unique_ptr<Notifier> made(new Notifier(std::move(parts)));
  MW_TRY(made->Open(files, zones));
  return made;
}

Result<void> Notifier::Open(os::Files& files, Zones& zones) {
  for (const Route& route : options_.routes) {
    MW_TRY(auto zone, zones.Find(route.quiet.zone));
    quiet_.emplace(route.name, Quiet(route.quiet, std::move(zone)));
    if (route.secret_file.empty()) continue;
    MW_TRY(secrets_[route.name], ReadSecret(files, route.secret_file));
  }
  const MutexLock lock(mutex_);
  MW_TRY(const int64_t cut_off, deliveries_.Recover(clock_.Utc()));
  if (cut_off > 0) log::Warning("notify", "sends again what was cut off", {{"count", cut_off}});
  return {};
}

void Notifier::Step(const std::stop_token& stop) {
  if (const auto done = Consider(); !done) log::Failure("notify", done.error());
  for (int sent = 0; sent < kSendsAtOnce && !stop.stop_requested(); ++sent) {
    const auto more = SendOne();
    if (!more) log::Failure("notify", more.error());
    if (!more || !*more) return;
  }
}

Result<void> Notifier::Consider() {
  const Nanos now = clock_.Utc();
  int64_t found = kNewsAtOnce;
  while (found == kNewsAtOnce) {
    const MutexLock lock(mutex_);
    MW_TRY(store::Transaction transaction, database_->Begin());
    MW_TRY(found, ConsiderAlarms(now));
    MW_TRY(ConsiderOthers(now));
    MW_TRY(Escalate(now));
    if (found > 0 || now >= next_purge_) {
      MW_TRY(deliveries_.Purge(now));
      next_purge_ = now + kPurgeEvery;
    }
    MW_TRY(transaction.Commit());
  }
  return {};
}

Result<int64_t> Notifier::ConsiderAlarms(Nanos now) {
  MW_TRY(const std::vector<News> alarms, LoadAlarmNews(*database_, kNewsAtOnce));
  for (const News& news : alarms) {
    MW_TRY(MarkAlarm(*database_, news));
    if (news.at >= now - options_.late_max) MW_TRY(TellAll(news, now));
  }
  return static_cast<int64_t>(alarms.size());
}

// A hub that was off has heard nobody: gateways get their time from its start on.
Result<void> Notifier::ConsiderOthers(Nanos now) {
  if (clock_.Monotonic() - started_ >= options_.gateway_silent) {
    MW_TRY(const auto silent,
           LoadSilentGateways(*database_, now - options_.gateway_silent, kNewsAtOnce));
    for (const News& news : silent) {
      MW_TRY(MarkTold(*database_, "gateway", news.subject, news.at, now));
      if (news.at >= now - options_.gateway_silent - options_.late_max) MW_TRY(TellAll(news, now));
    }
  }
  MW_TRY(const auto halted, LoadHaltedRollouts(*database_, now - options_.late_max, kNewsAtOnce));
  for (const News& news : halted) {
    MW_TRY(MarkTold(*database_, "rollout", news.subject, 1, now));
    MW_TRY(TellAll(news, now));
  }
  return {};
}

// The transaction ends before the wait for the receiver begins: ingest never waits for a mail
// server.
Result<bool> Notifier::SendOne() {
  std::optional<Delivery> claimed;
  {
    const MutexLock lock(mutex_);
    MW_TRY(store::Transaction transaction, database_->Begin());
    MW_TRY(claimed, deliveries_.Claim(clock_.Utc()));
    MW_TRY(transaction.Commit());
  }
  if (!claimed) return false;
  const Outcome outcome = Send(*claimed);
  if (outcome.what != Outcome::What::kSent)
    log::Warning("notify", outcome.error, {{"route", claimed->route}, {"delivery", claimed->id}});
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(deliveries_.Finish(*claimed, outcome, clock_.Utc()));
  MW_TRY(transaction.Commit());
  return true;
}

Outcome Notifier::Send(const Delivery& delivery) {
  const Route* const route = options_.Find(delivery.route);
  const auto quiet = quiet_.find(delivery.route);
  if (route == nullptr || quiet == quiet_.end())
    return {Outcome::What::kRefused, "the configuration has no such route any more"};
  if (delivery.channel == Channel::kEmail) {
    const Message message = Compose(delivery, options_, quiet->second.zone(), route->quiet.zone);
    return sender_.Mail(delivery.target, MimeOf({.id = delivery.id,
                                                 .from = options_.smtp.from,
                                                 .to = delivery.target,
                                                 .date = delivery.created},
                                                message));
  }
  const auto secret = secrets_.find(delivery.route);
  if (secret == secrets_.end())
    return {Outcome::What::kRefused, "the route is no webhook any more"};
  std::string body = Payload(delivery, options_);
  std::string signature = SignatureOf(secret->second, clock_.Utc(), body);
  return sender_.Webhook({.url = delivery.target,
                          .body = std::move(body),
                          .id = delivery.id,
                          .signature = std::move(signature)});
}

}  // namespace millwright::hub::notify
