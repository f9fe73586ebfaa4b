#include "hub/notify/news.h"

#include <algorithm>

namespace millwright::hub::notify {
namespace {

using store::Row;

#define MW_NEWS_COLUMNS                                                                         \
  "SELECT l.device, l.alarm_key, l.site, l.asset, a.name, l.level, l.told_level, l.fault, "     \
  "l.action, l.score, l.cause_id, l.cleared_ns, l.arrived_ns, l.updated_ns FROM alarms l LEFT " \
  "JOIN assets a ON a.site = l.site AND a.asset = l.asset "
// The condition is the index's own, so that it is taken.
constexpr std::string_view kUntold =
    MW_NEWS_COLUMNS "WHERE l.level > l.told_level ORDER BY l.arrived_ns LIMIT $1";
constexpr std::string_view kOne = MW_NEWS_COLUMNS "WHERE l.device = $1 AND l.alarm_key = $2";
#undef MW_NEWS_COLUMNS

Level LevelOf(int64_t number) { return static_cast<Level>(std::clamp<int64_t>(number, 0, 3)); }

News AlarmOf(const Row& row) {
  News news;
  news.device = row.Text(0);
  news.alarm_key = row.Text(1);
  news.subject = news.device + "~" + news.alarm_key;
  news.sites = {std::string(row.Text(2))};
  news.asset = row.Text(3);
  news.name = row.IsNull(4) ? row.Text(3) : row.Text(4);
  news.level = LevelOf(row.Int(5));
  news.before = LevelOf(row.Int(6));
  news.kind = news.before == Level::kNone ? Kind::kRaised : Kind::kWorse;
  news.fault = row.Text(7);
  news.action = row.Text(8);
  news.score = row.Real(9);
  news.cause = row.Text(10).empty() ? news.subject : std::string(row.Text(10));
  news.cleared = !row.IsNull(11);
  news.at = std::max(row.Int(12), row.Int(13));
  return news;
}

Result<void> Marked(Result<int64_t> changed) {
  return std::move(changed).transform([](int64_t) {});
}

}  // namespace

const std::string& News::site() const {
  static const std::string kNowhere;
  return sites.empty() ? kNowhere : sites.front();
}

Result<std::vector<News>> LoadAlarmNews(store::Database& database, int64_t limit) {
  std::vector<News> all;
  MW_TRY(database.Each(kUntold, {limit}, [&](const Row& row) { all.push_back(AlarmOf(row)); }));
  return all;
}

Result<void> MarkAlarm(store::Database& database, const News& news) {
  return Marked(database.Run(
      "UPDATE alarms SET told_level = $1 WHERE device = $2 AND alarm_key = $3 AND told_level < $1",
      {static_cast<int64_t>(news.level), news.device, news.alarm_key}));
}

Result<News> LoadAlarm(store::Database& database, std::string_view device, std::string_view key) {
  News news;
  MW_TRY(const bool found,
         database.First(kOne, {device, key}, [&](const Row& row) { news = AlarmOf(row); }));
  if (!found) return Fail(Errc::kNotFound, "there is no such alarm");
  return news;
}

// A gateway that was never heard, only spoken of by a retained status, is not news.
Result<std::vector<News>> LoadSilentGateways(store::Database& database, Nanos heard_before,
                                             int64_t limit) {
  std::vector<News> all;
  MW_TRY(database.Each(
      "SELECT d.device, d.site, d.last_seen_ns FROM devices d LEFT JOIN notify_told t ON t.kind = "
      "'gateway' AND t.subject = d.device WHERE d.last_seen_ns > 0 AND d.last_seen_ns < $1 AND "
      "(t.mark IS NULL OR t.mark <> d.last_seen_ns) ORDER BY d.last_seen_ns LIMIT $2",
      {heard_before, limit}, [&](const Row& row) {
        News news{.kind = Kind::kGateway};
        news.device = news.subject = row.Text(0);
        news.sites = {std::string(row.Text(1))};
        news.cause = "gateways of " + news.sites.front();
        news.at = row.Int(2);
        all.push_back(std::move(news));
      }));
  return all;
}

Result<std::vector<News>> LoadHaltedRollouts(store::Database& database, Nanos since,
                                             int64_t limit) {
  std::vector<News> all;
  MW_TRY(database.Each(
      "SELECT r.id, r.name, r.version, r.reason, r.ended_ns FROM rollouts r LEFT JOIN notify_told "
      "t ON t.kind = 'rollout' AND t.subject = r.id WHERE r.state = 'halted' AND r.ended_ns >= $1 "
      "AND t.mark IS NULL ORDER BY r.ended_ns LIMIT $2",
      {since, limit}, [&](const Row& row) {
        News news{.kind = Kind::kRollout};
        news.subject = row.Text(0);
        news.cause = "rollout " + news.subject;
        news.name = std::string(row.Text(1)) + " " + std::string(row.Text(2));
        news.words = row.Text(3);
        news.at = row.Int(4);
        all.push_back(std::move(news));
      }));
  for (News& news : all)
    MW_TRY(database.Each(
        "SELECT DISTINCT site FROM rollout_devices WHERE rollout_id = $1 ORDER BY site LIMIT 100",
        {news.subject}, [&](const Row& row) { news.sites.emplace_back(row.Text(0)); }));
  return all;
}

Result<void> MarkTold(store::Database& database, std::string_view kind, std::string_view subject,
                      int64_t mark, Nanos now) {
  return Marked(database.Run(
      "INSERT INTO notify_told (kind, subject, mark, at_ns) VALUES ($1, $2, $3, $4) "
      "ON CONFLICT (kind, subject) DO UPDATE SET mark = excluded.mark, at_ns = excluded.at_ns",
      {kind, subject, mark, now}));
}

Result<int64_t> MarkOf(store::Database& database, std::string_view kind, std::string_view subject,
                       int64_t fallback) {
  int64_t mark = fallback;
  MW_TRY(database.First("SELECT mark FROM notify_told WHERE kind = $1 AND subject = $2",
                        {kind, subject}, [&](const Row& row) { mark = row.Int(0); }));
  return mark;
}

}  // namespace millwright::hub::notify
