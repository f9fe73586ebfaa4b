#include "hub/api/live.h"

#include "core/log.h"
#include "hub/api/alarm_view.h"
#include "hub/api/board.h"
#include "hub/api/device_routes.h"
#include "hub/api/machine_view.h"
#include "hub/api/params.h"
#include "hub/api/rollout_view.h"
#include "hub/api/words.h"
#include "os/process.h"

namespace millwright::hub {
namespace {

constexpr Nanos kLook = 250 * kMillisecond;
constexpr Nanos kDevicePeriod = 10 * kSecond;

}  // namespace

void Live::Run(const std::stop_token& stop) {
  os::NameThread("live");
  while (!stop.stop_requested()) {
    const Result<store::ReaderPool::Lease> reader = context_.readers.Take();
    const Result<void> done =
        reader ? Step(**reader) : Fail(reader.error().code, reader.error().what);
    if (!done) log::Failure("live", done.error());
    context_.clock.SleepFor(kLook);
  }
}

Result<void> Live::Step(store::Database& database) {
  waiting_.Merge(feed_.Take());
  MW_TRY(const store::Transaction snapshot, database.BeginRead());
  MW_TRY(SendAlarms(database));
  const Nanos monotonic = context_.clock.Monotonic();
  if (monotonic < next_second_) return {};
  next_second_ = monotonic + kSecond - kLook / 2;
  const Nanos now = context_.clock.Utc();
  MW_TRY(SendMachines(database, now));
  MW_TRY(SendDevices(database, now));
  MW_TRY(SendRollouts(database, now));
  waiting_ = {};
  return SendTick(database, now);
}

Result<void> Live::SendAlarms(store::Database& database) {
  for (const auto& [device, key] : waiting_.alarms) {
    MW_TRY(const std::optional<AlarmView> alarm, LoadAlarm(database, device, key));
    if (!alarm) continue;
    http::JsonWriter json;
    WriteAlarm(json, *alarm);
    server_.Send("alarm", json.text(), true);
  }
  waiting_.alarms.clear();
  return {};
}

// All machines are looked at, since time alone makes one unknown; only what differs from what was
// told is sent.
Result<void> Live::SendMachines(store::Database& database, Nanos now) {
  MW_TRY(const std::vector<MachineView> machines, LoadMachines(database, context_.freshness, now));
  for (const MachineView& machine : machines) {
    http::JsonWriter json;
    json.BeginObject();
    WriteMachineFields(json, machine);
    json.EndObject();
    std::string& told = machines_[machine.site + "/" + machine.asset];
    if (told == json.text()) continue;
    told = json.Take();
    server_.Send("machine", told, true);
  }
  return {};
}

Result<void> Live::SendDevices(store::Database& database, Nanos now) {
  std::map<std::string, bool> online;
  MW_TRY(database.Each("SELECT device, online, last_seen_ns FROM devices", {},
                       [&](const store::Row& row) {
                         online[std::string(row.Text(0))] =
                             row.Int(1) != 0 && now - row.Int(2) <= context_.freshness.link_max();
                       }));
  const Nanos monotonic = context_.clock.Monotonic();
  for (const auto& [device, is_online] : online) {
    const auto known = devices_.find(device);
    if (known != devices_.end() && known->second.online == is_online &&
        monotonic - known->second.at < kDevicePeriod)
      continue;
    devices_[device] = {is_online, monotonic};
    http::JsonWriter json;
    MW_TRY(WriteDevices(json, database, context_.freshness, now, device));
    server_.Send("device", json.text(), true);
  }
  return {};
}

Result<void> Live::SendRollouts(store::Database& database, Nanos now) {
  for (const std::string& id : waiting_.rollouts) {
    const auto rollout = LoadRollout(database, id);
    if (!rollout && rollout.error().code == Errc::kNotFound) continue;
    if (!rollout) return tl::unexpected(rollout.error());
    http::JsonWriter json;
    MW_TRY(WriteRollout(json, database, context_.freshness, now, *rollout));
    server_.Send("rollout", json.text(), true);
  }
  return {};
}

Result<void> Live::SendTick(store::Database& database, Nanos now) {
  MW_TRY(const Nanos heard, LastHeard(database));
  http::JsonWriter json;
  json.BeginObject()
      .Field("now_ms", Milliseconds(now))
      .Field("last_data_ms", Milliseconds(heard))
      .EndObject();
  server_.Send("tick", json.text(), false);
  return {};
}

void AddStreamRoute(http::Router& router, const ApiContext& context) {
  router.Add("GET", "/api/v1/stream", [&context](const http::Request& request) {
    if (auto problem = Params(request).Finish()) return std::move(*problem);
    http::JsonWriter json;
    json.BeginObject()
        .Field("now_ms", Milliseconds(context.clock.Utc()))
        .Field("version", context.version)
        .EndObject();
    http::Response response;
    response.stream = true;
    response.content_type = "text/event-stream";
    response.body = "retry: 1000\nevent: hello\ndata: " + json.text() + "\n\n";
    return response;
  });
}

}  // namespace millwright::hub
