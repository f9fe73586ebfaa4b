// slot: what a gateway's own disk says about its models and its configuration, without a hub or a
// network; and the way back to what decided before.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "os/disk.h"
#include "os/files.h"
#include "output.h"
#include "slots/slots.h"

namespace millwright::cli {
namespace {

struct SlotRequest {
  std::string state = "/var/lib/millwright";
  std::string reason;
  bool config = false;
  [[nodiscard]] std::string folder() const { return state + (config ? "/config" : "/models"); }
  [[nodiscard]] const char* what() const { return config ? "configuration" : "model"; }
  // Beneath every configuration lies the gateway's own agent.toml.
  [[nodiscard]] bool CanUndo(const slots::State& s) const {
    return s.phase == slots::Phase::kProbation || (config ? s.committed : s.previous).has_value();
  }
};

std::string Text(const std::optional<slots::BundleRef>& bundle, const char* none = "-") {
  if (!bundle) return none;
  return bundle->name + " " + bundle->version + ", release " + std::to_string(bundle->release) +
         ", " + bundle->digest.substr(0, 12);
}

Result<slots::State> Load(const SlotRequest& request) {
  os::RealDisk disk;
  auto state = slots::StateFiles(disk, request.folder()).Load();
  if (!state && state.error().code == Errc::kNotFound)
    return Fail(Errc::kNotFound, std::string("no ") + request.what() + " in " + request.folder());
  return state;
}

void PrintConfig(const slots::State& state) {
  std::printf("\nconfiguration\n");
  std::printf("decides    %s\n", Text(slots::ServingOf(state), "agent.toml's own values").c_str());
  std::printf("previous   %s\n", Text(state.previous).c_str());
  std::printf("candidate  %s, %s\n", Text(state.candidate).c_str(),
              std::string(slots::Name(state.phase)).c_str());
}

void PrintHistory(const slots::State& state, const char* what, bool color) {
  if (state.history.empty()) return;
  TextTable table({"when", what, "result", "why"});
  for (auto ending = state.history.rbegin(); ending != state.history.rend(); ++ending) {
    const bool good = ending->result == "committed";
    table.Add({{ShortUtc(ending->at / kMillisecond)},
               {ending->bundle.name + " " + ending->bundle.version},
               {ending->result, good ? Tone::kGood : Tone::kAttention},
               {ending->reason}});
  }
  std::printf("\n%s", table.Text(color).c_str());
}

void PrintText(const slots::State& state, bool color) {
  const auto& serving = slots::ServingOf(state);
  std::printf("decides    %s\n",
              Painted(Text(serving), serving ? Tone::kGood : Tone::kBad, color).c_str());
  std::printf("committed  %s\n", Text(state.committed).c_str());
  std::printf("previous   %s\n", Text(state.previous).c_str());
  std::printf("candidate  %s\n", Text(state.candidate).c_str());
  std::printf("phase      %s\n", std::string(slots::Name(state.phase)).c_str());
  if (state.starts.crashes + state.starts.power_cuts + state.starts.trial_crashes > 0)
    std::printf(
        "starts     %d crashes, %d power cuts, %d crashes in a trial since it proved itself\n",
        state.starts.crashes, state.starts.power_cuts, state.starts.trial_crashes);
  PrintHistory(state, "model", color);
}

void PrintJson(const slots::State& state, const slots::State& config) {
  const auto digest = [](const std::optional<slots::BundleRef>& bundle) {
    return bundle ? bundle->digest : std::string();
  };
  std::vector<std::string> models, results, reasons;
  for (const slots::Ending& ending : state.history) {
    models.push_back(ending.bundle.digest);
    results.push_back(ending.result);
    reasons.push_back(ending.reason);
  }
  FlatJson json;
  json.Set("serving", digest(slots::ServingOf(state)))
      .Set("committed", digest(state.committed))
      .Set("previous", digest(state.previous))
      .Set("candidate", digest(state.candidate))
      .Set("phase", slots::Name(state.phase))
      .Count("crashes", static_cast<uint64_t>(state.starts.crashes))
      .Set("history_model", models)
      .Set("history_result", results)
      .Set("history_reason", reasons)
      .Set("config_serving", digest(slots::ServingOf(config)))
      .Set("config_previous", digest(config.previous))
      .Set("config_candidate", digest(config.candidate))
      .Set("config_phase", slots::Name(config.phase))
      .Print();
}

// The agent owns its slots: it takes the request up within a second, or at its next start.
void Undo(const SlotRequest& request, Context& context) {
  const auto state = Load(request);
  if (!state) return FailWith(context, state.error(), "--state names the agent's state folder");
  if (!request.CanUndo(*state))
    return FailWith(context, Error{Errc::kConflict, std::string("there is no earlier ") +
                                                        request.what() + " to go back to"});
  os::RealFiles files;
  const std::string reason = request.reason.empty() ? "undone by hand" : request.reason;
  const auto written = files.WriteDurably(request.folder() + "/undo.request", os::AsBytes(reason));
  if (!written) return FailWith(context, written.error());
  const auto& back = state->phase == slots::Phase::kProbation ? state->committed : state->previous;
  if (context.json)
    FlatJson().Set("asked", true).Set("back_to", back ? back->digest : "").Print();
  else
    std::printf("asked: %s comes back as soon as the agent runs\n",
                Text(back, "agent.toml's own configuration").c_str());
}

}  // namespace

void ConfigureSlot(CLI::App& command, Context& context) {
  const auto request = std::make_shared<SlotRequest>();
  command.add_option("--state", request->state, "The agent's state folder")->capture_default_str();
  CLI::App* undo = command.add_subcommand("undo", "Go back to the model before this one");
  undo->add_option("--reason", request->reason, "Why, in words; kept in the history");
  undo->add_flag("--config", request->config, "The configuration, not the model");
  command.require_subcommand(0, 1);
  undo->callback([&context, request] { Undo(*request, context); });
  command.callback([&command, &context, request] {
    if (!command.get_subcommands().empty()) return;
    const auto state = Load(*request);
    if (!state) return FailWith(context, state.error(), "--state names the agent's state folder");
    SlotRequest of_config = *request;
    of_config.config = true;
    const auto config = Load(of_config);
    if (!config && config.error().code != Errc::kNotFound) return FailWith(context, config.error());
    if (context.json) return PrintJson(*state, config.value_or(slots::State{}));
    PrintText(*state, context.color);
    if (!config || (config->history.empty() && !config->candidate)) return;
    PrintConfig(*config);
    PrintHistory(*config, "configuration", context.color);
  });
}

}  // namespace millwright::cli
