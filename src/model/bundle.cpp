// LoadBundle: where a bundle's bytes are distrusted, once.

#include <algorithm>

#include "crypto/sha256.h"
#include "model/manifest.h"
#include "model/tflite.h"

namespace millwright::model {
namespace {

constexpr size_t kManifestBytesMax = size_t{4} << 20;
constexpr size_t kFileBytesMax = size_t{256} << 20;

Result<os::Bytes> ReadNamed(os::Files& files, const std::string& folder, const std::string& name,
                            const std::string& key, size_t limit) {
  auto bytes = files.Read(folder + "/" + name, limit);
  if (!bytes)
    return Fail(bytes.error().code, "bundle " + folder + ": " + key + ": " + bytes.error().what);
  return std::move(*bytes);
}

Result<void> CheckDigest(const std::string& folder, const std::string& name, const std::string& key,
                         std::span<const std::byte> bytes, const std::string& want) {
  const std::string got = crypto::Sha256Hex(bytes);
  if (got == want) return {};
  return Fail(Errc::kInvalid, "bundle " + folder + ": " + name + ": its sha256 is " + got + ", " +
                                  key + " says " + want);
}

Result<void> CheckBytes(const std::string& folder, const std::string& name, const std::string& key,
                        size_t got, uint64_t want) {
  if (got == want) return {};
  return Fail(Errc::kInvalid, "bundle " + folder + ": " + name + ": " + std::to_string(got) +
                                  " bytes, " + key + " says " + std::to_string(want));
}

std::string ShapeText(const std::vector<int32_t>& shape) {
  std::string text = "[";
  for (const int32_t n : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(n);
  return text + "]";
}

Result<void> CheckTensor(const std::string& where, const std::string& what, const Graph& graph,
                         const std::vector<int32_t>& indices, const std::vector<int32_t>& shape) {
  if (indices.size() != 1)
    return Fail(Errc::kInvalid,
                where + "has " + std::to_string(indices.size()) + " " + what + "s, wanted one");
  const Tensor& tensor = graph.tensors[static_cast<size_t>(indices[0])];
  if (tensor.type != TensorType::kInt8)
    return Fail(Errc::kUnsupported, where + "its " + what + " is not int8");
  if (tensor.quantization.scales.size() != 1)
    return Fail(Errc::kInvalid, where + "its " + what + " has no single scale");
  if (tensor.shape != shape)
    return Fail(Errc::kInvalid, where + "its " + what + " is " + ShapeText(tensor.shape) +
                                    ", the manifest's schema and classes say " + ShapeText(shape));
  return {};
}

Result<void> CheckAgreement(const std::string& folder, const Bundle& bundle) {
  const Manifest& m = bundle.manifest;
  const std::string where = "bundle " + folder + ": " + m.model.file + ": ";
  const auto graph = ReadTflite(bundle.model);
  if (!graph) return Fail(graph.error().code, where + graph.error().what);
  MW_TRY(CheckTensor(where, "input", *graph, graph->inputs, {1, m.model.steps, m.model.features}));
  return CheckTensor(where, "output", *graph, graph->outputs,
                     {1, static_cast<int32_t>(m.classes.size())});
}

std::vector<int8_t> AsInt8(std::span<const std::byte> bytes) {
  std::vector<int8_t> out(bytes.size());
  std::transform(bytes.begin(), bytes.end(), out.begin(),
                 [](std::byte b) { return static_cast<int8_t>(b); });
  return out;
}

}  // namespace

Result<Bundle> LoadBundle(os::Files& files, const std::string& folder) {
  const std::string name(kManifestFile);
  MW_TRY(const os::Bytes text, ReadNamed(files, folder, name, "manifest", kManifestBytesMax));
  Bundle bundle;
  MW_TRY(bundle.manifest, ReadManifest(text, folder + "/" + name));
  const Manifest& m = bundle.manifest;

  MW_TRY(bundle.model, ReadNamed(files, folder, m.model.file, "model.file", kFileBytesMax));
  MW_TRY(CheckBytes(folder, m.model.file, "model.bytes", bundle.model.size(), m.model.bytes));
  MW_TRY(CheckDigest(folder, m.model.file, "model.sha256", bundle.model, m.model.sha256));

  MW_TRY(const os::Bytes golden,
         ReadNamed(files, folder, m.golden.file, "golden.file", kFileBytesMax));
  MW_TRY(CheckDigest(folder, m.golden.file, "golden.sha256", golden, m.golden.sha256));
  const size_t count = static_cast<size_t>(m.golden.count);
  const size_t inputs =
      count * static_cast<size_t>(m.model.steps) * static_cast<size_t>(m.model.features);
  MW_TRY(CheckBytes(folder, m.golden.file, "golden.count", golden.size(),
                    inputs + count * m.classes.size()));
  bundle.golden_inputs = AsInt8(std::span(golden).first(inputs));
  bundle.golden_outputs = AsInt8(std::span(golden).subspan(inputs));

  for (size_t i = 0; i < m.files.size(); ++i) {
    const ListedFile& file = m.files[i];
    const std::string key = "files[" + std::to_string(i) + "]";
    MW_TRY(const os::Bytes bytes,
           ReadNamed(files, folder, file.path, key + ".path", kFileBytesMax));
    MW_TRY(CheckBytes(folder, file.path, key + ".bytes", bytes.size(), file.bytes));
    MW_TRY(CheckDigest(folder, file.path, key + ".sha256", bytes, file.sha256));
  }
  MW_TRY(CheckAgreement(folder, bundle));
  return bundle;
}

}  // namespace millwright::model
