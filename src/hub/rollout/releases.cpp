#include "hub/rollout/releases.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/sha256.h"
#include "model/any_bundle.h"
#include "model/pack.h"
#include "trust/folder_repository.h"
#include "trust/metadata.h"
#include "trust/names.h"
#include "trust/updater.h"

namespace millwright::hub {
namespace {

constexpr size_t kMetadataFilesMax = 50;
constexpr size_t kMetadataBytesMax = size_t{1} << 20;

// Every root (a gateway may come from far behind), of all else the newest.
std::vector<std::string> WorthSending(const std::vector<std::string>& names) {
  std::map<std::string, int64_t> newest;
  for (const std::string& name : names)
    if (const auto split = trust::SplitVersion(name))
      newest[split->second] = std::max(newest[split->second], split->first);
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const auto split = trust::SplitVersion(name);
    const bool wanted =
        split ? split->second == trust::kRootRole || split->first == newest[split->second]
              : name.ends_with(".json");
    if (wanted) out.push_back(name);
  }
  return out;
}

}  // namespace

std::string PackStream(std::string_view pack_sha256) {
  return "mw-pack-" + std::string(pack_sha256.substr(0, 40));
}

Result<std::vector<ReleaseInfo>> Releases::List(std::vector<std::string>* faults) {
  trust::FolderRepository repository(files_, folder_, 0, {});
  MW_TRY(const auto newest, repository.Newest(std::string(trust::kTargetsRole)));
  std::vector<ReleaseInfo> out;
  if (!newest) return out;
  MW_TRY(const auto targets, trust::ReadTargets(*newest, trust::kTargetsRole));
  for (const auto& [path, target] : targets.body.targets) {
    const auto hash = target.facts.hashes.find("sha256");
    if (!target.release || !target.facts.length || hash == target.facts.hashes.end()) continue;
    auto release = Inspect({.target = path,
                            .pack_sha256 = hash->second,
                            .pack_bytes = *target.facts.length,
                            .line = target.release->line,
                            .release = target.release->number});
    if (release) {
      out.push_back(std::move(*release));
    } else if (faults != nullptr) {
      faults->push_back(path + ": " + release.error().what);
    }
  }
  std::ranges::sort(out, [](const ReleaseInfo& a, const ReleaseInfo& b) {
    return std::tie(a.line, a.release, a.target) < std::tie(b.line, b.release, b.target);
  });
  return out;
}

std::string Releases::PathOf(const ReleaseInfo& release) const {
  const trust::TargetFile target{
      .path = release.target,
      .facts = {.length = {}, .hashes = {{"sha256", release.pack_sha256}}},
      .release = {}};
  return folder_ + "/targets/" + trust::RemotePath(target, true);
}

Result<ReleaseInfo> Releases::Inspect(ReleaseInfo release) {
  const auto known = inspected_.find(release.pack_sha256);
  if (known != inspected_.end() && known->second.target == release.target) return known->second;
  MW_TRY(const os::Bytes pack, files_.Read(PathOf(release), model::kPackBytesMax));
  if (crypto::Sha256Hex(std::span<const std::byte>(pack)) != release.pack_sha256)
    return Fail(Errc::kInvalid, "the file is not the one that was signed");
  MW_TRY(const auto packed, model::ReadPack(pack));
  if (packed.empty()) return Fail(Errc::kInvalid, "the pack is empty");
  MW_TRY(const model::BundleFacts facts, model::ReadFacts(packed.front().bytes));
  release.kind = facts.kind;
  release.digest = crypto::Sha256Hex(packed.front().bytes);
  release.name = facts.name;
  release.version = facts.version;
  release.model_sha256 = facts.model_sha256;
  release.detail.created = facts.created;
  if (facts.kind == model::BundleKind::kModel) {
    MW_TRY(release.detail, ReadDetail(packed));
  }
  inspected_[release.pack_sha256] = release;
  return release;
}

Result<ReleaseInfo> Releases::Find(const std::string& target) {
  std::vector<std::string> faults;
  MW_TRY(const std::vector<ReleaseInfo> all, List(&faults));
  for (const ReleaseInfo& release : all)
    if (release.target == target) return release;
  for (const std::string& fault : faults)
    if (fault.starts_with(target + ": ")) return Fail(Errc::kInvalid, "release " + fault);
  return Fail(Errc::kNotFound, "release: the signed targets name no \"" + target + "\"");
}

Result<std::vector<std::string>> Releases::MetadataNames() {
  MW_TRY(const std::vector<std::string> names, files_.List(folder_ + "/metadata"));
  return WorthSending(names);
}

Result<os::Bytes> Releases::MetadataFile(const std::string& name) {
  return files_.Read(folder_ + "/metadata/" + name, kMetadataBytesMax);
}

Result<jobs::StreamInfo> Releases::DescribeMetadata() {
  MW_TRY(const std::vector<std::string> names, MetadataNames());
  jobs::StreamInfo info{.text = nlohmann::json(names).dump()};
  size_t total = 0;
  for (const std::string& name : names) {
    MW_TRY(const os::Bytes bytes, MetadataFile(name));
    total += bytes.size();
    info.files.push_back({.id = static_cast<int64_t>(info.files.size()), .bytes = bytes.size()});
  }
  if (names.size() > kMetadataFilesMax || total > kMetadataBytesMax)
    return Fail(Errc::kExhausted, "release: the metadata are larger than gateways take");
  return info;
}

Result<void> Releases::LoadPack(std::string_view stream) {
  if (stream == pack_stream_) return {};
  MW_TRY(const std::vector<ReleaseInfo> all, List());
  for (const ReleaseInfo& release : all) {
    if (PackStream(release.pack_sha256) != stream) continue;
    MW_TRY(pack_, files_.Read(PathOf(release), model::kPackBytesMax));
    pack_stream_ = stream;
    return {};
  }
  return Fail(Errc::kNotFound, "release: no such stream");
}

Result<std::optional<jobs::StreamInfo>> Releases::Describe(std::string_view /*thing*/,
                                                           std::string_view stream) {
  if (stream == kMetadataStream) {
    MW_TRY(jobs::StreamInfo info, DescribeMetadata());
    return std::optional(std::move(info));
  }
  const auto loaded = LoadPack(stream);
  if (!loaded && loaded.error().code == Errc::kNotFound) return std::optional<jobs::StreamInfo>();
  if (!loaded) return tl::unexpected(loaded.error());
  return std::optional(
      jobs::StreamInfo{.text = "a bundle", .files = {{.id = 0, .bytes = pack_.size()}}});
}

Result<jobs::Bytes> Releases::Read(std::string_view /*thing*/, std::string_view stream,
                                   int64_t file, uint64_t offset, size_t bytes) {
  os::Bytes metadata;
  if (stream == kMetadataStream) {
    MW_TRY(const std::vector<std::string> names, MetadataNames());
    if (file < 0 || static_cast<size_t>(file) >= names.size())
      return Fail(Errc::kNotFound, "release: no such file in the stream");
    MW_TRY(metadata, MetadataFile(names[static_cast<size_t>(file)]));
  } else {
    MW_TRY(LoadPack(stream));
  }
  const os::Bytes& all = stream == kMetadataStream ? metadata : pack_;
  if (offset >= all.size()) return jobs::Bytes();
  const auto from = all.begin() + static_cast<long>(offset);
  return jobs::Bytes(from, from + static_cast<long>(std::min<size_t>(bytes, all.size() - offset)));
}

}  // namespace millwright::hub
