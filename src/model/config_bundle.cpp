#include "model/config_bundle.h"

#include <nlohmann/json.hpp>

#include "crypto/sha256.h"
#include "model/any_bundle.h"
#include "model/manifest.h"

namespace millwright::model {
namespace {

using ConfigJson = nlohmann::ordered_json;

constexpr size_t kConfigManifestBytesMax = size_t{64} << 10;

tl::unexpected<Error> WrongKey(const std::string& key, const std::string& what) {
  return Fail(Errc::kInvalid, "manifest.json: " + key + ": " + what);
}

Result<std::string> TextAt(const ConfigJson& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return WrongKey(key, "not a string");
  if (found->get_ref<const std::string&>().empty()) return WrongKey(key, "empty");
  return found->get<std::string>();
}

}  // namespace

Result<ConfigManifest> ReadConfigManifest(std::span<const std::byte> bytes) {
  const auto json = ConfigJson::parse(os::AsText(bytes), nullptr, false);
  if (!json.is_object()) return WrongKey("(root)", "not an object");
  const auto kind = json.find("kind");
  if (kind == json.end() || *kind != Name(BundleKind::kConfig))
    return WrongKey("kind", "this is no configuration");
  const auto format = json.find("format");
  if (format == json.end() || *format != kManifestFormat)
    return Fail(Errc::kUnsupported,
                "manifest.json: format: another than " + std::to_string(kManifestFormat));
  ConfigManifest out;
  MW_TRY(out.name, TextAt(json, "name"));
  MW_TRY(out.version, TextAt(json, "version"));
  MW_TRY(const std::string created, TextAt(json, "created"));
  MW_TRY(out.created, ParseUtc(created));
  const auto file = json.find("config");
  if (file == json.end() || !file->is_object()) return WrongKey("config", "not an object");
  MW_TRY(const std::string name, TextAt(*file, "file"));
  if (name != kConfigFile) return WrongKey("config.file", "is always config.toml");
  MW_TRY(out.sha256, TextAt(*file, "sha256"));
  if (!crypto::IsSha256Hex(out.sha256)) return WrongKey("config.sha256", "not a SHA-256 digest");
  const auto size = file->find("bytes");
  if (size == file->end() || !size->is_number_unsigned() || size->get<uint64_t>() > kConfigBytesMax)
    return WrongKey("config.bytes", "not a length of at most 1 MiB");
  out.bytes = size->get<uint64_t>();
  return out;
}

std::string WriteConfigManifest(const ConfigManifest& m) {
  const ConfigJson json = {
      {"format", kManifestFormat},
      {"kind", Name(BundleKind::kConfig)},
      {"name", m.name},
      {"version", m.version},
      {"created", FormatUtc(m.created)},
      {"config", {{"file", kConfigFile}, {"sha256", m.sha256}, {"bytes", m.bytes}}}};
  return json.dump(1, ' ', false, ConfigJson::error_handler_t::replace) + "\n";
}

Result<ConfigBundle> LoadConfigBundle(os::Files& files, const std::string& folder) {
  const std::string where = "bundle " + folder + ": ";
  MW_TRY(const os::Bytes manifest,
         files.Read(folder + "/" + std::string(kManifestFile), kConfigManifestBytesMax));
  ConfigBundle out;
  auto read = ReadConfigManifest(manifest);
  if (!read) return Fail(read.error().code, where + read.error().what);
  out.manifest = std::move(*read);
  MW_TRY(out.text, files.Read(folder + "/" + std::string(kConfigFile), kConfigBytesMax));
  if (out.text.size() != out.manifest.bytes)
    return Fail(Errc::kInvalid, where + "config.toml: " + std::to_string(out.text.size()) +
                                    " bytes, config.bytes says " +
                                    std::to_string(out.manifest.bytes));
  if (crypto::Sha256Hex(std::span<const std::byte>(out.text)) != out.manifest.sha256)
    return Fail(Errc::kInvalid, where + "config.toml: is not what config.sha256 says");
  return out;
}

Result<void> WriteConfigBundle(os::Files& files, const std::string& folder, ConfigManifest manifest,
                               std::span<const std::byte> text) {
  if (text.size() > kConfigBytesMax)
    return Fail(Errc::kExhausted, "bundle: a configuration of more than 1 MiB");
  manifest.sha256 = crypto::Sha256Hex(text);
  manifest.bytes = text.size();
  const std::string written = WriteConfigManifest(manifest);
  MW_TRY(ReadConfigManifest(os::AsBytes(written)));
  MW_TRY(files.MakeFolders(folder));
  MW_TRY(files.WriteDurably(folder + "/" + std::string(kConfigFile), text));
  return files.WriteDurably(folder + "/" + std::string(kManifestFile), os::AsBytes(written));
}

}  // namespace millwright::model
