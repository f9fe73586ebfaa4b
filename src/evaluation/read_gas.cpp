#include "evaluation/read_gas.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "recording/layouts.h"
#include "recording/text_file.h"

namespace millwright::evaluation {
namespace gas {
namespace {

namespace fs = std::filesystem;

// N of batchN.dat or batchN.dat.gz; 0: another file.
int NumberOf(const std::string& name) {
  constexpr std::string_view kStart = "batch";
  if (!name.starts_with(kStart)) return 0;
  int number = 0;
  const auto [rest, error] =
      std::from_chars(name.data() + kStart.size(), name.data() + name.size(), number);
  const std::string_view ending(rest, static_cast<size_t>(name.data() + name.size() - rest));
  return error == std::errc() && (ending == ".dat" || ending == ".dat.gz") ? number : 0;
}

// "3:1.5": the number after the colon; false where the index is not `index`.
bool ParseFeature(std::string_view cell, size_t index, float& value) {
  const size_t colon = cell.find(':');
  size_t at = 0;
  if (colon == std::string_view::npos ||
      std::from_chars(cell.data(), cell.data() + colon, at).ptr != cell.data() + colon ||
      at != index)
    return false;
  double number = 0;
  if (!recording::ParseCell(cell.substr(colon + 1), number) || !std::isfinite(number)) return false;
  value = static_cast<float>(number);
  return true;
}

bool ParseHead(std::string_view cell, GasBatch& out) {
  const size_t semicolon = cell.find(';');
  if (semicolon == std::string_view::npos) return false;
  int gas = 0;
  double concentration = 0;
  if (std::from_chars(cell.data(), cell.data() + semicolon, gas).ptr != cell.data() + semicolon ||
      gas < 1 || !recording::ParseCell(cell.substr(semicolon + 1), concentration))
    return false;
  out.gases.push_back(gas);
  out.concentrations.push_back(static_cast<float>(concentration));
  return true;
}

Result<GasBatch> ReadBatch(const fs::path& path) {
  MW_TRY(recording::InputFile file, recording::InputFile::Open(path.string()));
  GasBatch out{.name = path.filename().string()};
  out.number = NumberOf(out.name);
  std::string line;
  std::vector<std::string_view> cells;
  const auto bad = [&](const std::string& what) {
    return Fail(Errc::kInvalid,
                path.string() + ":" + std::to_string(file.line_number()) + ": " + what);
  };
  while (true) {
    MW_TRY(const bool more, file.ReadLine(line));
    if (!more) break;
    cells.clear();
    for (size_t at = 0; (at = line.find_first_not_of(" \t", at)) != std::string::npos;) {
      const size_t end = std::min(line.find_first_of(" \t", at), line.size());
      cells.push_back(std::string_view(line).substr(at, end - at));
      at = end;
    }
    if (cells.empty()) continue;
    if (cells.size() != kGasColumns + 1)
      return bad(std::to_string(cells.size() - 1) + " features; a row has " +
                 std::to_string(kGasColumns));
    if (!ParseHead(cells[0], out)) return bad("\"" + std::string(cells[0]) + "\" is no gas;ppmv");
    for (size_t c = 1; c <= kGasColumns; ++c) {
      float value = 0;
      if (!ParseFeature(cells[c], c, value))
        return bad("\"" + std::string(cells[c]) + "\" is not feature " + std::to_string(c));
      out.values.push_back(value);
    }
  }
  if (out.size() == 0) return Fail(Errc::kInvalid, path.string() + ": no row");
  return out;
}

}  // namespace
}  // namespace gas

Result<std::vector<GasBatch>> ReadGas(const std::filesystem::path& folder) {
  std::vector<GasBatch> out;
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error))
    if (gas::NumberOf(entry.path().filename().string()) > 0) paths.push_back(entry.path());
  for (const std::filesystem::path& path : paths) {
    MW_TRY(GasBatch batch, gas::ReadBatch(path));
    out.push_back(std::move(batch));
  }
  if (out.empty())
    return Fail(Errc::kNotFound,
                "gas: no batch (batch1.dat, batch2.dat.gz and so on) in " + folder.string());
  std::ranges::sort(out, {}, &GasBatch::number);
  const auto twice = std::ranges::adjacent_find(out, {}, &GasBatch::number);
  if (twice != out.end())
    return Fail(Errc::kInvalid, "gas: batch " + std::to_string(twice->number) + " is there twice");
  return out;
}

Table GasFeatures(const GasBatch& batch) {
  Table out{.columns = kGasColumns, .values = batch.values, .labels = batch.gases};
  for (float& v : out.values) v = std::copysign(std::log1p(std::abs(v)), v);
  return out;
}

}  // namespace millwright::evaluation
