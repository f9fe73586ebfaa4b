// Greengrass V2 recipes that the classic nucleus and nucleus lite both take. So: steps in small
// letters, only install and run, a platform that names any runtime, no reference to another
// component's paths.
#include <nlohmann/json.hpp>

#include "aws/documents.h"
#include "aws/export.h"

namespace millwright::aws {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kGreengrassRoot = "/greengrass/v2";  // {kernel:rootPath} by default

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

// Whole or not at all: `make` fills {work:path}/next, which then takes the place of `name`.
std::string Replace(const std::string& name, const std::string& make) {
  return "set -eu; rm -rf '{work:path}/next'; mkdir -p '{work:path}/next'; " + make +
         "; rm -rf '{work:path}/" + name + "'; mv '{work:path}/next' '{work:path}/" + name + "'";
}

}  // namespace

std::string BundlePlace(const ModelComponent& model) {
  return std::string(kGreengrassRoot) + "/" + "work/" + model.name + "/bundle";
}

std::string ModelRecipe(const Plan& plan) {
  const ModelComponent& model = plan.model;
  ordered_json recipe = Recipe(model.name, model.version,
                               "Millwright model " + model.model + " " + model.model_version);
  const std::string copy = "cp '{artifacts:path}'/* '{work:path}/next/'";
  recipe["Manifests"] = ordered_json::array(
      {{{"Platform", {{"os", "linux"}, {"runtime", "*"}}},
        {"Lifecycle", {{"install", {{"Script", Replace("bundle", copy)}, {"Timeout", 120}}}}},
        {"Artifacts", Artifacts(plan.place, model.files)}}});
  return Written(recipe);
}

std::string AgentRecipe(const Plan& plan) {
  const AgentComponent& agent = *plan.agent;
  ordered_json recipe = Recipe(agent.name, agent.version, "The Millwright gateway agent");
  recipe["ComponentConfiguration"] = {
      {"DefaultConfiguration", {{"configFile", agent.config_file}}}};
  // Soft: a new model must never stop the process that watches the machines.
  recipe["ComponentDependencies"] = {
      {plan.model.name, {{"VersionRequirement", ">=0.0.0"}, {"DependencyType", "SOFT"}}}};
  const std::string config = " --config '{configuration:/configFile}'";
  // The configuration is judged while the deployment can still fail and be rolled back.
  const std::string unpack = "tar -xzf '{artifacts:path}/" + agent.archive->name +
                             "' -C '{work:path}/next'; '{work:path}/next/" + agent.program + "'" +
                             config + " --check-config";
  recipe["Manifests"] = ordered_json::array(
      {{{"Platform", {{"os", "linux"}, {"architecture", agent.architecture}, {"runtime", "*"}}},
        {"Lifecycle",
         {{"install", {{"Script", Replace("programs", unpack)}, {"Timeout", 300}}},
          {"run", {{"Script", "exec '{work:path}/programs/" + agent.program + "'" + config}}}}},
        {"Artifacts", Artifacts(plan.place, {*agent.archive})}}});
  return Written(recipe);
}

}  // namespace millwright::aws
