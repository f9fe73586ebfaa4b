#include "hub/rollout/release_detail.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace millwright::hub {
namespace {

using nlohmann::json;

constexpr size_t kReportBytesMax = size_t{4} << 20;

std::vector<std::pair<std::string, double>> FiguresOf(std::span<const std::byte> report) {
  std::vector<std::pair<std::string, double>> out;
  if (report.size() > kReportBytesMax) return out;
  const json object = json::parse(os::AsText(report), nullptr, false);
  if (!object.is_object()) return out;
  for (const std::string_view key : kReleaseFigures) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number()) continue;
    const auto value = found->get<double>();
    if (std::isfinite(value)) out.emplace_back(key, value);
  }
  return out;
}

}  // namespace

Result<ReleaseDetail> ReadDetail(std::span<const model::PackedFile> pack) {
  MW_TRY(model::Manifest m, model::ReadManifest(pack.front().bytes));
  ReleaseDetail out{.created = m.created,
                    .model_bytes = m.model.bytes,
                    .steps = m.model.steps,
                    .features = m.model.features,
                    .lineage = std::move(m.lineage)};
  for (model::FaultClass& fault : m.classes) out.classes.push_back(std::move(fault.code));
  for (const model::PackedFile& file : pack)
    if (file.name == "report.json") out.figures = FiguresOf(file.bytes);
  return out;
}

}  // namespace millwright::hub
