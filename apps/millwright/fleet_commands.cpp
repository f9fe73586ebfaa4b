// devices, models: what the hub knows about gateways and what they run.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "columns.h"
#include "commands.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

Cell ShowOnline(const json& device, const json& /*answer*/) {
  const bool online = FlagOf(device, "online");
  return {online ? "online" : "not heard", online ? Tone::kGood : Tone::kBad};
}

Cell ShowLastSeen(const json& device, const json& answer) {
  return {Age(IntegerOf(answer, "now_ms"), IntegerOf(device, "last_seen_ms"))};
}

Cell ShowLatency(const json& device, const json& /*answer*/) {
  const double value = NumberOf(device, "decision_ms_p999");
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", value);
  return {value > 0 ? text : "-"};
}

Cell ShowHash(const json& model, const json& /*answer*/) {
  return {TextOf(model, "hash").substr(0, 12), Tone::kFaint};
}

constexpr Column kDeviceColumns[] = {
    {"site", ColumnKind::kText, "SITE"},
    {"device", ColumnKind::kText, "DEVICE"},
    {"online", ColumnKind::kFlag, "STATE", ShowOnline},
    {"last_seen_ms", ColumnKind::kInteger, "HEARD", ShowLastSeen},
    {"since_ms", ColumnKind::kInteger},
    {"machines", ColumnKind::kInteger, "MACHINES"},
    {"version", ColumnKind::kText},
    {"model_name", ColumnKind::kText, "MODEL"},
    {"model_hash", ColumnKind::kText},
    {"hardware", ColumnKind::kText},
    {"certificate", ColumnKind::kText},
    {"certificate_until_ms", ColumnKind::kInteger},
    {"priority", ColumnKind::kText},
    {"update", ColumnKind::kText},
    {"uptime_s", ColumnKind::kNumber},
    {"rss_mb", ColumnKind::kNumber},
    {"decisions", ColumnKind::kInteger},
    {"decision_ms_p50", ColumnKind::kNumber},
    {"decision_ms_p99", ColumnKind::kNumber},
    {"decision_ms_p999", ColumnKind::kNumber, "P99.9", ShowLatency},
    {"decision_ms_max", ColumnKind::kNumber},
    {"outbox_records", ColumnKind::kInteger, "OUTBOX"},
    {"outbox_bytes", ColumnKind::kInteger},
    {"dropped_readings", ColumnKind::kInteger},
    {"rejected_payloads", ColumnKind::kInteger},
    {"evicted_records", ColumnKind::kInteger},
};

constexpr Column kModelColumns[] = {
    {"name", ColumnKind::kText, "MODEL"},
    {"hash", ColumnKind::kText, "HASH", ShowHash},
    {"devices", ColumnKind::kLength, "GATEWAYS"},
    {"assets", ColumnKind::kLength, "MACHINES"},
};

struct List {
  const char* path;
  const char* array;  // in the answer
  std::span<const Column> columns;
  const char* when_empty;
};

void Show(Context& context, const List& list) {
  const auto answer = AskHub(context, list.path);
  if (!answer) return FailFromHub(context, answer.error());
  const auto rows = ObjectsOf(*answer, list.array);
  if (context.json) {
    FlatJson out;
    out.Count("count", rows.size());
    if (answer->contains("now_ms")) out.Set("now_ms", IntegerOf(*answer, "now_ms"));
    AddColumns(out, rows, list.columns);
    return out.Print();
  }
  if (rows.empty()) {
    std::puts(list.when_empty);
    return;
  }
  std::fputs(TableOf(*answer, rows, list.columns).Text(context.color).c_str(), stdout);
}

}  // namespace

void ConfigureDevices(CLI::App& command, Context& context) {
  command.callback([&context] {
    Show(context, {"/api/v1/devices", "devices", kDeviceColumns,
                   "No gateway has reported to this hub yet."});
  });
}

void ConfigureModels(CLI::App& command, Context& context) {
  command.callback([&context] {
    Show(context,
         {"/api/v1/models", "models", kModelColumns, "No gateway has reported a model yet."});
  });
}

}  // namespace millwright::cli
