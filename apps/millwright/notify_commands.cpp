// notify: what people were told, and whether a route works.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

constexpr const char* kNotifications = "/api/v1/notifications";

Cell ShowMade(const json& row, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(row, "created_ms"))};
}

Cell ShowDeliveryState(const json& row, const json& /*answer*/) {
  const std::string state = TextOf(row, "state");
  const Tone tone = state == "sent"                 ? Tone::kGood
                    : state == "failed"             ? Tone::kBad
                    : !TextOf(row, "error").empty() ? Tone::kAttention
                                                    : Tone::kPlain;
  return {state, tone};
}

constexpr Column kNotifyColumns[] = {
    {"created_ms", ColumnKind::kInteger, "MADE", ShowMade},
    {"route", ColumnKind::kText, "ROUTE"},
    {"channel", ColumnKind::kText},
    {"target", ColumnKind::kText, "TO"},
    {"kind", ColumnKind::kText},
    {"level", ColumnKind::kText},
    {"site", ColumnKind::kText},
    {"words", ColumnKind::kText, "WHAT"},
    {"count", ColumnKind::kInteger},
    {"state", ColumnKind::kText, "STATE", ShowDeliveryState},
    {"attempts", ColumnKind::kInteger, "TRIES"},
    {"due_ms", ColumnKind::kInteger},
    {"updated_ms", ColumnKind::kInteger},
    {"error", ColumnKind::kText, "ERROR"},
    {"id", ColumnKind::kText},
};

void ListNotifications(Context& context, int limit) {
  const auto answer =
      AskHub(context, std::string(kNotifications) + "?limit=" + std::to_string(limit));
  if (!answer) return FailFromHub(context, answer.error());
  const auto rows = ObjectsOf(*answer, "notifications");
  if (context.json) {
    FlatJson out;
    out.Count("listed", rows.size()).Set("now_ms", IntegerOf(*answer, "now_ms"));
    for (const char* key : {"waiting", "sent", "failed"}) out.Set(key, IntegerOf(*answer, key));
    AddColumns(out, rows, kNotifyColumns);
    return out.Print();
  }
  if (rows.empty()) {
    std::puts(FlagOf(*answer, "enabled") ? "Nobody was told of anything yet."
                                         : "This hub tells nobody: it has no notify.route.");
    return;
  }
  std::fputs(TableOf(*answer, rows, kNotifyColumns).Text(context.color).c_str(), stdout);
}

void TestRoute(Context& context, const std::string& route) {
  const auto answer = TellHub(context, std::string(kNotifications) + "/test", {{"route", route}});
  if (!answer) return FailFromHub(context, answer.error());
  const auto ids = answer->find("ids");
  const size_t count = ids != answer->end() && ids->is_array() ? ids->size() : 0;
  if (context.json) return FlatJson().Set("route", route).Count("messages", count).Print();
  std::printf("%zu on the way; millwright notify list tells how it went.\n", count);
}

}  // namespace

void ConfigureNotify(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  const auto limit = std::make_shared<int>(50);
  CLI::App* list = command.add_subcommand("list", "List messages, newest first");
  list->add_option("--limit", *limit, "At most this many")
      ->check(CLI::Range(1, 500))
      ->capture_default_str();
  list->callback([&context, limit] { ListNotifications(context, *limit); });
  const auto route = std::make_shared<std::string>();
  CLI::App* test = command.add_subcommand("test", "Send a message along a route, now");
  test->add_option("ROUTE", *route, "Its name in hub.toml")->required();
  test->callback([&context, route] { TestRoute(context, *route); });
}

}  // namespace millwright::cli
