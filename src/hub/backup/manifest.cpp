#include "hub/backup/manifest.h"

#include <nlohmann/json.hpp>
#include <set>

#include "crypto/sha256.h"
#include "hub/backup/tar.h"

namespace millwright::hub {
namespace {

using nlohmann::json;

constexpr int64_t kNumberMax = int64_t{1} << 62;

tl::unexpected<Error> Bad(const std::string& what) {
  return Fail(Errc::kInvalid, "backup: " + what);
}

json HeadJson(const BackupHead& head) {
  return {{"format", head.format}, {"hub_version", head.hub_version}, {"made_ns", head.made}};
}

// A whole number from 0 to `max`: JSON's other numbers do not fit what they are kept in.
Result<int64_t> Whole(const json& object, const char* key, int64_t max) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned() ||
      found->get<uint64_t>() > static_cast<uint64_t>(max))
    return Bad(std::string("the archive's manifest is wrong: ") + key);
  return static_cast<int64_t>(found->get<uint64_t>());
}

Result<BackupHead> HeadOf(const json& object) {
  if (!object.is_object()) return Bad("the archive is none of millwright's");
  const auto format = Whole(object, "format", kNumberMax);
  if (!format || *format < 1) return Bad("the archive is none of millwright's");
  BackupHead head;
  head.hub_version = object.value("hub_version", "");
  if (*format > kBackupFormat)
    return Fail(Errc::kUnsupported, "backup: format " + std::to_string(*format) + " of hub " +
                                        head.hub_version + " is newer than this program");
  head.format = static_cast<int>(*format);
  MW_TRY(head.made, Whole(object, "made_ns", kNumberMax));
  return head;
}

Result<BackedUpFile> FileOf(const json& item) {
  BackedUpFile file{.path = item.at("path").get<std::string>(),
                    .bytes = 0,
                    .sha256 = item.at("sha256").get<std::string>()};
  MW_TRY(const int64_t bytes, Whole(item, "bytes", kNumberMax));
  file.bytes = static_cast<uint64_t>(bytes);
  MW_TRY(CheckEntryPath(file.path));
  if (!crypto::IsSha256Hex(file.sha256)) return Bad(file.path + " has no hash");
  return file;
}

Result<Manifest> ManifestOf(const json& object) {
  Manifest out;
  MW_TRY(out.head, HeadOf(object));
  MW_TRY(const int64_t schema, Whole(object, "schema", 1'000'000));
  out.schema = static_cast<int>(schema);
  std::set<std::string> seen;
  for (const json& item : object.at("files")) {
    MW_TRY(BackedUpFile file, FileOf(item));
    if (!seen.insert(file.path).second) return Bad(file.path + " comes twice");
    out.files.push_back(std::move(file));
  }
  const json& folders = object.at("folders");
  for (const auto& [path, unread] : folders.items()) {
    MW_TRY(CheckEntryPath(path));
    MW_TRY(const int64_t mode, Whole(folders, path.c_str(), 0777));
    out.folders[path] = static_cast<uint32_t>(mode);
  }
  for (const json& item : object.at("places")) {
    Place place{.key = item.at("key").get<std::string>(),
                .from = item.at("from").get<std::string>(),
                .to = item.at("to").get<std::string>()};
    MW_TRY(CheckEntryPath(place.to));
    out.places.push_back(std::move(place));
  }
  return out;
}

// nlohmann's exceptions end here.
template <typename Read>
auto Guarded(std::string_view text, const Read& read) -> decltype(read(json())) {
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return Bad("the archive's manifest is no JSON");
  try {
    return read(object);
  } catch (const json::exception& error) {
    return Bad(std::string("the archive's manifest is wrong: ") + error.what());
  }
}

}  // namespace

std::string EncodeHead(const BackupHead& head) { return HeadJson(head).dump(1) + "\n"; }

Result<BackupHead> DecodeHead(std::string_view text) { return Guarded(text, HeadOf); }

std::string EncodeManifest(const Manifest& manifest) {
  json out = HeadJson(manifest.head);
  out["schema"] = manifest.schema;
  out["files"] = json::array();
  for (const BackedUpFile& file : manifest.files)
    out["files"].push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  out["folders"] = json::object();
  for (const auto& [path, mode] : manifest.folders) out["folders"][path] = mode;
  out["places"] = json::array();
  for (const Place& place : manifest.places)
    out["places"].push_back({{"key", place.key}, {"from", place.from}, {"to", place.to}});
  return out.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<Manifest> DecodeManifest(std::string_view text) { return Guarded(text, ManifestOf); }

}  // namespace millwright::hub
