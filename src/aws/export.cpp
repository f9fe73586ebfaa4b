#include "aws/export.h"

#include <algorithm>
#include <set>

#include "aws/documents.h"
#include "aws/limits.h"
#include "aws/script.h"

namespace millwright::aws {
namespace {

Result<void> CheckPlace(const Place& place) {
  MW_TRY(CheckRegion("--region", place.region));
  MW_TRY(CheckAccount("--account", place.account));
  MW_TRY(CheckBucket("--bucket", place.bucket));
  return CheckPath("--prefix", place.prefix, kPrefixRule);
}

Result<void> CheckPace(const Pace& pace) {
  constexpr double kThings = 1e6;
  MW_TRY(CheckNumber("--per-minute-max", static_cast<double>(pace.per_minute_max), 1, 1000));
  MW_TRY(CheckNumber("--per-minute", static_cast<double>(pace.base_per_minute), 1, 1000));
  if (pace.base_per_minute > pace.per_minute_max)
    return Fail(Errc::kInvalid, "aws: --per-minute is above --per-minute-max");
  MW_TRY(CheckNumber("--factor", pace.factor, 1.1, 5));
  MW_TRY(CheckNumber("--after-succeeded", static_cast<double>(pace.after_succeeded), 1, kThings));
  MW_TRY(CheckNumber("--abort-percent", pace.abort_percent, 0.01, 100));
  MW_TRY(CheckNumber("--abort-min", static_cast<double>(pace.abort_min), 1, kThings));
  return CheckNumber("--timeout-minutes", static_cast<double>(pace.timeout_minutes), 1, 10080);
}

Result<void> CheckTargets(const std::vector<Target>& targets) {
  if (targets.empty())
    return Fail(Errc::kInvalid, "aws: --thing or --thing-group is missing: who is it for?");
  for (const Target& target : targets)
    MW_TRY(CheckName(target.group ? "--thing-group" : "--thing", target.name, kThingRule));
  return {};
}

Result<void> CheckStream(std::string_view key, const Stream& stream) {
  MW_TRY(CheckName(key, stream.id, kStreamRule));
  const std::string what = std::string(key) + ": ";
  MW_TRY(CheckNumber(what + "number of files", static_cast<double>(stream.files.size()), 1,
                     kStreamFilesMax));
  MW_TRY(CheckSize(what + "its description", stream.description.size(), kDescriptionBytesMax));
  for (const S3File& file : stream.files)
    MW_TRY(CheckSize(what + file.name, file.bytes, kStreamFileBytesMax));
  return {};
}

Result<void> CheckJob(const Plan& plan) {
  const JobPlan& job = *plan.job;
  MW_TRY(CheckName("--job-id", job.id, kJobRule));
  MW_TRY(CheckRole("--stream-role", job.role));
  MW_TRY(CheckStream("--metadata-stream", job.metadata));
  MW_TRY(CheckStream("stream of the pack", job.pack));
  return CheckSize("job document", JobDocument(job).size(), kJobDocumentBytesMax);
}

Result<void> CheckModel(const ModelComponent& model) {
  MW_TRY(CheckName("--model-component", model.name, kComponentRule));
  MW_TRY(CheckVersion("--model-version", model.version));
  for (const S3File& file : model.files)
    MW_TRY(CheckName("file of the bundle", file.name, kFileRule));
  return {};
}

Result<void> CheckAbsolute(std::string_view key, const std::string& path) {
  if (!path.starts_with('/'))
    return Fail(Errc::kInvalid,
                "aws: " + std::string(key) + " \"" + path + "\": is no absolute path");
  return CheckPath(key, path.substr(1), kProgramRule);
}

Result<void> CheckAgent(const Plan& plan) {
  const AgentComponent& agent = *plan.agent;
  MW_TRY(CheckName("--agent-component", agent.name, kComponentRule));
  MW_TRY(CheckVersion("--agent-version", agent.version));
  MW_TRY(CheckPath("--agent-program", agent.program, kProgramRule));
  MW_TRY(CheckPath("--agent-folder", agent.folder, kProgramRule));
  MW_TRY(CheckAbsolute("--agent-config", agent.config_file));
  MW_TRY(CheckAbsolute("--agent-programs", agent.programs));
  static constexpr std::string_view kArchitectures[] = {"aarch64", "amd64", "arm"};
  if (std::ranges::find(kArchitectures, agent.architecture) == std::end(kArchitectures))
    return Fail(Errc::kInvalid, "aws: --architecture \"" + agent.architecture +
                                    "\": Greengrass knows aarch64, amd64 and arm");
  if (agent.archive) MW_TRY(CheckName("--agent", agent.archive->name, kFileRule));
  std::set<std::string> names = {agent.name};
  if (!names.insert(plan.model.name).second)
    return Fail(Errc::kInvalid, "aws: --model-component and --agent-component are the same");
  for (const Kept& kept : plan.keep) {
    MW_TRY(CheckName("--keep", kept.component, kComponentRule));
    MW_TRY(CheckVersion("--keep", kept.version));
    if (!names.insert(kept.component).second)
      return Fail(Errc::kInvalid, "aws: --keep " + kept.component + ": is named twice");
  }
  return {};
}

Result<void> AddRecipe(std::vector<TextFile>& out, std::string_view name, std::string recipe) {
  MW_TRY(CheckSize("recipe of " + std::string(name), recipe.size(), kRecipeBytesMax));
  out.push_back({.path = "greengrass/" + std::string(name) + ".json", .text = std::move(recipe)});
  return {};
}

}  // namespace

Result<void> Check(const Plan& plan) {
  MW_TRY(CheckPlace(plan.place));
  MW_TRY(CheckTargets(plan.targets));
  MW_TRY(CheckPace(plan.pace));
  MW_TRY(CheckModel(plan.model));
  if (plan.job) MW_TRY(CheckJob(plan));
  if (plan.agent) MW_TRY(CheckAgent(plan));
  if (!plan.agent && !plan.keep.empty())
    return Fail(Errc::kInvalid, "aws: --keep belongs to a deployment, which needs --agent-version");
  return {};
}

Result<std::vector<TextFile>> MakeExport(const Plan& plan) {
  MW_TRY(Check(plan));
  std::vector<TextFile> out = {
      {.path = "apply.sh", .text = Script(plan), .program = true},
      {.path = "iot/device-policy.json", .text = DevicePolicy(plan.place)}};
  if (plan.job) {
    const JobPlan& job = *plan.job;
    const Place& place = plan.place;
    out.push_back({.path = "iam/stream-role-trust.json", .text = RoleTrust()});
    out.push_back({.path = "iam/stream-role-policy.json", .text = RolePolicy(place)});
    out.push_back(
        {.path = "iot/metadata-stream.json", .text = CreateStream(place, job.metadata, job.role)});
    out.push_back(
        {.path = "iot/pack-stream.json", .text = CreateStream(place, job.pack, job.role)});
    out.push_back({.path = "iot/job-document.json", .text = JobDocument(job)});
    out.push_back({.path = "iot/job.json", .text = CreateJob(plan)});
  }
  MW_TRY(AddRecipe(out, plan.model.name, ModelRecipe(plan)));
  if (!plan.agent) return out;
  if (plan.agent->archive) MW_TRY(AddRecipe(out, plan.agent->name, AgentRecipe(plan)));
  for (size_t i = 0; i < plan.targets.size(); ++i)
    out.push_back({.path = DeploymentFile(i), .text = CreateDeployment(plan, plan.targets[i])});
  return out;
}

}  // namespace millwright::aws
