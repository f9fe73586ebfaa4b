// Greengrass V2 recipes that the classic nucleus and nucleus lite both take. So: steps in small
// letters, only install and startup, a platform that names any runtime, no reference to another
// component's paths.
#include <nlohmann/json.hpp>

#include "aws/documents.h"
#include "aws/export.h"

namespace millwright::aws {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kGreengrassRoot = "/greengrass/v2";  // {kernel:rootPath} by default
constexpr std::string_view kStatusTopic = "millwright/models";

std::string Written(const ordered_json& document) {
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

ordered_json Artifacts(const Place& place, const std::vector<S3File>& files) {
  ordered_json out = ordered_json::array();
  for (const S3File& file : files)
    out.push_back({{"Uri", "s3://" + place.bucket + "/" + Key(place, file)},
                   {"Unarchive", "NONE"},
                   {"Permission", {{"Read", "ALL"}, {"Execute", "NONE"}}}});
  return out;
}

ordered_json Recipe(const std::string& name, const std::string& version,
                    const std::string& description) {
  return {{"RecipeFormatVersion", "2020-01-25"}, {"ComponentName", name},
          {"ComponentVersion", version},         {"ComponentType", "aws.greengrass.generic"},
          {"ComponentDescription", description}, {"ComponentPublisher", "Millwright"}};
}

// Whole or not at all: `make` fills $at.next; what lies in its folder `from` takes the place of
// $at. Where `judge` then fails, what was there before comes back, as after a power cut between
// the two moves.
std::string Replace(const std::string& at, const std::string& from, const std::string& make,
                    const std::string& judge) {
  return "set -eu; at='" + at +
         "'; [ -e \"$at\" ] || [ ! -e \"$at.old\" ] || mv \"$at.old\" \"$at\"; "
         "rm -rf \"$at.next\" \"$at.old\"; mkdir -p \"$at.next\"; " +
         make + "; [ ! -e \"$at\" ] || mv \"$at\" \"$at.old\"; mv \"$at.next" + from +
         "\" \"$at\"; if " + judge +
         "; then rm -rf \"$at.next\" \"$at.old\"; else rm -rf \"$at\"; "
         "[ ! -e \"$at.old\" ] || mv \"$at.old\" \"$at\"; exit 1; fi";
}

// {work:path} of the component, for others.
std::string ModelPlace(const ModelComponent& model) {
  return std::string(kGreengrassRoot) + "/" + "work/" + model.name + "/model";
}

// What the agent may ask of the nucleus beyond what every component may.
ordered_json AccessControl(const AgentComponent& agent) {
  const ordered_json publish = {
      {"policyDescription", "Tells how a new model fares"},
      {"operations", ordered_json::array({"aws.greengrass#PublishToIoTCore"})},
      {"resources", ordered_json::array({std::string(kStatusTopic) + "/*"})}};
  return {{"aws.greengrass.ipc.mqttproxy", {{agent.name + ":mqttproxy:1", publish}}}};
}

ordered_json Step(const std::string& script, int timeout_s) {
  return {{"Script", script}, {"RequiresPrivilege", true}, {"Timeout", timeout_s}};
}

}  // namespace

std::string BundlePlace(const ModelComponent& model) { return ModelPlace(model) + "/bundle"; }

std::string ReleasePlace(const ModelComponent& model) { return ModelPlace(model) + "/release"; }

std::string ModelRecipe(const Plan& plan) {
  const ModelComponent& model = plan.model;
  ordered_json recipe = Recipe(model.name, model.version,
                               "Millwright model " + model.model + " " + model.model_version);
  const std::string copy =
      "mkdir \"$at.next/bundle\" \"$at.next/release\"; "
      "tar -xf '{artifacts:path}/pack.tar' -C \"$at.next/bundle\"; "
      "cp '{artifacts:path}'/* \"$at.next/release/\"";
  const std::string script =
      Replace("{work:path}/model", "", copy, "[ -f \"$at/bundle/manifest.json\" ]");
  recipe["Manifests"] =
      ordered_json::array({{{"Platform", {{"os", "linux"}, {"runtime", "*"}}},
                            {"Lifecycle", {{"install", {{"Script", script}, {"Timeout", 120}}}}},
                            {"Artifacts", Artifacts(plan.place, model.files)}}});
  return Written(recipe);
}

// Privileged: the programs watch machines before ordinary processes do, read an identity that is
// root's, and lie where no other component may change them.
//
// startup, not run: the deployment waits until the agent says RUNNING over IPC, after its model has
// given the golden answers, and is rolled back where it does not.
std::string AgentRecipe(const Plan& plan) {
  const AgentComponent& agent = *plan.agent;
  const bool takes_models = plan.job && !agent.models_by_jobs;
  ordered_json recipe = Recipe(agent.name, agent.version, "The Millwright gateway agent");
  // Numbers as texts: the classic nucleus makes floats of them.
  recipe["ComponentConfiguration"] = {{"DefaultConfiguration",
                                       {{"configFile", agent.config_file},
                                        {"programs", agent.programs},
                                        {"models", takes_models ? ReleasePlace(plan.model) : ""},
                                        {"statusTopic", kStatusTopic},
                                        {"deferMinutes", "60"},
                                        {"accessControl", AccessControl(agent)}}}};
  // Soft: a new model must never stop the process that watches the machines.
  recipe["ComponentDependencies"] = {
      {plan.model.name, {{"VersionRequirement", ">=0.0.0"}, {"DependencyType", "SOFT"}}}};
  const std::string program = "/" + agent.program;
  const std::string config = " --config '{configuration:/configFile}'";
  const std::string models = takes_models ? " --models-from '{configuration:/models}'" : "";
  const std::string unpack =
      "tar -xzf '{artifacts:path}/" + agent.archive->name + "' -C \"$at.next\"";
  const std::string judge = "\"$at" + program + "\"" + config + " --check-config";
  const std::string install =
      Replace("{configuration:/programs}", "/" + agent.folder, unpack, judge);
  const std::string startup = "exec '{configuration:/programs}" + program + "'" + config + models;
  recipe["Manifests"] = ordered_json::array(
      {{{"Platform", {{"os", "linux"}, {"architecture", agent.architecture}, {"runtime", "*"}}},
        {"Lifecycle", {{"install", Step(install, 300)}, {"startup", Step(startup, 300)}}},
        {"Artifacts", Artifacts(plan.place, {*agent.archive})}}});
  return Written(recipe);
}

}  // namespace millwright::aws
