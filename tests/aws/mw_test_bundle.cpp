// mw-test-bundle FOLDER VERSION [wrong]: a bundle that loads, of that version. Its golden vectors
// are what the engine answers; with "wrong" they are not.
#include <cstdio>
#include <string_view>
#include <vector>

#include "crypto/sha256.h"
#include "model/testing/test_bundle.h"
#include "nn/session.h"
#include "os/files.h"

namespace millwright {
namespace {

Result<void> WriteGolden(os::Files& files, const std::string& folder, model::Manifest manifest) {
  MW_TRY(const os::Bytes file, files.Read(folder + "/" + manifest.model.file));
  MW_TRY(const auto engine, nn::Engine::Load(std::span<const std::byte>(file)));
  const size_t in = engine->input().elements(), out = engine->output().elements();
  const auto count = static_cast<size_t>(manifest.golden.count);
  std::vector<int8_t> inputs(count * in), outputs(count * out);
  for (size_t i = 0; i < inputs.size(); ++i) inputs[i] = static_cast<int8_t>(i * 53 % 211 - 105);
  nn::Session session(engine);
  for (size_t i = 0; i < count; ++i) {
    session.ResetState();
    session.Run(std::span(inputs).subspan(i * in, in), std::span(outputs).subspan(i * out, out));
  }
  inputs.insert(inputs.end(), outputs.begin(), outputs.end());
  const auto bytes = std::as_bytes(std::span(inputs));
  manifest.golden.sha256 = crypto::Sha256Hex(bytes);
  MW_TRY(files.WriteFast(folder + "/" + manifest.golden.file, bytes));
  return files.WriteFast(folder + "/" + std::string(model::kManifestFile),
                         os::AsBytes(model::WriteManifest(manifest)));
}

Result<void> Write(const std::string& folder, const std::string& version, bool wrong) {
  os::RealFiles real;
  os::Files& files = real;
  model::Manifest manifest = model::MakeTestManifest();
  manifest.version = version;
  MW_TRY(files.MakeFolders(folder));
  MW_TRY(model::WriteTestBundle(files, folder, manifest));
  if (wrong) return {};
  MW_TRY(const os::Bytes text, files.Read(folder + "/" + std::string(model::kManifestFile)));
  MW_TRY(model::Manifest written, model::ReadManifest(text));
  return WriteGolden(files, folder, std::move(written));
}

}  // namespace
}  // namespace millwright

int main(int argc, char** argv) {
  const bool wrong = argc == 4 && std::string_view(argv[3]) == "wrong";
  if (argc != 3 && !wrong) {
    std::fprintf(stderr, "usage: %s FOLDER VERSION [wrong]\n", argv[0]);
    return 2;
  }
  const auto written = millwright::Write(argv[1], argv[2], wrong);
  if (written) return 0;
  std::fprintf(stderr, "%s\n", written.error().what.c_str());
  return 1;
}
