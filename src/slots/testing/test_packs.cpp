#include "slots/testing/test_packs.h"

#include "core/check.h"
#include "crypto/sha256.h"
#include "model/any_bundle.h"
#include "model/config_bundle.h"
#include "model/pack.h"
#include "model/testing/test_bundle.h"

namespace millwright::slots {
namespace {

TestPack PackOf(os::Files& files, const std::string& folder, uint64_t release) {
  auto pack = model::PackBundle(files, folder);
  auto text = files.Read(folder + "/" + std::string(model::kManifestFile), size_t{1} << 20);
  MW_CHECK(pack && text);
  auto facts = model::ReadFacts(*text);
  MW_CHECK(facts);
  TestPack out{.bytes = std::move(*pack), .bundle = {}};
  out.bundle = {.digest = crypto::Sha256Hex(std::span<const std::byte>(*text)),
                .name = facts->name,
                .version = facts->version,
                .release = release,
                .pack_sha256 = crypto::Sha256Hex(std::span<const std::byte>(out.bytes)),
                .pack_bytes = out.bytes.size()};
  return out;
}

}  // namespace

TestPack MakeTestPack(uint64_t release) {
  os::FakeFiles files;
  model::Manifest manifest = model::MakeTestManifest();
  manifest.version = std::to_string(release);
  manifest.created = static_cast<Nanos>(release) * kSecond;
  MW_CHECK(model::WriteTestBundle(files, "/b", manifest, {.seed = static_cast<uint32_t>(release)}));
  return PackOf(files, "/b", release);
}

TestPack MakeTestConfigPack(uint64_t release) {
  os::FakeFiles files;
  const std::string version = std::to_string(release);
  // Longer than a block, as a fleet's is.
  std::string text = "[[class]]\nname = \"pump\"\nzone_d_mm_s = " + version + ".5\n";
  while (text.size() < 3000) text += "# " + version + "\n";
  MW_CHECK(model::WriteConfigBundle(
      files, "/c",
      {.name = "pumps", .version = version, .created = static_cast<Nanos>(release) * kSecond},
      os::AsBytes(text)));
  return PackOf(files, "/c", release);
}

}  // namespace millwright::slots
