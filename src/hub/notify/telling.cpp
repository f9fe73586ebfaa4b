// Who is told: routes, quiet hours, digests, the storm limit, escalation and verdicts.
#include <algorithm>

#include "crypto/random.h"
#include "hub/notify/notifier.h"

namespace millwright::hub::notify {
namespace {

constexpr int64_t kEscalationsAtOnce = 100;
// What is shelved is looked at again so often: a shelving may be taken back.
constexpr Nanos kShelvedAgain = 600 * kSecond;

bool IsFor(const Route& route, const News& news) {
  if (route.sites.empty()) return true;
  return std::ranges::any_of(news.sites, [&](const std::string& site) {
    return std::ranges::find(route.sites, site) != route.sites.end();
  });
}

// One for each receiver of the route.
std::vector<Delivery> ReceiversOf(const Route& route, Channel webhook) {
  std::vector<Delivery> all;
  for (const std::string& address : route.emails)
    all.push_back({.route = route.name, .channel = Channel::kEmail, .target = address});
  if (!route.webhook.empty())
    all.push_back({.route = route.name, .channel = webhook, .target = route.webhook});
  return all;
}

Delivery Filled(Delivery like, const News& news, Nanos now) {
  like.id = crypto::RandomHex(16);
  if (like.kind.empty()) like.kind = Name(news.kind);
  like.level = news.level;
  like.site = news.site();
  like.items = {news};
  like.count = 1;
  like.created = now;
  return like;
}

}  // namespace

Result<void> Notifier::TellAll(const News& news, Nanos now) {
  for (const Route& route : options_.routes)
    if (!route.only_escalations && route.Wants(news.kind) && news.level >= route.level_min &&
        IsFor(route, news))
      MW_TRY(Tell(route, news, now));
  return {};
}

Result<void> Notifier::Tell(const Route& route, const News& news, Nanos now) {
  Nanos due = now;
  for (Delivery& like : ReceiversOf(route, Channel::kWebhook)) {
    MW_TRY(due, Place(std::move(like), route, news, now));
  }
  if (route.escalate_to.empty() || news.alarm_key.empty()) return {};
  return AddEscalation(route, news, due);
}

// When it will be sent. What is quiet waits in one digest; what is beyond the storm limit waits in
// one summary; what has one cause waits for more of it.
Result<Nanos> Notifier::Place(Delivery like, const Route& route, const News& news, Nanos now) {
  const Quiet& quiet = quiet_.find(route.name)->second;
  const bool breaks = route.act_breaks_quiet && news.level == Level::kAct;
  like.state = State::kGathering;
  like.cause = news.cause;
  like.due = now + route.group;
  if (!breaks && quiet.At(like.due)) {
    like.cause = like.kind = kDigest;
    like.due = quiet.EndsAfter(like.due);
  } else {
    MW_TRY(const auto same, deliveries_.Gathering(like));
    if (!same) {
      MW_TRY(const int64_t recent, deliveries_.CountSince(like, now - route.storm));
      if (recent >= route.storm_max) {
        like.cause = like.kind = kSummary;
        like.due = now + route.storm;
      }
    }
  }
  MW_TRY(const auto open, deliveries_.Gathering(like));
  if (open) {
    MW_TRY(deliveries_.Append(*open, news, now));
    return open->due;
  }
  const Nanos due = like.due;
  like.give_up = due + options_.give_up;
  MW_TRY(deliveries_.Insert(Filled(std::move(like), news, now)));
  return due;
}

// Judged already, at this level or a higher one: nobody else need hear of it.
Result<void> Notifier::AddEscalation(const Route& route, const News& news, Nanos from) {
  MW_TRY(const int64_t judged, MarkOf(*database_, "judged", news.subject, 0));
  if (judged >= static_cast<int64_t>(news.level)) return {};
  return WaitToEscalate({news.device, news.alarm_key, route.name}, from + route.escalate_after);
}

Result<void> Notifier::WaitToEscalate(const Waiting& one, Nanos due) {
  return database_
      ->Run(
          "INSERT INTO notify_escalations (device, alarm_key, route, due_ns) VALUES ($1, $2, $3, "
          "$4) ON CONFLICT (device, alarm_key, route) DO NOTHING",
          {one.device, one.key, one.route, due})
      .transform([](int64_t) {});
}

Result<void> Notifier::Escalate(Nanos now) {
  std::vector<Waiting> due;
  MW_TRY(
      database_->Each("SELECT device, alarm_key, route FROM notify_escalations WHERE due_ns <= "
                      "$1 ORDER BY due_ns LIMIT $2",
                      {now, kEscalationsAtOnce}, [&](const store::Row& row) {
                        due.push_back({std::string(row.Text(0)), std::string(row.Text(1)),
                                       std::string(row.Text(2))});
                      }));
  for (const Waiting& one : due) {
    MW_TRY(database_->Run(
        "DELETE FROM notify_escalations WHERE device = $1 AND alarm_key = $2 AND route = $3",
        {one.device, one.key, one.route}));
    MW_TRY(EscalateOne(one, now));
  }
  return {};
}

// An alarm that is over wakes nobody; one that is shelved waits for the end of that.
Result<void> Notifier::EscalateOne(const Waiting& one, Nanos now) {
  const Route* const from = options_.Find(one.route);
  const Route* const to = from == nullptr ? nullptr : options_.Find(from->escalate_to);
  if (to == nullptr) return {};
  auto alarm = LoadAlarm(*database_, one.device, one.key);
  if (!alarm && alarm.error().code != Errc::kNotFound)
    return tl::unexpected(std::move(alarm).error());
  if (!alarm || alarm->cleared) return {};
  Nanos shelved = 0;
  MW_TRY(database_->First(
      "SELECT shelved_until_ns FROM judgements WHERE device = $1 AND alarm_key = $2",
      {one.device, one.key}, [&](const store::Row& row) { shelved = row.Int(0); }));
  if (shelved > now) return WaitToEscalate(one, std::min(shelved, now + kShelvedAgain));
  News news = std::move(*alarm);
  news.kind = Kind::kRaised;
  news.escalated_from = from->name;
  return Tell(*to, news, now);
}

Result<std::vector<std::string>> Notifier::Test(const std::string& name, const std::string& who) {
  const Route* const route = options_.Find(name);
  if (route == nullptr) return Fail(Errc::kNotFound, "there is no route \"" + name + "\"");
  const Nanos now = clock_.Utc();
  const News news{.kind = Kind::kTest,
                  .level = Level::kNone,
                  .subject = route->name,
                  .at = now,
                  .words = "asked for by " + who};
  std::vector<std::string> ids;
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  for (Delivery& like : ReceiversOf(*route, Channel::kWebhook)) {
    like.state = State::kQueued;
    like.due = now;
    like.give_up = now + options_.give_up;
    Delivery delivery = Filled(std::move(like), news, now);
    ids.push_back(delivery.id);
    MW_TRY(deliveries_.Insert(delivery));
  }
  MW_TRY(transaction.Commit());
  return ids;
}

Result<void> Notifier::OnVerdict(const Verdict& verdict) {
  const Nanos now = clock_.Utc();
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(News news, LoadAlarm(*database_, verdict.device, verdict.alarm_key));
  MW_TRY(MarkTold(*database_, "judged", news.subject, static_cast<int64_t>(news.level), now));
  MW_TRY(database_->Run("DELETE FROM notify_escalations WHERE device = $1 AND alarm_key = $2",
                        {verdict.device, verdict.alarm_key}));
  if (verdict.word == Verdict::Word::kConfirmed) {
    news.kind = Kind::kWorkOrder;
    news.words =
        verdict.note.empty() ? "confirmed by " + verdict.who : verdict.who + ": " + verdict.note;
    for (const Route& route : options_.routes)
      if (route.Wants(Kind::kWorkOrder) && IsFor(route, news)) MW_TRY(OrderWork(route, news, now));
  }
  return transaction.Commit();
}

// One for each alarm and route, however often it is confirmed. A machine that maintenance has no
// id for is told in the list of deliveries, not to the other side.
Result<void> Notifier::OrderWork(const Route& route, const News& news, Nanos now) {
  const std::string order = news.subject + " " + route.name;
  MW_TRY(const int64_t ordered, MarkOf(*database_, "work_order", order, 0));
  if (ordered != 0) return {};
  const bool known = options_.assets.contains(news.site() + "/" + news.asset);
  if (known) MW_TRY(MarkTold(*database_, "work_order", order, 1, now));
  for (Delivery& like : ReceiversOf(route, Channel::kWorkOrder)) {
    like.state = known ? State::kQueued : State::kFailed;
    like.due = now;
    like.give_up = now + options_.give_up;
    like.cause = "work order " + news.subject;
    if (!known)
      like.error = "notify.assets has no id for \"" + news.site() + "/" + news.asset + "\"";
    MW_TRY(deliveries_.Insert(Filled(std::move(like), news, now)));
  }
  return {};
}

}  // namespace millwright::hub::notify
