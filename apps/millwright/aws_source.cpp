#include "aws_source.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "aws/documents.h"
#include "crypto/sha256.h"
#include "hub/rollout/releases.h"
#include "model/manifest.h"
#include "model/pack.h"

namespace millwright::cli {
namespace {

bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

std::string Plain(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return !IsPlain(c); }, '-');
  return text;
}

std::string NameOfPath(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

// "12" is 12.0.0; what has dots is taken as it is and judged later.
std::string AsComponentVersion(const std::string& version) {
  const bool number =
      !version.empty() && std::ranges::all_of(version, [](char c) { return c >= '0' && c <= '9'; });
  return number ? version + ".0.0" : version;
}

aws::S3File AddUpload(std::vector<AwsUpload>& uploads, const std::string& folder,
                      const std::string& name, os::Bytes bytes) {
  aws::S3File file{.name = name, .key = folder + "/" + name, .bytes = bytes.size()};
  uploads.push_back({.key = file.key, .bytes = std::move(bytes)});
  return file;
}

std::string FolderOf(const aws::ModelComponent& model) {
  return "components/" + model.name + "/" + model.version;
}

// The component's facts and files, from a pack.
Result<void> AddModel(const AwsRequest& request, std::span<const std::byte> pack,
                      const std::string& version, AwsExport& out) {
  MW_TRY(const auto packed, model::ReadPack(pack));
  if (packed.empty()) return Fail(Errc::kInvalid, "the pack is empty");
  MW_TRY(const model::Manifest manifest, model::ReadManifest(packed.front().bytes));
  aws::ModelComponent& model = out.plan.model;
  model.model = manifest.name;
  model.model_version = manifest.version;
  model.name = request.model_component.empty() ? "com.millwright.model." + Plain(manifest.name)
                                               : request.model_component;
  model.version = request.model_version.empty()
                      ? AsComponentVersion(version.empty() ? manifest.version : version)
                      : request.model_version;
  model.files.push_back(
      AddUpload(out.uploads, FolderOf(model), "pack.tar", os::Bytes(pack.begin(), pack.end())));
  return {};
}

// With these the component is the signed release itself, and an agent takes it as one.
Result<void> AddSignature(hub::Releases& releases, AwsExport& out) {
  aws::ModelComponent& model = out.plan.model;
  const std::string document = aws::JobDocument(*out.plan.job);
  const auto text = os::AsBytes(document);
  const auto add = [&](const std::string& name, os::Bytes bytes) {
    model.files.push_back(AddUpload(out.uploads, FolderOf(model), name, std::move(bytes)));
  };
  add("document.json", os::Bytes(text.begin(), text.end()));
  MW_TRY(const auto info, releases.Describe("", hub::kMetadataStream));
  const auto names = nlohmann::json::parse(info->text, nullptr, false);
  for (const jobs::StreamFile& file : info->files) {
    MW_TRY(os::Bytes bytes, releases.Read("", hub::kMetadataStream, file.id, 0, file.bytes));
    add(names.at(static_cast<size_t>(file.id)).get<std::string>(), std::move(bytes));
  }
  return {};
}

Result<aws::Stream> MetadataStream(hub::Releases& releases, const std::string& id,
                                   std::vector<AwsUpload>& uploads) {
  MW_TRY(const auto info, releases.Describe("", hub::kMetadataStream));
  aws::Stream stream{.id = id, .description = info->text, .files = {}};
  std::vector<os::Bytes> contents;
  crypto::Sha256 all;
  for (const jobs::StreamFile& file : info->files) {
    MW_TRY(os::Bytes bytes, releases.Read("", hub::kMetadataStream, file.id, 0, file.bytes));
    all.Update(std::span<const std::byte>(bytes));
    contents.push_back(std::move(bytes));
  }
  // Never in place: a gateway in the middle of the old metadata gets the old ones to the end.
  const std::string folder = "metadata/" + all.TakeHex().substr(0, 16);
  for (size_t i = 0; i < contents.size(); ++i)
    stream.files.push_back(
        AddUpload(uploads, folder, std::to_string(i) + ".json", std::move(contents[i])));
  return stream;
}

Result<void> AddSignedRelease(const AwsRequest& request, os::Files& files, AwsExport& out) {
  if (request.repository.empty())
    return Fail(Errc::kInvalid, "aws: --repository is missing: where is the release signed?");
  hub::Releases releases(files, request.repository);
  MW_TRY(const hub::ReleaseInfo release, releases.Find(request.release));
  const std::string stream = hub::PackStream(release.pack_sha256);
  MW_TRY(os::Bytes pack, releases.Read("", stream, 0, 0, release.pack_bytes));
  MW_TRY(AddModel(request, pack, std::to_string(release.release), out));
  MW_TRY(aws::Stream metadata, MetadataStream(releases, request.metadata_stream, out.uploads));
  out.plan.job =
      aws::JobPlan{.id = request.job_id.empty()
                             ? "mw-" + Plain(release.line) + "-" + std::to_string(release.release)
                             : request.job_id,
                   .role = request.role,
                   .target = release.target,
                   .digest = release.digest,
                   .name = release.name,
                   .version = release.version,
                   .metadata = std::move(metadata),
                   .pack = {.id = stream,
                            .description = release.name + " " + release.version,
                            .files = {AddUpload(out.uploads, "packs", release.pack_sha256 + ".tar",
                                                std::move(pack))}}};
  return AddSignature(releases, out);
}

Result<void> AddAgent(const AwsRequest& request, AwsExport& out) {
  if (request.agent_version.empty()) {
    if (request.agent_archive.empty()) return {};
    return Fail(Errc::kInvalid, "aws: --agent-version is missing: which version is --agent?");
  }
  aws::AgentComponent agent = request.agent;
  agent.version = request.agent_version;
  if (!request.agent_archive.empty()) {
    std::error_code error;
    const uint64_t bytes = std::filesystem::file_size(request.agent_archive, error);
    if (error)
      return Fail(Errc::kNotFound,
                  "aws: --agent " + request.agent_archive + ": " + error.message());
    const std::string name = NameOfPath(request.agent_archive);
    agent.archive = {.name = name,
                     .key = "components/" + agent.name + "/" + agent.version + "/" + name,
                     .bytes = bytes};
  }
  out.plan.agent = std::move(agent);
  return {};
}

Result<void> AddTargets(const AwsRequest& request, aws::Plan& plan) {
  for (const std::string& name : request.things)
    plan.targets.push_back({.group = false, .name = name});
  for (const std::string& name : request.groups)
    plan.targets.push_back({.group = true, .name = name});
  for (const std::string& word : request.keep) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos)
      return Fail(Errc::kInvalid, "aws: --keep \"" + word + "\": is COMPONENT=VERSION");
    plan.keep.push_back({.component = word.substr(0, equals), .version = word.substr(equals + 1)});
  }
  return {};
}

}  // namespace

Result<AwsExport> PlanAwsExport(const AwsRequest& request, os::Files& files) {
  AwsExport out;
  out.plan.place = request.place;
  out.plan.pace = request.pace;
  MW_TRY(AddTargets(request, out.plan));
  if (request.release.empty()) {
    MW_TRY(const os::Bytes pack, model::PackBundle(files, request.bundle));
    MW_TRY(AddModel(request, pack, "", out));
  } else {
    MW_TRY(AddSignedRelease(request, files, out));
  }
  MW_TRY(AddAgent(request, out));
  return out;
}

}  // namespace millwright::cli
