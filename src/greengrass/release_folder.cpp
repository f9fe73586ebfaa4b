#include "greengrass/release_folder.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/sha256.h"

namespace millwright::greengrass {
namespace {

using nlohmann::json;

constexpr size_t kIdDigits = 40;

bool IsMetadata(const std::string& name) {
  return name.ends_with(".json") && name != kDocumentFile && name.size() <= 128;
}

Result<void> ReadMetadata(os::Files& files, const std::string& folder, LocalRelease& out) {
  MW_TRY(const auto names, files.List(folder));
  size_t left = kMetadataBytesMax;
  for (const std::string& name : names) {
    if (!IsMetadata(name)) continue;
    if (out.metadata.size() == kMetadataFilesMax)
      return Fail(Errc::kExhausted, "release: " + folder + ": has more than " +
                                        std::to_string(kMetadataFilesMax) + " metadata files");
    MW_TRY(os::Bytes bytes, files.Read(folder + "/" + name, left));
    left -= bytes.size();
    out.metadata[name] = std::move(bytes);
  }
  return {};
}

std::string IdOf(const LocalRelease& release) {
  crypto::Sha256 all;
  all.Update(release.document);
  for (const auto& [name, bytes] : release.metadata) {
    all.Update(name + '\n' + std::to_string(bytes.size()) + '\n');
    all.Update(std::span<const std::byte>(bytes));
  }
  all.Update(std::span<const std::byte>(release.pack));
  return "gg-" + all.TakeHex().substr(0, kIdDigits);
}

std::string TextAt(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<LocalRelease> ReadReleaseFolder(os::Files& files, const std::string& folder) {
  const std::string path = folder + "/" + kDocumentFile;
  const std::string before = MarkOf(files, folder);
  LocalRelease out;
  MW_TRY(const os::Bytes document, files.Read(path, kDocumentBytesMax));
  out.document = std::string(os::AsText(document));
  MW_TRY(ReadMetadata(files, folder, out));
  MW_TRY(out.pack, files.Read(folder + "/" + kPackFile, kPackBytesMax));
  out.id = IdOf(out);
  if (MarkOf(files, folder) != before)
    return Fail(Errc::kConflict, "release: " + folder + ": changed while it was read");
  return out;
}

// The timestamp is signed anew with every set of metadata, and names all else.
std::string MarkOf(os::Files& files, const std::string& folder) {
  crypto::Sha256 mark;
  for (const char* name : {kDocumentFile, "timestamp.json"}) {
    const auto bytes = files.Read(folder + "/" + name, kMetadataBytesMax);
    if (!bytes) return {};
    mark.Update(std::span<const std::byte>(*bytes));
    mark.Update("\n");
  }
  return mark.TakeHex();
}

void ReleaseStreams::Serve(LocalRelease release) {
  const json document = json::parse(release.document, nullptr, false);
  metadata_stream_ = document.is_object() ? TextAt(document, "metadata_stream") : "";
  pack_stream_ = document.is_object() ? TextAt(document, "pack_stream") : "";
  names_.clear();
  for (const auto& [name, bytes] : release.metadata) names_.push_back(name);
  release_ = std::move(release);
}

Result<std::optional<jobs::StreamInfo>> ReleaseStreams::Describe(std::string_view /*thing*/,
                                                                 std::string_view stream) {
  if (!release_ || stream.empty()) return std::optional<jobs::StreamInfo>();
  jobs::StreamInfo info;
  if (stream == pack_stream_) {
    info.files.push_back({.id = 0, .bytes = release_->pack.size()});
    return std::optional(info);
  }
  if (stream != metadata_stream_) return std::optional<jobs::StreamInfo>();
  for (size_t i = 0; i < names_.size(); ++i)
    info.files.push_back(
        {.id = static_cast<int64_t>(i), .bytes = release_->metadata[names_[i]].size()});
  info.text = json(names_).dump(-1, ' ', false, json::error_handler_t::replace);
  return std::optional(info);
}

Result<jobs::Bytes> ReleaseStreams::Read(std::string_view /*thing*/, std::string_view stream,
                                         int64_t file, uint64_t offset, size_t bytes) {
  const os::Bytes* from = nullptr;
  if (release_ && !stream.empty() && stream == pack_stream_ && file == 0) {
    from = &release_->pack;
  } else if (release_ && stream == metadata_stream_ && file >= 0 &&
             static_cast<size_t>(file) < names_.size()) {
    from = &release_->metadata[names_[static_cast<size_t>(file)]];
  }
  if (from == nullptr || offset > from->size())
    return Fail(Errc::kNotFound, "release: there is no such file");
  const size_t count = std::min<size_t>(bytes, from->size() - static_cast<size_t>(offset));
  const auto begin = from->begin() + static_cast<std::ptrdiff_t>(offset);
  return jobs::Bytes(begin, begin + static_cast<std::ptrdiff_t>(count));
}

}  // namespace millwright::greengrass
