// rollout: start, watch and steer what the hub brings to its gateways.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "core/text.h"
#include "hub_query.h"
#include "output.h"
#include "rollout_text.h"

namespace millwright::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kRollouts = "/api/v1/rollouts";

// -- what people ask for ------------------------------------------------------------------------

struct StartRequest {
  std::string target;
  CohortOptions cohort;
  PolicyOptions policy;
  bool dry_run = false;
};

Result<json> BodyOf(const StartRequest& request) {
  MW_TRY(const json policy, PolicyOf(request.policy));
  json body = {{"target", request.target}, {"policy", policy}, {"dry_run", request.dry_run}};
  PutCohort(request.cohort, body);
  return body;
}

void Start(const StartRequest& request, Context& context) {
  const auto body = BodyOf(request);
  if (!body) return FailWith(context, body.error());
  const auto answer = TellHub(context, std::string(kRollouts), *body);
  if (!answer) return FailFromHub(context, answer.error());
  if (request.dry_run && !context.json) std::puts("Nothing is started; this is what would be:");
  PrintRollout(*answer, context);
}

std::string PathOf(const std::string& id, const std::string& action = {}) {
  return std::string(kRollouts) + "/" + PercentEncode(id) + (action.empty() ? "" : "/" + action);
}

void Show(const std::string& id, Context& context) {
  const auto answer = AskHub(context, PathOf(id));
  if (!answer) return FailFromHub(context, answer.error());
  PrintRollout(*answer, context);
}

void List(Context& context) {
  const auto answer = AskHub(context, std::string(kRollouts));
  if (!answer) return FailFromHub(context, answer.error());
  const auto rollouts = ObjectsOf(*answer, "rollouts");
  if (context.json) {
    FlatJson out;
    out.Count("count", rollouts.size());
    AddColumns(out, rollouts, RolloutColumns());
    return out.Print();
  }
  if (rollouts.empty()) {
    std::puts("Nothing was ever rolled out by this hub.");
    return;
  }
  std::fputs(TableOf(*answer, rollouts, RolloutColumns()).Text(context.color).c_str(), stdout);
}

struct ChangeRequest {
  std::string id, why;
};

void Change(const ChangeRequest& request, const std::string& action, Context& context) {
  json body = json::object();
  if (!request.why.empty()) body["why"] = request.why;
  const auto answer = TellHub(context, PathOf(request.id, action), body);
  if (!answer) return FailFromHub(context, answer.error());
  PrintRollout(*answer, context);
}

void ConfigureStart(CLI::App& command, Context& context) {
  const auto request = std::make_shared<StartRequest>();
  command.add_option("TARGET", request->target, "A release; `millwright release list` names them")
      ->required();
  AddCohortOptions(command, request->cohort);
  AddPolicyOptions(command, request->policy);
  command.add_flag("--dry-run", request->dry_run, "Show the waves, start nothing");
  command.callback([&context, request] { Start(*request, context); });
}

}  // namespace

void ConfigureRollout(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  ConfigureStart(*command.add_subcommand("start", "Begin with the first wave"), context);
  command.add_subcommand("list", "List rollouts, newest first")->callback([&context] {
    List(context);
  });
  const auto request = std::make_shared<ChangeRequest>();
  const auto add = [&](const char* name, const char* summary) {
    CLI::App* one = command.add_subcommand(name, summary);
    one->add_option("ROLLOUT", request->id, "Its id; `millwright rollout list` names them")
        ->required();
    return one;
  };
  add("show", "Show one with its gates, gateways and log")->callback([&context, request] {
    Show(request->id, context);
  });
  const std::pair<const char*, const char*> changes[] = {
      {"pause", "Begin no further wave"},
      {"resume", "Go on after a pause"},
      {"approve", "Let the last wave begin"},
      {"abort", "Stop: what has not committed keeps or gets back its model"},
      {"reverse", "Stop, and send back every gateway that took the model"}};
  for (const auto& [name, summary] : changes) {
    CLI::App* one = add(name, summary);
    const std::string action = name;
    if (action == "abort" || action == "reverse")
      one->add_option("--why", request->why, "In words; it is kept and shown");
    one->callback([&context, request, action] { Change(*request, action, context); });
  }
}

}  // namespace millwright::cli
