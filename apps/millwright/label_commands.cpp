// label: what was said, as data; ranges and work orders that say more.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "core/text.h"
#include "crypto/random.h"
#include "hub_query.h"
#include "label_query.h"
#include "os/files.h"
#include "output.h"
#include "work_orders.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

constexpr std::string_view kLabels = "/api/v1/labels";
constexpr size_t kRangeIdBytes = 16;
constexpr size_t kWorkOrderFileMax = size_t{64} << 20;

Cell ShowLabelFrom(const json& label, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(label, "from_ms"))};
}
Cell ShowLabelTo(const json& label, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(label, "to_ms"))};
}

constexpr Column kLabelColumns[] = {
    {"site", ColumnKind::kText, "SITE"},
    {"asset", ColumnKind::kText, "MACHINE"},
    {"from_ms", ColumnKind::kInteger, "FROM", ShowLabelFrom},
    {"to_ms", ColumnKind::kInteger, "TO", ShowLabelTo},
    {"rating", ColumnKind::kText, "RATING"},
    {"state", ColumnKind::kText},
    {"fault", ColumnKind::kText, "FAULT"},
    {"reason", ColumnKind::kText, "REASON"},
    {"said_fault", ColumnKind::kText},
    {"score", ColumnKind::kNumber},
    {"source", ColumnKind::kText, "SOURCE"},
    {"who", ColumnKind::kText, "BY"},
    {"note", ColumnKind::kText},
    {"at_ms", ColumnKind::kInteger},
    {"arrived_ms", ColumnKind::kInteger},
    {"model_hash", ColumnKind::kText},
    {"alarm_key", ColumnKind::kText},
    {"device", ColumnKind::kText},
    {"act", ColumnKind::kText},
};

struct LabelListOptions {
  std::string site, asset;
  int64_t limit = 10'000;
};

void ListLabels(const LabelListOptions& options, Context& context) {
  const auto answer = AskLabels(context, options.site, options.asset, options.limit);
  if (!answer) return FailFromHub(context, answer.error());
  const auto labels = ObjectsOf(*answer, "labels");
  if (context.json) {
    FlatJson out;
    out.Count("count", labels.size()).Set("digest", TextOf(*answer, "digest"));
    AddColumns(out, labels, kLabelColumns);
    return out.Print();
  }
  if (labels.empty()) {
    std::puts("No label yet: millwright inbox tells what is to be judged.");
    return;
  }
  std::fputs(TableOf(*answer, labels, kLabelColumns).Text(context.color).c_str(), stdout);
}

struct RangeOptions {
  std::string machine, from, to, rating, fault, note;
};

Result<json> RangeBody(const RangeOptions& options) {
  const size_t slash = options.machine.find('/');
  if (slash == std::string::npos)
    return Fail(Errc::kInvalid, "\"" + options.machine + "\" is no machine such as alder/P-102");
  MW_TRY(const Nanos from, ParseUtc(options.from));
  MW_TRY(const Nanos to, ParseUtc(options.to));
  return json{{"site", options.machine.substr(0, slash)},
              {"asset", options.machine.substr(slash + 1)},
              {"from_ms", from / kMillisecond},
              {"to_ms", to / kMillisecond},
              {"rating", options.rating},
              {"fault", options.fault},
              {"note", options.note}};
}

void MarkRange(const RangeOptions& options, Context& context) {
  auto body = RangeBody(options);
  if (!body) return FailWith(context, body.error());
  const std::string id = crypto::RandomHex(kRangeIdBytes);
  (*body)["id"] = id;
  const auto answer = TellHub(context, std::string(kLabels), *body);
  if (!answer) return FailFromHub(context, answer.error());
  if (context.json) return FlatJson().Set("act", id).Set("count", int64_t{1}).Print();
  std::printf("Saved. To take it back: millwright judge undo %s\n", id.c_str());
}

struct WorkOrderOptions {
  std::string file, separator = ",";
  std::vector<std::string> columns, codes, machines;
  bool dry_run = false;
};

Result<WorkOrders> ReadOrders(const WorkOrderOptions& options) {
  os::RealFiles files;
  MW_TRY(const auto bytes, files.Read(options.file, kWorkOrderFileMax));
  WorkOrderMap map;
  MW_TRY(map.columns, ReadPairs(options.columns, "--column"));
  MW_TRY(map.codes, ReadPairs(options.codes, "--code"));
  MW_TRY(map.machines, ReadPairs(options.machines, "--machine"));
  return ReadWorkOrders(os::AsText(bytes), options.separator == "tab" ? '\t' : options.separator[0],
                        map);
}

struct Imported {
  int64_t added = 0, known = 0;
  std::vector<std::string> refused{};
};

