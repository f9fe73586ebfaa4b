#include "hub/notify/deliveries.h"

#include <algorithm>

#include "crypto/random.h"

namespace millwright::hub::notify {
namespace {

using store::Row;

constexpr std::string_view kStates[] = {"gathering", "queued", "sending", "sent", "failed"};
constexpr std::string_view kChannels[] = {"email", "webhook", "work_order"};
constexpr size_t kErrorMax = 400;
constexpr Nanos kMarksKept = 400 * 86'400 * kSecond;

#define MW_DELIVERY_COLUMNS                                                                    \
  "SELECT id, number, route, channel, target, cause, kind, level, site, items, count, state, " \
  "attempts, attempt, created_ns, due_ns, give_up_ns, updated_ns, error FROM notify_deliveries "
constexpr std::string_view kGatheringOf = MW_DELIVERY_COLUMNS
    "WHERE state = 'gathering' AND route = $1 AND target = $2 AND channel = $3 AND cause = $4 "
    "ORDER BY number LIMIT 1";
constexpr std::string_view kDue = MW_DELIVERY_COLUMNS
    "WHERE state IN ('gathering', 'queued') AND due_ns <= $1 ORDER BY due_ns, number LIMIT 1";
constexpr std::string_view kNewest = MW_DELIVERY_COLUMNS "ORDER BY number DESC LIMIT $1";
#undef MW_DELIVERY_COLUMNS

template <size_t N>
size_t IndexOf(const std::string_view (&names)[N], std::string_view name) {
  const auto* const found = std::find(std::begin(names), std::end(names), name);
  return found == std::end(names) ? N - 1 : static_cast<size_t>(found - std::begin(names));
}

Delivery DeliveryOf(const Row& row) {
  Delivery d;
  d.id = row.Text(0);
  d.number = row.Int(1);
  d.route = row.Text(2);
  d.channel = static_cast<Channel>(IndexOf(kChannels, row.Text(3)));
  d.target = row.Text(4);
  d.cause = row.Text(5);
  d.kind = row.Text(6);
  d.level = static_cast<Level>(std::clamp<int64_t>(row.Int(7), 0, 3));
  d.site = row.Text(8);
  d.items = ReadNews(row.Text(9));
  d.count = row.Int(10);
  d.state = static_cast<State>(IndexOf(kStates, row.Text(11)));
  d.attempts = row.Int(12);
  d.attempt = row.Text(13);
  d.created = row.Int(14);
  d.due = row.Int(15);
  d.give_up = row.Int(16);
  d.updated = row.Int(17);
  d.error = row.Text(18);
  return d;
}

Result<void> Ran(Result<int64_t> changed) {
  return std::move(changed).transform([](int64_t) {});
}

}  // namespace

std::string_view Name(State state) { return kStates[static_cast<size_t>(state)]; }
std::string_view Name(Channel channel) { return kChannels[static_cast<size_t>(channel)]; }

Nanos Backoff::After(int64_t attempts) const {
  Nanos wait = min;
  for (int64_t i = 1; i < attempts && wait < max; ++i) wait *= 2;
  return std::min(wait, max);
}

Result<void> Deliveries::Insert(const Delivery& d) {
  MW_TRY(MakePlace(d.created));
  return Ran(database_.Run(
      "INSERT INTO notify_deliveries (id, number, route, channel, target, cause, kind, level, "
      "site, items, count, state, attempts, attempt, created_ns, due_ns, give_up_ns, updated_ns, "
      "error) VALUES ($1, (SELECT COALESCE(MAX(number), 0) + 1 FROM notify_deliveries), $2, $3, "
      "$4, $5, $6, $7, $8, $9, $10, $11, 0, '', $12, $13, $14, $12, $15)",
      {d.id, d.route, Name(d.channel), d.target, d.cause, d.kind, static_cast<int64_t>(d.level),
       d.site, WriteNews(d.items), d.count, Name(d.state), d.created, d.due, d.give_up, d.error}));
}

Result<std::optional<Delivery>> Deliveries::Gathering(const Delivery& like) {
  std::optional<Delivery> found;
  MW_TRY(database_.First(kGatheringOf, {like.route, like.target, Name(like.channel), like.cause},
                         [&](const Row& row) { found = DeliveryOf(row); }));
  return found;
}

Result<void> Deliveries::Append(Delivery to, const News& news, Nanos now) {
  if (to.items.size() < kItemsMax) to.items.push_back(news);
  const Level level = std::max(to.level, news.level);
  return Ran(
      database_.Run("UPDATE notify_deliveries SET items = $1, count = count + 1, level = $2, "
                    "updated_ns = $3 WHERE id = $4 AND state = 'gathering'",
                    {WriteNews(to.items), static_cast<int64_t>(level), now, to.id}));
}

Result<int64_t> Deliveries::CountSince(const Delivery& like, Nanos since) {
  int64_t count = 0;
  MW_TRY(database_.First(
      "SELECT COUNT(*) FROM notify_deliveries WHERE route = $1 AND target = $2 AND created_ns > $3 "
      "AND kind NOT IN ('digest', 'summary', 'test', 'work_order')",
      {like.route, like.target, since}, [&](const Row& row) { count = row.Int(0); }));
  return count;
}

Result<std::optional<Delivery>> Deliveries::Claim(Nanos now) {
  std::optional<Delivery> due;
  MW_TRY(database_.First(kDue, {now}, [&](const Row& row) { due = DeliveryOf(row); }));
  if (!due) return due;
  due->state = State::kSending;
  due->attempt = crypto::RandomHex(8);
  due->attempts += 1;
  MW_TRY(
      database_.Run("UPDATE notify_deliveries SET state = 'sending', attempt = $1, attempts = "
                    "$2, updated_ns = $3 WHERE id = $4",
                    {due->attempt, due->attempts, now, due->id}));
  return due;
}

Result<void> Deliveries::Finish(const Delivery& claimed, const Outcome& outcome, Nanos now) {
  const Backoff backoff{options_.backoff_min, options_.backoff_max};
  const Nanos next = now + backoff.After(claimed.attempts);
  State state = State::kSent;
  std::string error = outcome.error.substr(0, kErrorMax);
  if (outcome.what == Outcome::What::kRefused) state = State::kFailed;
  if (outcome.what == Outcome::What::kAgain) {
    state = next > claimed.give_up ? State::kFailed : State::kQueued;
    if (state == State::kFailed)
      error = "given up after " + std::to_string(claimed.attempts) + " tries: " + error;
  }
  MW_TRY(
      database_.Run("UPDATE notify_deliveries SET state = $1, error = $2, updated_ns = $3, "
                    "due_ns = $4 WHERE id = $5 AND state = 'sending' AND attempt = $6",
                    {Name(state), error, now, state == State::kQueued ? next : claimed.due,
                     claimed.id, claimed.attempt}));
  if (outcome.what != Outcome::What::kAgain) return {};
  return Ran(
      database_.Run("UPDATE notify_deliveries SET due_ns = $1 WHERE state IN ('gathering', "
                    "'queued') AND channel = $2 AND target "
                    "= $3 AND due_ns < $1",
                    {now + options_.backoff_min, Name(claimed.channel), claimed.target}));
}

Result<int64_t> Deliveries::Recover(Nanos now) {
  return database_.Run(
      "UPDATE notify_deliveries SET state = 'queued', due_ns = $1, updated_ns = $1, error = 'the "
      "hub stopped while sending; goes again under the same id' WHERE state = 'sending'",
      {now});
}

// What waits longest in a full queue is worth least; the API tells that it was given up.
Result<void> Deliveries::MakePlace(Nanos now) {
  int64_t open = 0;
  MW_TRY(
      database_.First("SELECT COUNT(*) FROM notify_deliveries WHERE state IN ('gathering', "
                      "'queued', 'sending')",
                      {}, [&](const Row& row) { open = row.Int(0); }));
  if (open < std::max<int64_t>(1, options_.rows_max / 2)) return {};
  return Ran(database_.Run(
      "UPDATE notify_deliveries SET state = 'failed', updated_ns = $1, error = 'given up: too many "
      "newer ones wait' WHERE id = (SELECT id FROM notify_deliveries WHERE state IN ('gathering', "
      "'queued') ORDER BY number LIMIT 1)",
      {now}));
}

Result<void> Deliveries::Purge(Nanos now) {
  MW_TRY(
      database_.Run("DELETE FROM notify_deliveries WHERE state IN ('sent', 'failed') AND number "
                    "<= (SELECT COALESCE(MAX(number), 0) FROM notify_deliveries) - $1",
                    {options_.rows_max}));
  MW_TRY(
      database_.Run("DELETE FROM notify_told WHERE kind = 'gateway' AND subject NOT IN (SELECT "
                    "device FROM devices)",
                    {}));
  return Ran(database_.Run("DELETE FROM notify_told WHERE kind <> 'gateway' AND at_ns < $1",
                           {now - kMarksKept}));
}

Result<std::vector<Delivery>> LoadDeliveries(store::Database& database, int64_t limit) {
  std::vector<Delivery> all;
  MW_TRY(database.Each(kNewest, {limit}, [&](const Row& row) { all.push_back(DeliveryOf(row)); }));
  return all;
}

Result<DeliveryCounts> CountDeliveries(store::Database& database) {
  DeliveryCounts counts;
  MW_TRY(database.Each("SELECT state, COUNT(*) FROM notify_deliveries GROUP BY state", {},
                       [&](const Row& row) {
                         const std::string_view state = row.Text(0);
                         int64_t& one = state == "sent"     ? counts.sent
                                        : state == "failed" ? counts.failed
                                                            : counts.waiting;
                         one += row.Int(1);
                       }));
  return counts;
}

}  // namespace millwright::hub::notify
