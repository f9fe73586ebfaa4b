#include "slots/testing/test_packs.h"

#include "core/check.h"
#include "crypto/sha256.h"
#include "model/pack.h"
#include "model/testing/test_bundle.h"

namespace millwright::slots {

TestPack MakeTestPack(uint64_t release) {
  os::FakeFiles files;
  model::Manifest manifest = model::MakeTestManifest();
  manifest.version = std::to_string(release);
  manifest.created = static_cast<Nanos>(release) * kSecond;
  MW_CHECK(model::WriteTestBundle(files, "/b", manifest, {.seed = static_cast<uint32_t>(release)}));
  auto pack = model::PackBundle(files, "/b");
  auto text = files.Read("/b/" + std::string(model::kManifestFile), size_t{1} << 20);
  MW_CHECK(pack && text);
  TestPack out{.bytes = std::move(*pack), .bundle = {}};
  out.bundle = {.digest = crypto::Sha256Hex(std::span<const std::byte>(*text)),
                .name = manifest.name,
                .version = manifest.version,
                .release = release,
                .pack_sha256 = crypto::Sha256Hex(std::span<const std::byte>(out.bytes)),
                .pack_bytes = out.bytes.size()};
  return out;
}

}  // namespace millwright::slots
