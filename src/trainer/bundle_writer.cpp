#include "trainer/bundle_writer.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "nn/engine.h"
#include "nn/session.h"
#include "trainer/report.h"

namespace millwright::trainer {
namespace {

Result<void> WriteListed(os::Files& files, const std::string& folder, const std::string& name,
                         const std::string& text, model::Manifest& manifest) {
  manifest.files.push_back({.path = name, .sha256 = crypto::Sha256Hex(text), .bytes = text.size()});
  return files.WriteDurably(folder + "/" + name, os::AsBytes(text));
}

Result<void> CheckGolden(const model::Bundle& bundle) {
  MW_TRY(const auto engine, nn::Engine::Load(bundle.model));
  nn::Session session(engine);
  const size_t in = engine->input().bytes, out = engine->output().bytes;
  std::vector<int8_t> got(out);
  for (size_t i = 0; i * out < bundle.golden_outputs.size(); ++i) {
    session.ResetState();
    session.Run(std::span(bundle.golden_inputs).subspan(i * in, in), got);
    if (!std::ranges::equal(got, std::span(bundle.golden_outputs).subspan(i * out, out)))
      return Fail(Errc::kInternal, "trainer: the bundle's golden vector " + std::to_string(i) +
                                       " gives another answer after it was written");
  }
  return {};
}

}  // namespace

Result<void> WriteBundle(os::Files& files, const std::string& folder, Trained& trained) {
  model::Manifest& manifest = trained.manifest;
  MW_TRY(files.MakeFolders(folder));
  // The manifest goes first and comes last: a folder without it is no bundle, whatever happens in
  // between.
  MW_TRY(files.Remove(folder + "/" + std::string(model::kManifestFile)));
  MW_TRY(files.WriteDurably(folder + "/" + manifest.model.file, trained.model_file));
  MW_TRY(files.WriteDurably(folder + "/" + manifest.golden.file, trained.golden));
  manifest.files.clear();
  MW_TRY(WriteListed(files, folder, "report.json", ReportJson(trained), manifest));
  MW_TRY(WriteListed(files, folder, "report.html", ReportHtml(trained), manifest));
  MW_TRY(files.WriteDurably(folder + "/" + std::string(model::kManifestFile),
                            os::AsBytes(model::WriteManifest(manifest))));
  MW_TRY(const model::Bundle bundle, model::LoadBundle(files, folder));
  return CheckGolden(bundle);
}

}  // namespace millwright::trainer
