#include "evaluation/read_hydraulic.h"

#include <cmath>
#include <map>

namespace millwright::evaluation {
namespace {

constexpr size_t kProfileColumns = 5;  // the four levels, then whether it is not settled yet

}  // namespace

Result<HydraulicCycles> ReadHydraulic(const std::filesystem::path& folder) {
  HydraulicCycles out;
  MW_TRY(const auto path, FindFile(folder, "profile.txt"));
  MW_TRY(const TextTable profile, ReadTable(path, {}));
  if (profile.width != kProfileColumns)
    return Fail(Errc::kInvalid, path.string() + ": " + std::to_string(profile.width) +
                                    " columns, wanted " + std::to_string(kProfileColumns));
  std::map<std::array<int, kHydraulicTargets>, int> combinations;
  for (size_t i = 0; i < profile.rows(); ++i) {
    std::array<int, kHydraulicTargets> levels{};
    for (size_t t = 0; t < kHydraulicTargets; ++t) {
      levels[t] = static_cast<int>(std::lround(profile.At(i, t)));
      out.levels[t].push_back(levels[t]);
    }
    out.settled.push_back(profile.At(i, kHydraulicTargets) < 0.5F);
    const auto [at, added] = combinations.emplace(levels, static_cast<int>(combinations.size()));
    out.combination.push_back(at->second);
  }
  for (const char* name : kHydraulicSensors) {
    MW_TRY(const auto file, FindFile(folder, std::string(name) + ".txt"));
    MW_TRY(out.sensors.emplace_back(), ReadTable(file, {}));
    if (out.sensors.back().rows() != out.size())
      return Fail(Errc::kInvalid, file.string() + ": " + std::to_string(out.sensors.back().rows()) +
                                      " cycles where profile.txt has " +
                                      std::to_string(out.size()));
  }
  return out;
}

}  // namespace millwright::evaluation
