#include "evaluation/read_cmapss.h"

#include <cmath>

#include "evaluation/read_table.h"

namespace millwright::evaluation {
namespace {

constexpr size_t kCmapssKeys = 2;  // unit and cycle stand before the values

Result<std::vector<CmapssEngine>> ReadEngines(const std::filesystem::path& folder,
                                              const std::string& name) {
  MW_TRY(const auto path, FindFile(folder, name));
  MW_TRY(const TextTable table, ReadTable(path, {}));
  if (table.width != kCmapssKeys + kCmapssWidth)
    return Fail(Errc::kInvalid, path.string() + ": " + std::to_string(table.width) +
                                    " columns, wanted " +
                                    std::to_string(kCmapssKeys + kCmapssWidth));
  std::vector<CmapssEngine> out;
  for (size_t i = 0; i < table.rows(); ++i) {
    const auto bad = [&](const char* what) {
      return Fail(Errc::kInvalid, path.string() + ": row " + std::to_string(i + 1) + ": " + what);
    };
    for (size_t c = 0; c < table.width; ++c)
      if (!std::isfinite(table.At(i, c))) return bad("a value is absent");
    const int unit = static_cast<int>(std::lround(table.At(i, 0)));
    if (out.empty() || out.back().unit != unit) out.push_back({.unit = unit});
    CmapssEngine& engine = out.back();
    if (std::lround(table.At(i, 1)) != static_cast<long>(engine.cycles() + 1))
      return bad("this is not the cycle that follows the row before");
    for (size_t c = kCmapssKeys; c < table.width; ++c) engine.values.push_back(table.At(i, c));
  }
  return out;
}

}  // namespace

Result<std::vector<CmapssEngine>> ReadCmapssTrain(const std::filesystem::path& folder,
                                                  const std::string& set) {
  return ReadEngines(folder, "train_" + set + ".txt");
}

Result<std::vector<CmapssEngine>> ReadCmapssTest(const std::filesystem::path& folder,
                                                 const std::string& set) {
  MW_TRY(auto engines, ReadEngines(folder, "test_" + set + ".txt"));
  MW_TRY(const auto path, FindFile(folder, "RUL_" + set + ".txt"));
  MW_TRY(const TextTable left, ReadTable(path, {}));
  if (left.rows() != engines.size() || left.width != 1)
    return Fail(Errc::kInvalid, path.string() + ": " + std::to_string(left.rows()) +
                                    " rows where there are " + std::to_string(engines.size()) +
                                    " engines");
  for (size_t i = 0; i < engines.size(); ++i) {
    if (!(left.At(i, 0) >= 0))
      return Fail(Errc::kInvalid,
                  path.string() + ": row " + std::to_string(i + 1) + ": wanted cycles from 0 on");
    engines[i].left = static_cast<double>(left.At(i, 0));
  }
  return engines;
}

}  // namespace millwright::evaluation
