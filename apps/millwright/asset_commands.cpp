// asset: what a maintenance engineer says of a machine, and what that did to its baseline.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "core/text.h"
#include "core/time.h"
#include "crypto/random.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

constexpr size_t kActIdBytes = 16;

struct ServiceOptions {
  std::string machine, from, to, note;
};

// "alder/P-102" as the path of its routes.
Result<std::string> PathOf(const std::string& machine) {
  const size_t slash = machine.find('/');
  if (slash == 0 || slash == std::string::npos || slash + 1 == machine.size())
    return Fail(Errc::kInvalid, "\"" + machine + "\" is no machine such as alder/P-102");
  return "/api/v1/machines/" + PercentEncode(machine.substr(0, slash)) + "/" +
         PercentEncode(machine.substr(slash + 1));
}

void TellService(const ServiceOptions& options, const std::string& kind, Context& context) {
  const auto path = PathOf(options.machine);
  if (!path) return FailWith(context, path.error());
  const auto from = ParseUtc(options.from);
  if (!from) return FailWith(context, from.error());
  const std::string id = crypto::RandomHex(kActIdBytes);
  json body = {{"id", id}, {"kind", kind}, {"from_ms", *from / kMillisecond}};
  if (!options.note.empty()) body["note"] = options.note;
  if (!options.to.empty()) {
    const auto to = ParseUtc(options.to);
    if (!to) return FailWith(context, to.error());
    body["to_ms"] = *to / kMillisecond;
  }
  const auto answer = TellHub(context, *path + "/service", body);
  if (!answer) return FailFromHub(context, answer.error());
  const int64_t closed = IntegerOf(*answer, "closed");
  if (context.json) return FlatJson().Set("act", id).Set("closed", closed).Print();
  std::printf("Saved: %lld alarms closed. The gateway learns %s anew as soon as it is heard.\n",
              static_cast<long long>(closed), options.machine.c_str());
}

Cell ShowTime(const json& row, const char* key) {
  const auto at = row.find(key);
  return {at != row.end() && at->is_number_integer() ? ShortUtc(at->get<int64_t>()) : "-"};
}
Cell ShowFrom(const json& row, const json& /*answer*/) { return ShowTime(row, "from_ms"); }
Cell ShowTo(const json& row, const json& /*answer*/) { return ShowTime(row, "to_ms"); }
Cell ShowLearned(const json& row, const json& /*answer*/) { return ShowTime(row, "learned_ms"); }

constexpr Column kBaselineColumns[] = {
    {"version", ColumnKind::kInteger, "VERSION"},
    {"from_ms", ColumnKind::kInteger, "FROM", ShowFrom},
    {"to_ms", ColumnKind::kInteger, "TO", ShowTo},
    {"learned_ms", ColumnKind::kInteger, "LEARNED", ShowLearned},
    {"kind", ColumnKind::kText, "AFTER"},
    {"who", ColumnKind::kText, "BY"},
    {"note", ColumnKind::kText, "NOTE"},
    {"service", ColumnKind::kText},
    {"file", ColumnKind::kText},
};

void ListBaselines(const std::string& machine, Context& context) {
  const auto path = PathOf(machine);
  if (!path) return FailWith(context, path.error());
  const auto answer = AskHub(context, *path + "/baselines");
  if (!answer) return FailFromHub(context, answer.error());
  const auto baselines = ObjectsOf(*answer, "baselines");
  const auto pending = answer->find("pending");
  const size_t waiting = pending != answer->end() && pending->is_array() ? pending->size() : 0;
  if (context.json) {
    FlatJson out;
    out.Count("count", baselines.size()).Count("pending", waiting);
    AddColumns(out, baselines, kBaselineColumns);
    return out.Print();
  }
  std::fputs(TableOf(*answer, baselines, kBaselineColumns).Text(context.color).c_str(), stdout);
  if (waiting > 0) std::printf("%zu services wait for the gateway.\n", waiting);
}

void ConfigureService(CLI::App& command, Context& context, const std::string& kind) {
  const auto options = std::make_shared<ServiceOptions>();
  command.add_option("MACHINE", options->machine, "SITE/ASSET")->required();
  command.add_option("--from", options->from, "When the work began, UTC")->required();
  command.add_option("--to", options->to, "When it ended; left out: now");
  command.add_option("--note", options->note, "What was done");
  command.callback([&context, options, kind] { TellService(*options, kind, context); });
}

}  // namespace

void ConfigureAsset(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  ConfigureService(*command.add_subcommand("repaired", "It was repaired"), context, "repaired");
  ConfigureService(*command.add_subcommand("replaced", "Another machine stands in its place"),
                   context, "replaced");
  const auto machine = std::make_shared<std::string>();
  CLI::App* list = command.add_subcommand("baselines", "What it was judged by, oldest first");
  list->add_option("MACHINE", *machine, "SITE/ASSET")->required();
  list->callback([&context, machine] { ListBaselines(*machine, context); });
}

}  // namespace millwright::cli