Result<Imported> SendOrders(const WorkOrders& read, const Context& context) {
  Imported out;
  for (const WorkOrder& order : read.orders) {
    const auto answer = TellHub(context, std::string(kLabels),
                                {{"id", ActIdOf(order)},
                                 {"site", order.site},
                                 {"asset", order.asset},
                                 {"from_ms", order.from / kMillisecond},
                                 {"to_ms", order.to / kMillisecond},
                                 {"rating", order.rating},
                                 {"fault", order.fault},
                                 {"note", order.note},
                                 {"source", "work_order"}});
    if (answer) {
      ++(FlagOf(*answer, "known") ? out.known : out.added);
      continue;
    }
    // What is wrong with one row says nothing of the next; a hub that is gone does.
    if (answer.error().code == Errc::kUnavailable) return tl::unexpected(answer.error());
    out.refused.push_back("row " + std::to_string(order.line) + ": " + answer.error().what);
  }
  return out;
}

void ImportOrders(const WorkOrderOptions& options, Context& context) {
  const auto read = ReadOrders(options);
  if (!read) return FailWith(context, read.error());
  Imported done;
  if (!options.dry_run) {
    auto sent = SendOrders(*read, context);
    if (!sent) return FailFromHub(context, sent.error());
    done = std::move(*sent);
  }
  std::vector<std::string> skipped = read->skipped;
  skipped.insert(skipped.end(), done.refused.begin(), done.refused.end());
  if (!skipped.empty()) context.exit_code = kFailure;
  if (context.json)
    return FlatJson()
        .Count("read", read->orders.size())
        .Set("added", done.added)
        .Set("known", done.known)
        .Set("skipped", skipped)
        .Set("ok", skipped.empty())
        .Print();
  std::printf("%zu understood, %lld added, %lld known already, %zu skipped\n", read->orders.size(),
              static_cast<long long>(done.added), static_cast<long long>(done.known),
              skipped.size());
  for (const std::string& line : skipped) std::fprintf(stderr, "%s\n", line.c_str());
}

void ConfigureRange(CLI::App& command, Context& context) {
  const auto options = std::make_shared<RangeOptions>();
  command.add_option("MACHINE", options->machine, "SITE/ASSET")->required();
  command.add_option("--from", options->from, "2026-11-17T06:00:00Z")->required();
  command.add_option("--to", options->to, "The end, not included")->required();
  command.add_option("--rating", options->rating, "What it is worth for training")
      ->required()
      ->check(CLI::IsMember({"ANOMALY", "NO_ANOMALY", "NEUTRAL"}));
  command.add_option("--fault", options->fault, "Which, of an ANOMALY");
  command.add_option("--note", options->note, "A note, kept with it");
  command.callback([&context, options] { MarkRange(*options, context); });
}

void ConfigureImport(CLI::App& command, Context& context) {
  const auto options = std::make_shared<WorkOrderOptions>();
  command.add_option("FILE", options->file, "Work orders, CSV with a line of titles")->required();
  command
      .add_option("--column", options->columns,
                  "Which column is what: machine=, from=, to=, code=, id=, note= TITLE")
      ->required();
  command.add_option("--code", options->codes, "THEIRS=OURS: a fault's code, healthy or neutral")
      ->required();
  command.add_option("--machine", options->machines, "THEIRS=SITE/ASSET");
  command.add_option("--separator", options->separator, "Between cells: , ; or tab")
      ->check(CLI::IsMember({",", ";", "tab"}))
      ->capture_default_str();
  command.add_flag("--dry-run", options->dry_run, "Read and tell, send nothing");
  command.callback([&context, options] { ImportOrders(*options, context); });
}

}  // namespace

Result<json> AskLabels(const Context& context, const std::string& site, const std::string& asset,
                       int64_t limit) {
  json all = {{"labels", json::array()}, {"digest", ""}};
  int64_t offset = 0;
  while (true) {
    const int64_t page = std::min<int64_t>(limit - offset, 10'000);
    MW_TRY(const json answer,
           AskHub(context, std::string(kLabels) + "?site=" + PercentEncode(site) +
                               "&asset=" + PercentEncode(asset) + "&limit=" + std::to_string(page) +
                               "&offset=" + std::to_string(offset)));
    for (const json& label : ObjectsOf(answer, "labels")) all["labels"].push_back(label);
    const auto next = answer.find("next_offset");
    const bool more = next != answer.end() && next->is_number_integer();
    if (offset == 0 && !more) all["digest"] = TextOf(answer, "digest");
    if (!more) return all;
    offset = next->get<int64_t>();
    if (offset >= limit) return all;
  }
}

void ConfigureLabel(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  const auto options = std::make_shared<LabelListOptions>();
  CLI::App* list = command.add_subcommand("list", "All labels, oldest first");
  list->add_option("--site", options->site, "Of one plant");
  list->add_option("--asset", options->asset, "Of one machine");
  list->add_option("--limit", options->limit, "At most this many")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  list->callback([&context, options] { ListLabels(*options, context); });
  ConfigureRange(*command.add_subcommand("range", "Label a stretch of a machine's time"), context);
  ConfigureImport(*command.add_subcommand("import", "Labels from work orders"), context);
  ConfigureLabelExport(
      *command.add_subcommand("export", "A data set of what reached the hub, with its labels"),
      context);
}

}  // namespace millwright::cli
