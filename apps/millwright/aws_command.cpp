// aws export: a release, or a bundle, as what AWS IoT and IoT Greengrass take.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "aws/documents.h"
#include "aws/export.h"
#include "aws_source.h"
#include "commands.h"
#include "output.h"

namespace millwright::cli {
namespace {

namespace fs = std::filesystem;

Result<void> StartFolder(const std::string& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error))
    return Fail(
        Errc::kConflict,
        "aws: --out " + folder + ": is not empty, and what is left of an export would be uploaded");
  return {};
}

Result<void> WriteUnder(os::Files& files, const fs::path& folder, const std::string& path,
                        std::span<const std::byte> bytes) {
  const fs::path at = folder / path;
  MW_TRY(files.MakeFolders(at.parent_path().string()));
  return files.WriteFast(at.string(), bytes);
}

Result<void> CopyArchive(os::Files& files, const AwsRequest& request, const aws::Plan& plan) {
  if (!plan.agent || !plan.agent->archive) return {};
  const fs::path to = fs::path(request.out) / "s3" / aws::Key(plan.place, *plan.agent->archive);
  MW_TRY(files.MakeFolders(to.parent_path().string()));
  std::error_code error;
  fs::copy_file(request.agent_archive, to, error);
  if (error)
    return Fail(Errc::kIo, "aws: --agent " + request.agent_archive + ": " + error.message());
  return {};
}

uint64_t UploadBytes(const AwsExport& made) {
  uint64_t bytes = 0;
  for (const AwsUpload& upload : made.uploads) bytes += upload.bytes.size();
  const auto& agent = made.plan.agent;
  return agent && agent->archive ? bytes + agent->archive->bytes : bytes;
}

void Tell(const AwsRequest& request, const AwsExport& made, const std::vector<aws::TextFile>& texts,
          const Context& context) {
  const aws::Plan& plan = made.plan;
  std::vector<std::string> names, targets;
  for (const aws::TextFile& file : texts) names.push_back(file.path);
  for (const aws::Target& target : plan.targets)
    targets.push_back(aws::TargetArn(plan.place, target));
  if (context.json) {
    FlatJson()
        .Set("out", request.out)
        .Set("file", names)
        .Set("target", targets)
        .Set("job_id", plan.job ? plan.job->id : "")
        .Set("model_component", plan.model.name)
        .Set("model_version", plan.model.version)
        .Set("bundle_place", aws::BundlePlace(plan.model))
        .Set("release_place", plan.job ? aws::ReleasePlace(plan.model) : "")
        .Count("upload_bytes", UploadBytes(made))
        .Print();
    return;
  }
  std::printf("%s %s for %zu target%s\n", plan.model.model.c_str(),
              plan.model.model_version.c_str(), targets.size(), targets.size() == 1 ? "" : "s");
  for (const std::string& name : names) std::printf("  %s/%s\n", request.out.c_str(), name.c_str());
  std::printf("  %s/s3: %llu bytes to upload\n", request.out.c_str(),
              static_cast<unsigned long long>(UploadBytes(made)));
  if (plan.job)
    std::printf("By IoT Jobs:    %s/apply.sh upload streams job\n", request.out.c_str());
  std::printf("By Greengrass:  %s/apply.sh upload components%s\n", request.out.c_str(),
              plan.agent ? " deployment" : "");
}

Result<void> Export(const AwsRequest& request, const Context& context) {
  os::RealFiles files;
  MW_TRY(const AwsExport made, PlanAwsExport(request, files));
  MW_TRY(const auto texts, aws::MakeExport(made.plan));
  MW_TRY(StartFolder(request.out));
  for (const AwsUpload& upload : made.uploads)
    MW_TRY(WriteUnder(files, request.out, "s3/" + made.plan.place.prefix + "/" + upload.key,
                      upload.bytes));
  MW_TRY(CopyArchive(files, request, made.plan));
  for (const aws::TextFile& file : texts) {
    MW_TRY(WriteUnder(files, request.out, file.path, os::AsBytes(file.text)));
    std::error_code error;
    if (file.program) fs::permissions(fs::path(request.out) / file.path, fs::perms(0755), error);
    if (error) return Fail(Errc::kIo, "aws: " + file.path + ": " + error.message());
  }
  Tell(request, made, texts, context);
  return {};
}

void AddWhat(CLI::App& command, AwsRequest& request) {
  CLI::Option* bundle = command.add_option("--bundle", request.bundle,
                                           "A bundle's folder: Greengrass components only");
  command
      .add_option("--release", request.release,
                  "A signed release, such as models/pump/12.tar: a job as well")
      ->excludes(bundle);
  command.add_option("--repository", request.repository,
                     "Folder that `millwright keys` keeps, which has the release");
  command.add_option("--out", request.out, "New folder to write")->required();
}

