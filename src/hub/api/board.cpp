#include "hub/api/board.h"

#include <algorithm>
#include <array>
#include <map>

#include "hub/api/params.h"
#include "hub/api/words.h"

namespace millwright::hub {
namespace {

constexpr Nanos kCacheMax = 500 * kMillisecond;
constexpr Nanos kLateShown = 3600 * kSecond;  // then it is history
constexpr int kAlarmsOnBoard = 100;
constexpr std::array<std::string_view, 8> kShown = {"act",      "warning", "watch",   "healthy",
                                                    "learning", "stopped", "unknown", "shelved"};

void WriteCounts(http::JsonWriter& json, const std::vector<MachineView>& machines) {
  std::map<std::string_view, int64_t> counts;
  for (const MachineView& machine : machines) ++counts[machine.shown];
  json.Key("counts").BeginObject();
  for (const std::string_view word : kShown) json.Field(word, counts[word]);
  json.EndObject();
}

void WriteArea(http::JsonWriter& json, std::span<const MachineView> machines) {
  json.BeginObject().Field("area", machines[0].area).Field("name", TitleOf(machines[0].area));
  json.Key("machines").BeginArray();
  for (const MachineView& machine : machines) {
    json.BeginObject();
    WriteMachineFields(json, machine);
    json.EndObject();
  }
  json.EndArray().EndObject();
}

void WriteAreas(http::JsonWriter& json, std::span<const MachineView> machines) {
  json.Key("areas").BeginArray();
  while (!machines.empty()) {
    const auto end = std::find_if(machines.begin(), machines.end(),
                                  [&](const MachineView& m) { return m.area != machines[0].area; });
    const auto count = static_cast<size_t>(end - machines.begin());
    WriteArea(json, machines.first(count));
    machines = machines.subspan(count);
  }
  json.EndArray();
}

void WriteSite(http::JsonWriter& json, const SiteView& site,
               std::span<const MachineView> machines) {
  json.BeginObject().Field("site", site.site).Field("name", TitleOf(site.site));
  json.Field("link", site.link_up ? "up" : "lost");
  json.Field("link_since_ms", Milliseconds(site.link_up ? site.online_since : site.last_seen));
  json.Field("late_events", site.late_events).Key("late_ms");
  if (site.late_events > 0)
    json.Integer(Milliseconds(site.late_at));
  else
    json.Null();
  json.Field("gateways", site.gateways).Field("gateways_online", site.online);
  WriteAreas(json, machines);
  json.EndObject();
}

// Machines are sorted by site; a site may have gateways and no machine yet, or the other way round.
void WriteSites(http::JsonWriter& json, std::vector<SiteView> sites,
                std::span<const MachineView> machines) {
  for (const MachineView& machine : machines) {
    const auto known = std::find_if(sites.begin(), sites.end(),
                                    [&](const SiteView& s) { return s.site == machine.site; });
    if (known == sites.end()) sites.push_back({.site = machine.site});
  }
  std::sort(sites.begin(), sites.end(),
            [](const SiteView& a, const SiteView& b) { return a.site < b.site; });
  json.Key("sites").BeginArray();
  for (const SiteView& site : sites) {
    const auto range = std::equal_range(
        machines.begin(), machines.end(), site.site, [](const auto& a, const auto& b) {
          constexpr auto text = [](const auto& x) -> std::string_view {
            if constexpr (requires { x.asset; })
              return x.site;
            else
              return x;
          };
          return text(a) < text(b);
        });
    WriteSite(json, site, {range.first, range.second});
  }
  json.EndArray();
}

}  // namespace

Result<std::vector<SiteView>> LoadSites(store::Database& database, const Freshness& freshness,
                                        Nanos now) {
  std::vector<SiteView> sites;
  MW_TRY(database.Each(
      "SELECT site, online, online_since_ns, last_seen_ns, late_events, late_ns FROM devices WHERE "
      "site <> '' ORDER BY "
      "site, device",
      {}, [&](const store::Row& row) {
        if (sites.empty() || sites.back().site != row.Text(0))
          sites.push_back({.site = std::string(row.Text(0))});
        SiteView& site = sites.back();
        ++site.gateways;
        site.last_seen = std::max(site.last_seen, row.Int(3));
        if (now - row.Int(5) <= kLateShown) {
          site.late_events += row.Int(4);
          site.late_at = std::max(site.late_at, row.Int(5));
        }
        if (row.Int(1) == 0 || now - row.Int(3) > freshness.link_max()) return;
        site.online_since = site.link_up ? std::min(site.online_since, row.Int(2)) : row.Int(2);
        site.link_up = true;
        ++site.online;
      }));
  return sites;
}

Result<Nanos> LastHeard(store::Database& database) {
  Nanos last = 0;
  MW_TRY(database.Each("SELECT MAX(last_seen_ns) FROM devices", {},
                       [&](const store::Row& row) { last = row.Int(0); }));
  return last;
}

Result<std::string> BuildBoard(store::Database& database, const Freshness& freshness, Nanos now) {
  MW_TRY(const std::vector<MachineView> machines, LoadMachines(database, freshness, now));
  MW_TRY(std::vector<SiteView> sites, LoadSites(database, freshness, now));
  MW_TRY(const std::vector<AlarmView> alarms, LoadWorstAlarms(database, kAlarmsOnBoard));
  MW_TRY(const AlarmCounts counts, CountAlarms(database));
  MW_TRY(const Nanos heard, LastHeard(database));
  http::JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(now)).Field("last_data_ms", Milliseconds(heard));
  WriteSites(json, std::move(sites), machines);
  WriteCounts(json, machines);
  json.Field("open_alarms", counts.open).Key("oldest_open_ms");
  if (counts.oldest_open)
    json.Integer(Milliseconds(*counts.oldest_open));
  else
    json.Null();
  json.Key("alarms").BeginArray();
  for (const AlarmView& alarm : alarms) WriteAlarm(json, alarm);
  json.EndArray().EndObject();
  return json.Take();
}

Result<std::string> Board::Json(store::Database& database, const ApiContext& context) {
  const MutexLock lock(mutex_);
  const Nanos now = context.clock.Monotonic();
  if (cached_.empty() || now - built_ >= kCacheMax) {
    cached_.clear();
    MW_TRY(cached_, BuildBoard(database, context.freshness, context.clock.Utc()));
    built_ = now;
  }
  return cached_;
}

void Board::Forget() {
  const MutexLock lock(mutex_);
  cached_.clear();
}

void AddBoardRoutes(http::Router& router, const ApiContext& context, Board& board) {
  AddRead(router, context, "/api/v1/board",
          [&context, &board](store::Database& database,
                             const http::Request& request) -> Result<http::Response> {
            if (auto problem = Params(request).Finish()) return *problem;
            http::Response response;
            MW_TRY(response.body, board.Json(database, context));
            return response;
          });
}

}  // namespace millwright::hub
