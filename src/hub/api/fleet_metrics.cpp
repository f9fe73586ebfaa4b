#include "hub/api/fleet_metrics.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <thread>
#include <vector>

#include "core/log.h"
#include "hub/api/machine_view.h"
#include "hub/api/words.h"
#include "hub/labels/inbox.h"
#include "os/process.h"
#include "wire/event.pb.h"

namespace millwright::hub {
namespace {

using store::Row;

const std::string kOtherSite = "other";
constexpr Nanos kDayLong = int64_t{86'400} * kSecond;
constexpr int64_t kAccuracyDays = 90;
constexpr std::array<std::pair<const char*, double>, 4> kQuantiles = {
    {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1}}};
// Of each machine only what is counted: there may be hundreds of thousands.
constexpr std::string_view kMachines =
    "SELECT a.site, d.online, d.last_seen_ns, m.device, m.state, m.level, m.score, m.as_of_ns FROM "
    "assets a LEFT JOIN machine_state m ON m.site = a.site AND m.asset = a.asset LEFT JOIN devices "
    "d ON d.device = COALESCE(m.device, a.device)";
constexpr std::string_view kShownWords[] = {"act",      "warning", "watch",   "healthy",
                                            "learning", "stopped", "unknown", "shelved"};

double Quantile(std::vector<double>& values, double q) {
  const auto at = static_cast<size_t>(std::lround(q * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

struct SiteGateways {
  int64_t online = 0, offline = 0;
  std::map<std::string, int64_t> updating{};
  std::vector<double> decision_p99{}, outbox{}, resident{}, silent{};
  double decisions = 0, dropped = 0, rejected = 0, evicted = 0;
};

}  // namespace

void FleetMetrics::Add(std::string_view name, std::string_view help, const metrics::Labels& labels,
                       double value) {
  std::string key(name);
  for (const auto& [label, text] : labels) key.append("\n").append(label).append("=").append(text);
  Shown& shown = shown_[key];
  if (shown.gauge == nullptr) shown.gauge = &registry_.AddGauge(name, help, labels);
  shown.next += value;
}

void FleetMetrics::Run(const std::stop_token& stop) {
  os::NameThread("fleet");
  Nanos refreshed = 0, took = 0;
  while (!stop.stop_requested()) {
    const Nanos now = context_.clock.Monotonic();
    const bool read = now - scraped_.load() < kScrapedMax;
    const Nanos pause = std::max(kRefreshEvery, kRestShare * took);
    if (refreshed == 0 || (read && now - refreshed >= pause)) {
      if (const auto reader = context_.readers.Take(kSecond); !reader)
        log::Failure("metrics", reader.error());
      else if (const auto done = Refresh(**reader); !done)
        log::Failure("metrics", done.error());
      refreshed = context_.clock.Monotonic();
      took = refreshed - now;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

Result<void> FleetMetrics::Refresh(store::Database& database) {
  const Nanos now = context_.clock.Utc(), started = context_.clock.Monotonic();
  for (auto& [key, shown] : shown_) shown.next = 0;
  MW_TRY(Sites(database));
  MW_TRY(Gateways(database, now));
  MW_TRY(Machines(database, now));
  MW_TRY(Alarms(database, now));
  MW_TRY(People(database, now));
  MW_TRY(Accuracy(database, now));
  MW_TRY(Delivery(database));
  for (const auto& [key, shown] : shown_) shown.gauge->Set(shown.next);
  registry_
      .AddGauge("millwright_fleet_refreshed_timestamp_seconds",
                "When the fleet was read, Unix time.")
      .Set(Seconds(now));
  registry_.AddGauge("millwright_fleet_refresh_seconds", "How long reading the fleet took.")
      .Set(Seconds(context_.clock.Monotonic() - started));
  return {};
}

Result<void> FleetMetrics::Sites(store::Database& database) {
  sites_.clear();
  size_t rank = 0;
  MW_TRY(database.Each("SELECT site FROM devices GROUP BY site ORDER BY COUNT(*) DESC, site", {},
                       [&](const Row& row) {
                         const std::string site(row.Text(0));
                         sites_[site] = rank++ < kSitesMax ? site : kOtherSite;
                       }));
  Add("millwright_fleet_sites", "Sites known.", {}, static_cast<double>(rank));
  Add("millwright_fleet_sites_truncated", "Sites that are counted together as site \"other\".", {},
      rank > kSitesMax ? static_cast<double>(rank - kSitesMax) : 0);
  return {};
}

const std::string& FleetMetrics::SiteLabel(const std::string& site) const {
  const auto at = sites_.find(site);
  return at == sites_.end() ? kOtherSite : at->second;
}

Result<void> FleetMetrics::Gateways(store::Database& database, Nanos now) {
  std::map<std::string, SiteGateways> sites;
  std::map<std::string, int64_t> models;
  MW_TRY(database.Each(
      "SELECT site, online, last_seen_ns, model_name, health FROM devices", {},
      [&](const Row& row) {
        SiteGateways& site = sites[SiteLabel(std::string(row.Text(0)))];
        const Nanos silent = std::max<Nanos>(0, now - row.Int(2));
        ++(row.Int(1) != 0 && silent <= context_.freshness.link_max() ? site.online : site.offline);
        ++models[std::string(row.Text(3))];
        site.silent.push_back(Seconds(silent));
        wire::Health health;
        const store::Blob bytes = row.Bytes(4);
        if (bytes.empty() || !health.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
          return;
        site.decision_p99.push_back(static_cast<double>(health.decision_ms_p99()) / 1e3);
        site.outbox.push_back(static_cast<double>(health.outbox_records()));
        site.resident.push_back(static_cast<double>(health.rss_bytes()));
        site.decisions += static_cast<double>(health.decisions());
        site.dropped += static_cast<double>(health.dropped_readings());
        site.rejected += static_cast<double>(health.rejected_payloads());
        site.evicted += static_cast<double>(health.evicted_records());
        if (!health.update().empty() && health.update() != "idle") ++site.updating[health.update()];
      }));
  for (auto& [name, site] : sites) {
    Add("millwright_fleet_gateways", "Gateways by whether they are heard.",
        {{"site", name}, {"state", "online"}}, static_cast<double>(site.online));
    Add("millwright_fleet_gateways", "", {{"site", name}, {"state", "offline"}},
        static_cast<double>(site.offline));
    const auto spread = [&, &label = name](const char* metric, const char* help,
                                           std::vector<double>& values) {
      for (const auto& [text, q] : kQuantiles)
        if (!values.empty())
          Add(metric, help, {{"site", label}, {"stat", text}}, Quantile(values, q));
    };
    spread("millwright_fleet_decision_p99_seconds",
           "A gateway's own 99th percentile from reading to decision, over the gateways.",
           site.decision_p99);
    spread("millwright_fleet_outbox_records", "Records that wait on a gateway, over the gateways.",
           site.outbox);
    spread("millwright_fleet_resident_bytes", "Memory of the agent, over the gateways.",
           site.resident);
    spread("millwright_fleet_silent_seconds", "Since a gateway was heard, over the gateways.",
           site.silent);
    const auto sum = [&, &label = name](const char* metric, const char* help, double value) {
      Add(metric, help, {{"site", label}}, value);
    };
    sum("millwright_fleet_decisions", "Decisions since the agents started.", site.decisions);
    sum("millwright_fleet_dropped_readings", "Readings dropped since the agents started.",
        site.dropped);
    sum("millwright_fleet_rejected_payloads", "Payloads refused since the agents started.",
        site.rejected);
    sum("millwright_fleet_evicted_records", "Telemetry given up for want of room.", site.evicted);
    for (const auto& [phase, count] : site.updating)
      Add("millwright_fleet_updating", "Gateways with a new model on its way, by phase.",
          {{"phase", phase}, {"site", name}}, static_cast<double>(count));
  }
  std::vector<std::pair<int64_t, std::string>> ranked;
  ranked.reserve(models.size());
  for (const auto& [model, count] : models) ranked.emplace_back(-count, model);
  std::sort(ranked.begin(), ranked.end());
  std::map<std::string, int64_t> shown;
  for (size_t i = 0; i < ranked.size(); ++i)
    shown[i < kModelsMax ? ranked[i].second : "other"] -= ranked[i].first;
  for (const auto& [model, count] : shown)
    Add("millwright_fleet_models", "Gateways by the model that decides.",
        {{"model", model.empty() ? "none" : model}}, static_cast<double>(count));
  return {};
}

Result<void> FleetMetrics::Machines(store::Database& database, Nanos now) {
  std::map<std::pair<std::string, std::string_view>, int64_t> counts;
  std::map<std::string, std::vector<double>> scores;
  for (const auto& [site, label] : sites_)
    for (const std::string_view word : kShownWords) counts[{label, word}] = 0;
  MW_TRY(database.Each(kMachines, {}, [&](const Row& row) {
    MachineView machine;
    machine.device_online = row.Int(1) != 0;
    machine.device_seen = row.Int(2);
    machine.known = !row.IsNull(3);
    machine.row.state = row.Int(4);
    machine.row.level = row.Int(5);
    machine.row.as_of = row.Int(7);
    Judge(machine, context_.freshness, now);
    const std::string& site = SiteLabel(std::string(row.Text(0)));
    ++counts[{site, machine.shown}];
    if (machine.current) scores[site].push_back(row.Real(6));
  }));
  for (const auto& [key, count] : counts)
    Add("millwright_fleet_machines", "Machines by what is shown of them; unknown: not current.",
        {{"site", key.first}, {"state", std::string(key.second)}}, static_cast<double>(count));
  for (auto& [site, values] : scores)
    for (const auto& [text, q] : kQuantiles)
      Add("millwright_fleet_score", "Scores of machines that are current.",
          {{"site", site}, {"stat", text}}, Quantile(values, q));
  return {};
}

Result<void> FleetMetrics::Alarms(store::Database& database, Nanos now) {
  for (const auto& [site, label] : sites_)
    for (const char* level : {"watch", "warning", "act"})
      Add("millwright_fleet_alarms_open", "Alarms that are open.",
          {{"level", level}, {"site", label}}, 0);
  for (const auto& [site, label] : sites_) {
    Add("millwright_fleet_alarms_raised_last_hour", "Alarms that were raised within the last hour.",
        {{"site", label}}, 0);
    Add("millwright_fleet_readings_missing_last_day",
        "Readings that were declared missing within the last day.", {{"site", label}}, 0);
  }
  MW_TRY(
      database.Each("SELECT site, level, COUNT(*) FROM alarms WHERE cleared_ns IS NULL GROUP BY "
                    "site, level",
                    {}, [&](const Row& row) {
                      Add("millwright_fleet_alarms_open", "Alarms that are open.",
                          {{"level", std::string(LevelWord(row.Int(1)))},
                           {"site", SiteLabel(std::string(row.Text(0)))}},
                          static_cast<double>(row.Int(2)));
                    }));
  MW_TRY(database.Each("SELECT site, COUNT(*) FROM alarms WHERE raised_ns >= $1 GROUP BY site",
                       {now - 3600 * kSecond}, [&](const Row& row) {
                         Add("millwright_fleet_alarms_raised_last_hour",
                             "Alarms that were raised within the last hour.",
                             {{"site", SiteLabel(std::string(row.Text(0)))}},
                             static_cast<double>(row.Int(1)));
                       }));
  MW_TRY(database.Each("SELECT site, SUM(missing) FROM gaps WHERE to_ns >= $1 GROUP BY site",
                       {now - kDayLong}, [&](const Row& row) {
                         Add("millwright_fleet_readings_missing_last_day",
                             "Readings that were declared missing within the last day.",
                             {{"site", SiteLabel(std::string(row.Text(0)))}},
                             static_cast<double>(row.Int(1)));
                       }));
  return {};
}

Result<void> FleetMetrics::People(store::Database& database, Nanos now) {
  MW_TRY(const InboxCounts counts, CountInbox(database, "", now));
  const auto inbox = [&](const char* view, int64_t count) {
    Add("millwright_inbox_alarms", "Alarms by where they stand with people.", {{"view", view}},
        static_cast<double>(count));
  };
  inbox("judge", counts.judge);
  inbox("shelved", counts.shelved);
  inbox("opinion", counts.opinion);
  inbox("judged_today", counts.judged_today);
  MW_TRY(const InboxFigures figures, LoadFigures(database, "", now));
  Add("millwright_inbox_real_alarms", "Judged alarms of 90 days that were real.", {},
      static_cast<double>(figures.real));
  Add("millwright_inbox_known_alarms", "Judged alarms of 90 days, those of unknown cause left out.",
      {}, static_cast<double>(figures.known));
  Add("millwright_inbox_verdict_seconds", "Median from an alarm's arrival to its verdict.", {},
      figures.to_verdict ? Seconds(*figures.to_verdict) : 0);
  return {};
}

// Evidence over 90 days of labels is worked out when there is a new act, an undone one or a new
// day.
Result<void> FleetMetrics::Accuracy(store::Database& database, Nanos now) {
  std::array<int64_t, 4> said = {now / kDayLong, 0, 0, 0};
  MW_TRY(database.Each("SELECT COUNT(*), COUNT(undone_ns), COALESCE(MAX(at_ns), 0) FROM acts", {},
                       [&](const Row& row) {
                         said = {said[0], row.Int(0), row.Int(1), row.Int(2)};
                       }));
  if (said != said_) {
    MW_TRY(accuracy_, LoadAccuracy(database, now - kAccuracyDays * kDayLong, now + 1));
    said_ = said;
  }
  int64_t risen = 0, labels = 0;
  for (const DeviceAccuracy& device : accuracy_.devices) risen += device.risen ? 1 : 0;
  for (size_t i = 0; i < accuracy_.cohorts.size(); ++i) {
    const CohortAccuracy& cohort = accuracy_.cohorts[i];
    labels += cohort.labels;
    if (i < kCohortsMax)
      Add("millwright_accuracy", "Accuracy by labels of 90 days, by machine class.",
          {{"asset_class", cohort.cohort}}, cohort.prior.mean);
  }
  Add("millwright_labels", "Labels of 90 days that count for accuracy.", {},
      static_cast<double>(labels));
  Add("millwright_gateways_errors_risen", "Gateways whose errors have risen, by their labels.", {},
      static_cast<double>(risen));
  return {};
}

Result<void> FleetMetrics::Delivery(store::Database& database) {
  MW_TRY(database.Each(
      "SELECT state, COUNT(*) FROM rollouts GROUP BY state LIMIT 20", {}, [&](const Row& row) {
        Add("millwright_rollouts", "Rollouts by state.", {{"state", std::string(row.Text(0))}},
            static_cast<double>(row.Int(1)));
      }));
  return database.Each(
      "SELECT e.status, COUNT(*) FROM job_executions e JOIN rollouts r ON r.id = e.rollout_id "
      "WHERE "
      "r.ended_ns IS NULL GROUP BY e.status LIMIT 30",
      {}, [&](const Row& row) {
        Add("millwright_rollout_gateways",
            "Gateways of rollouts that have not ended, by the status of their job.",
            {{"status", std::string(row.Text(0))}}, static_cast<double>(row.Int(1)));
      });
}

}  // namespace millwright::hub
