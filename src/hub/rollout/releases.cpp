#include "hub/rollout/releases.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "crypto/sha256.h"
#include "model/manifest.h"
#include "model/pack.h"
#include "trust/folder_repository.h"
#include "trust/metadata.h"
#include "trust/updater.h"

namespace millwright::hub {
namespace {

constexpr size_t kMetadataFilesMax = 50;
constexpr size_t kMetadataBytesMax = size_t{1} << 20;

// "12.root.json": 12 and "root.json"; "timestamp.json": 0 and itself.
std::pair<int64_t, std::string> Split(const std::string& name) {
  int64_t version = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), version);
  if (parsed.ec != std::errc{} || *parsed.ptr != '.') return {0, name};
  return {version, std::string(parsed.ptr + 1, name.data() + name.size())};
}

// Every root (a gateway may come from far behind), of all else the newest.
std::vector<std::string> WorthSending(const std::vector<std::string>& names) {
  std::map<std::string, int64_t> newest;
  for (const std::string& name : names) {
    const auto [version, role] = Split(name);
    newest[role] = std::max(newest[role], version);
  }
  std::vector<std::string> out;
  for (const std::string& name : names) {
    const auto [version, role] = Split(name);
    if (!role.ends_with(".json")) continue;
    if (role == "root.json" || version == newest[role]) out.push_back(name);
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
  MW_TRY(const model::Manifest manifest, model::ReadManifest(packed.front().bytes));
  release.digest = crypto::Sha256Hex(packed.front().bytes);
  release.name = manifest.name;
  release.version = manifest.version;
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

Result<std::vector<Releases::Listed>> Releases::Metadata() {
  MW_TRY(const std::vector<std::string> names, files_.List(folder_ + "/metadata"));
  std::vector<Listed> out;
  size_t total = 0;
  for (const std::string& name : WorthSending(names)) {
    MW_TRY(os::Bytes bytes, files_.Read(folder_ + "/metadata/" + name, kMetadataBytesMax));
    total += bytes.size();
    out.push_back({name, std::move(bytes)});
  }
  if (out.size() > kMetadataFilesMax || total > kMetadataBytesMax)
    return Fail(Errc::kExhausted, "release: the metadata are larger than gateways take");
  return out;
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
    MW_TRY(const std::vector<Listed> listed, Metadata());
    jobs::StreamInfo info;
    nlohmann::json names = nlohmann::json::array();
    for (size_t i = 0; i < listed.size(); ++i) {
      names.push_back(listed[i].name);
      info.files.push_back({.id = static_cast<int64_t>(i), .bytes = listed[i].bytes.size()});
    }
    info.text = names.dump();
    return std::optional(std::move(info));
  }
  const auto loaded = LoadPack(stream);
  if (!loaded && loaded.error().code == Errc::kNotFound) return std::optional<jobs::StreamInfo>();
  if (!loaded) return tl::unexpected(loaded.error());
  return std::optional(
      jobs::StreamInfo{.text = "a model", .files = {{.id = 0, .bytes = pack_.size()}}});
}

Result<jobs::Bytes> Releases::Read(std::string_view /*thing*/, std::string_view stream,
                                   int64_t file, uint64_t offset, size_t bytes) {
  os::Bytes metadata;
  if (stream == kMetadataStream) {
    MW_TRY(std::vector<Listed> listed, Metadata());
    if (file < 0 || static_cast<size_t>(file) >= listed.size())
      return Fail(Errc::kNotFound, "release: no such file in the stream");
    metadata = std::move(listed[static_cast<size_t>(file)].bytes);
  } else {
    MW_TRY(LoadPack(stream));
  }
  const os::Bytes& all = stream == kMetadataStream ? metadata : pack_;
  if (offset >= all.size()) return jobs::Bytes();
  const auto from = all.begin() + static_cast<long>(offset);
  return jobs::Bytes(from, from + static_cast<long>(std::min<size_t>(bytes, all.size() - offset)));
}

}  // namespace millwright::hub
