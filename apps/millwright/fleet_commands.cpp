// devices, models: what the hub knows about gateways and what they run.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "commands.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using Strings = std::vector<std::string>;
using Integers = std::vector<int64_t>;

std::string Milliseconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", value);
  return value > 0 ? text : "-";
}

void ShowDevices(const nlohmann::json& answer, const std::vector<nlohmann::json>& devices,
                 bool color) {
  TextTable table({"SITE", "DEVICE", "STATE", "HEARD", "MACHINES", "MODEL", "P99.9", "OUTBOX"});
  const int64_t now = IntegerOf(answer, "now_ms");
  for (const auto& device : devices) {
    const bool online = FlagOf(device, "online");
    table.Add({{TextOf(device, "site")},
               {TextOf(device, "device")},
               {online ? "online" : "not heard", online ? Tone::kGood : Tone::kBad},
               {Age(now, IntegerOf(device, "last_seen_ms"))},
               {std::to_string(IntegerOf(device, "machines"))},
               {TextOf(device, "model_name")},
               {Milliseconds(NumberOf(device, "decision_ms_p999"))},
               {std::to_string(IntegerOf(device, "outbox_records"))}});
  }
  std::fputs(table.Text(color).c_str(), stdout);
}

void PrintDevices(const std::vector<nlohmann::json>& devices) {
  Strings site, name, model;
  std::vector<bool> online;
  Integers seen, machines, outbox;
  std::vector<double> p999;
  for (const auto& device : devices) {
    site.push_back(TextOf(device, "site"));
    name.push_back(TextOf(device, "device"));
    model.push_back(TextOf(device, "model_name"));
    online.push_back(FlagOf(device, "online"));
    seen.push_back(IntegerOf(device, "last_seen_ms"));
    machines.push_back(IntegerOf(device, "machines"));
    outbox.push_back(IntegerOf(device, "outbox_records"));
    p999.push_back(NumberOf(device, "decision_ms_p999"));
  }
  FlatJson json;
  json.Count("count", devices.size()).Set("site", site).Set("device", name).Set("online", online);
  json.Set("last_seen_ms", seen).Set("machines", machines).Set("model_name", model);
  json.Set("decision_ms_p999", p999).Set("outbox_records", outbox).Print();
}

void ListDevices(Context& context) {
  const auto answer = AskHub(context, "/api/v1/devices");
  if (!answer) return FailFromHub(context, answer.error());
  const auto devices = ObjectsOf(*answer, "devices");
  if (context.json) return PrintDevices(devices);
  if (devices.empty()) {
    std::puts("No gateway has reported to this hub yet.");
    return;
  }
  ShowDevices(*answer, devices, context.color);
}

// How many entries an array field has; a number stands for itself.
int64_t CountOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found != object.end() && found->is_array()) return static_cast<int64_t>(found->size());
  return IntegerOf(object, key);
}

void ListModels(Context& context) {
  const auto answer = AskHub(context, "/api/v1/models");
  if (!answer) return FailFromHub(context, answer.error());
  const auto models = ObjectsOf(*answer, "models");
  if (context.json) {
    Strings name, hash;
    Integers devices, assets;
    for (const auto& model : models) {
      name.push_back(TextOf(model, "name"));
      hash.push_back(TextOf(model, "hash"));
      devices.push_back(CountOf(model, "devices"));
      assets.push_back(CountOf(model, "assets"));
    }
    FlatJson json;
    json.Count("count", models.size()).Set("name", name).Set("hash", hash);
    json.Set("devices", devices).Set("assets", assets).Print();
    return;
  }
  if (models.empty()) {
    std::puts("No gateway has reported a model yet.");
    return;
  }
  TextTable table({"MODEL", "HASH", "GATEWAYS", "MACHINES"});
  for (const auto& model : models) {
    table.Add({{TextOf(model, "name")},
               {TextOf(model, "hash").substr(0, 12), Tone::kFaint},
               {std::to_string(CountOf(model, "devices"))},
               {std::to_string(CountOf(model, "assets"))}});
  }
  std::fputs(table.Text(context.color).c_str(), stdout);
}

}  // namespace

void ConfigureDevices(CLI::App& command, Context& context) {
  command.callback([&context] { ListDevices(context); });
}

void ConfigureModels(CLI::App& command, Context& context) {
  command.callback([&context] { ListModels(context); });
}

}  // namespace millwright::cli
