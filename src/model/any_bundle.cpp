#include "model/any_bundle.h"

#include <nlohmann/json.hpp>

#include "model/config_bundle.h"
#include "model/manifest.h"

namespace millwright::model {

std::string_view Name(BundleKind kind) { return kind == BundleKind::kConfig ? "config" : "model"; }

std::optional<BundleKind> BundleKindByName(std::string_view name) {
  for (const BundleKind kind : {BundleKind::kModel, BundleKind::kConfig})
    if (name == Name(kind)) return kind;
  return std::nullopt;
}

Result<BundleFacts> ReadFacts(std::span<const std::byte> manifest) {
  const auto json = nlohmann::json::parse(os::AsText(manifest), nullptr, false);
  const bool config = json.is_object() && json.contains("kind") && json["kind"] == "config";
  if (config) {
    MW_TRY(ConfigManifest m, ReadConfigManifest(manifest));
    return BundleFacts{.kind = BundleKind::kConfig,
                       .name = std::move(m.name),
                       .version = std::move(m.version),
                       .created = m.created};
  }
  MW_TRY(Manifest m, ReadManifest(manifest));
  return BundleFacts{.kind = BundleKind::kModel,
                     .name = std::move(m.name),
                     .version = std::move(m.version),
                     .created = m.created,
                     .model_sha256 = std::move(m.model.sha256)};
}

Result<BundleFacts> CheckBundle(os::Files& files, const std::string& folder) {
  MW_TRY(const os::Bytes manifest,
         files.Read(folder + "/" + std::string(kManifestFile), size_t{4} << 20));
  MW_TRY(BundleFacts facts, ReadFacts(manifest));
  if (facts.kind == BundleKind::kConfig) {
    MW_TRY(LoadConfigBundle(files, folder));
  } else {
    MW_TRY(LoadBundle(files, folder));
  }
  return facts;
}

}  // namespace millwright::model
