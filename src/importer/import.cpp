#include "importer/import.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "importer/float_runner.h"
#include "importer/fold.h"
#include "importer/keras.h"
#include "importer/onnx.h"
#include "importer/quantize.h"
#include "model/tflite.h"
#include "trainer/int8_model.h"

namespace millwright::importer {
namespace {

bool StartsWith(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::equal(text.begin(), text.end(), bytes.begin(),
                    [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
}

Result<void> CheckWindows(const Net& net, const Windows& windows) {
  if (static_cast<size_t>(net.features) == windows.features &&
      static_cast<size_t>(net.steps) == windows.steps && windows.count > 0)
    return {};
  return Fail(Errc::kInvalid, "import: the model takes windows of " + std::to_string(net.steps) +
                                  " steps x " + std::to_string(net.features) +
                                  " features, the data holds " + std::to_string(windows.count) +
                                  " of " + std::to_string(windows.steps) + " x " +
                                  std::to_string(windows.features));
}

void Scale(Windows& windows, const Affine& affine) {
  for (size_t i = 0; i < windows.values.size(); ++i) {
    const size_t f = i % windows.features;
    windows.values[i] = windows.values[i] * affine.gain[f] + affine.offset[f];
  }
}

float Span(std::span<const float> values) {
  const auto [low, high] = std::ranges::minmax(values);
  return high - low;
}

Result<void> Compare(const Windows& windows, const ImportOptions& options, Imported& out) {
  MW_TRY(trainer::Int8Model int8, trainer::Int8Model::Load(out.tflite));
  out.int8_outputs.resize(out.float_outputs.size());
  const float tolerance =
      out.decision == Decision::kValue
          ? Span(out.float_outputs) * static_cast<float>(options.value_tolerance)
          : 0;
  double sum = 0;
  for (size_t i = 0; i < windows.count; ++i) {
    const auto as_int8 = std::span(out.int8_outputs).subspan(i * out.outputs, out.outputs);
    const auto as_float =
        std::span<const float>(out.float_outputs).subspan(i * out.outputs, out.outputs);
    int8.Run(windows.window(i), as_int8);
    if (SameDecision(out.decision, as_float, as_int8, tolerance)) ++out.agreement.agreed;
    for (size_t c = 0; c < out.outputs; ++c) {
      const double error = std::abs(static_cast<double>(as_float[c] - as_int8[c]));
      sum += error;
      out.agreement.error_max = std::max(out.agreement.error_max, error);
    }
  }
  out.agreement.windows = windows.count;
  out.agreement.error_mean = sum / static_cast<double>(out.float_outputs.size());
  return {};
}

// Rare peaks of the input cost every other value its resolution: how much of the range is kept is
// what gives the smallest mean error.
Result<void> QuantizeBest(const Net& net, NetRanges& ranges, const Windows& windows,
                          const ImportOptions& options, Imported& out) {
  const trainer::Range whole = ranges.input;
  std::optional<Imported> best;
  for (const float kept : {1.0F, 0.9F, 0.8F, 0.7F}) {
    ranges.input = {whole.low * kept, whole.high * kept};
    Imported one{.decision = out.decision, .outputs = out.outputs};
    one.float_outputs = out.float_outputs;
    MW_TRY(const model::Graph graph, QuantizeNet(net, ranges, "Imported by Millwright, full INT8"));
    MW_TRY(one.tflite, model::WriteTflite(graph));
    MW_TRY(Compare(windows, options, one));
    if (!best || one.agreement.error_mean < best->agreement.error_mean) best = std::move(one);
  }
  out.tflite = std::move(best->tflite);
  out.agreement = best->agreement;
  out.int8_outputs = std::move(best->int8_outputs);
  return {};
}

std::string LayerText(const Layer& layer) {
  return Where(layer) + (layer.out.is_vector ? " " + std::to_string(layer.out.width)
                                             : " " + std::to_string(layer.out.steps) + " x " +
                                                   std::to_string(layer.out.width));
}

tl::unexpected<Error> Disagrees(const Imported& out, const ImportOptions& options,
                                bool was_folded) {
  char text[128];
  std::snprintf(text, sizeof text,
                "import: INT8 decides like the float model in %zu of %zu windows "
                "(%.2f %%), below %.2f %%",
                out.agreement.agreed, out.agreement.windows, 100 * out.agreement.share(),
                100 * options.agreement_min);
  return Fail(Errc::kConflict,
              std::string(text) +
                  (was_folded ? "; features of unlike size share one INT8 scale: keep the "
                                "normalization outside (--normalization outside)"
                              : "; features of unlike size share one INT8 scale: normalize them "
                                "before the model, and calibrate on what it sees in use"));
}

}  // namespace

Result<Net> ReadModel(std::span<const std::byte> bytes, const std::string& name, int steps) {
  if (StartsWith(bytes, "PK")) return ReadKeras(bytes, steps);
  if (StartsWith(bytes, "\x89HDF"))
    return Fail(Errc::kUnsupported,
                "import: " + name + " is a legacy .h5 file; save it anew: model.save('x.keras')");
  if (LooksLikeOnnx(bytes)) return ReadOnnx(bytes, steps);
  return Fail(Errc::kUnsupported, "import: " + name + " is neither a .keras nor an .onnx file");
}

Result<Imported> Import(Net net, const Windows& all, const ImportOptions& options) {
  Imported out;
  if (net.steps == 0) net.steps = static_cast<int>(all.steps);
  MW_TRY(CheckNet(net));
  MW_TRY(CheckWindows(net, all));
  Windows windows = Thin(all, options.windows_max);
  const bool has_front = std::holds_alternative<Affine>(net.layers.front().op);
  if (!options.fold_normalization) {
    out.standardise = TakeFront(net);
    if (out.standardise) Scale(windows, *out.standardise);
  }
  MW_TRY(FoldAffine(net));
  MW_TRY(out.decision, FinishHead(net, options.task, out.notes));
  out.outputs = static_cast<size_t>(net.layers.back().out.width);
  for (const Layer& layer : net.layers) out.layers.push_back(LayerText(layer));

  FloatRunner runner(net);
  NetRanges ranges;
  for (size_t i = 0; i < windows.count; ++i) {
    const auto outputs = runner.Run(windows.window(i), &ranges);
    out.float_outputs.insert(out.float_outputs.end(), outputs.begin(), outputs.end());
  }
  if (std::ranges::any_of(out.float_outputs, [](float x) { return !std::isfinite(x); }))
    return Fail(Errc::kInvalid, "import: the float model's outputs are not finite on this data");
  MW_TRY(QuantizeBest(net, ranges, windows, options, out));
  if (out.agreement.share() < options.agreement_min)
    return Disagrees(out, options, has_front && options.fold_normalization);
  return out;
}

Result<Imported> Import(std::span<const std::byte> bytes, const std::string& name,
                        const Windows& windows, const ImportOptions& options) {
  MW_TRY(Net net, ReadModel(bytes, name, static_cast<int>(windows.steps)));
  return Import(std::move(net), windows, options);
}

}  // namespace millwright::importer