void AddWhere(CLI::App& command, AwsRequest& request) {
  const char* group = "Where";
  command.add_option("--region", request.place.region, "Such as eu-central-1")
      ->required()
      ->group(group);
  command.add_option("--account", request.place.account, "12 digits")->required()->group(group);
  command.add_option("--bucket", request.place.bucket, "S3 bucket for files")
      ->required()
      ->group(group);
  command.add_option("--prefix", request.place.prefix, "Of every key in it")
      ->capture_default_str()
      ->group(group);
  command.add_option("--thing", request.things, "Gateways")->allow_extra_args(false)->group(group);
  command.add_option("--thing-group", request.groups, "Groups of gateways")
      ->allow_extra_args(false)
      ->group(group);
}

void AddPace(CLI::App& command, aws::Pace& pace) {
  const char* group = "How fast";
  const auto add = [&](const char* name, auto& value, const char* what) {
    command.add_option(name, value, what)->capture_default_str()->group(group);
  };
  add("--per-minute", pace.base_per_minute, "Gateways a minute at first");
  add("--factor", pace.factor, "Faster by so much ...");
  add("--after-succeeded", pace.after_succeeded, "... each time so many more have succeeded");
  add("--per-minute-max", pace.per_minute_max, "Never more a minute");
  add("--abort-percent", pace.abort_percent, "Stop when so many of those that ended failed ...");
  add("--abort-min", pace.abort_min, "... and so many have ended");
  add("--timeout-minutes", pace.timeout_minutes, "Of one gateway's trial, all of it");
}

void AddJobAndComponents(CLI::App& command, AwsRequest& request) {
  const char* job = "Job";
  command
      .add_option("--stream-role", request.role, "ARN of the role that IoT reads the bucket with")
      ->group(job);
  command.add_option("--job-id", request.job_id, "Otherwise from the release's line and number")
      ->group(job);
  command.add_option("--metadata-stream", request.metadata_stream, "Stream of the signed metadata")
      ->capture_default_str()
      ->group(job);
  const char* components = "Greengrass components";
  const auto add = [&](const char* name, std::string& value, const char* what) {
    command.add_option(name, value, what)->capture_default_str()->group(components);
  };
  add("--model-component", request.model_component, "Otherwise com.millwright.model.NAME");
  add("--model-version", request.model_version, "Otherwise from the release's number");
  add("--agent", request.agent_archive, "The gateway's programs as a .tar.gz");
  add("--agent-version", request.agent_version, "Its version; without --agent one that is there");
  add("--agent-component", request.agent.name, "Its name");
  add("--agent-folder", request.agent.folder, "Folder in the archive that holds the programs");
  add("--agent-programs", request.agent.programs, "Where they lie on the gateway");
  add("--agent-program", request.agent.program, "The agent below that folder");
  add("--agent-config", request.agent.config_file, "Its configuration on the gateway");
  add("--architecture", request.agent.architecture, "aarch64, amd64 or arm");
  command
      .add_flag("--models-by-jobs", request.agent.models_by_jobs,
                "Components bring the first model only; later ones come by IoT Jobs")
      ->group(components);
  command.add_option("--keep", request.keep, "Other components of the targets: COMPONENT=VERSION")
      ->allow_extra_args(false)
      ->group(components);
}

}  // namespace

void ConfigureAws(CLI::App& command, Context& context) {
  const auto request = std::make_shared<AwsRequest>();
  command.require_subcommand(1);
  CLI::App* make = command.add_subcommand(
      "export",
      "Write what AWS IoT and Greengrass need, and the calls.\n\n"
      "Writes documents, files to upload and apply.sh; calls nothing. docs/formats/aws.md tells\n"
      "what each step does and what must be there before.\n\nExamples\n"
      "  millwright aws export --release models/pump/12.tar --repository repository/ --out aws/ "
      "\\\n"
      "    --region eu-central-1 --account 123456789012 --bucket plant-models \\\n"
      "    --thing-group pumps --stream-role arn:aws:iam::123456789012:role/mw-streams\n"
      "  aws/apply.sh upload streams job\n");
  AddWhat(*make, *request);
  AddWhere(*make, *request);
  AddPace(*make, request->pace);
  AddJobAndComponents(*make, *request);
  make->callback([&context, request] {
    const bool chosen = !request->bundle.empty() || !request->release.empty();
    const auto done = chosen ? Export(*request, context)
                             : Fail(Errc::kInvalid, "aws: --release or --bundle is missing");
    if (!done) FailWith(context, done.error());
  });
}

}  // namespace millwright::cli
