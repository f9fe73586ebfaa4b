// Cells of CSV files: numbers, absent values, times.
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>

#include "recording/layouts.h"

namespace millwright::recording {
namespace {

bool IsAbsent(std::string_view cell) {
  constexpr std::array<std::string_view, 12> kWords = {"",    "nan", "NaN",  "NAN",  "na", "NA",
                                                       "n/a", "N/A", "null", "NULL", "-",  "?"};
  for (const std::string_view word : kWords)
    if (cell == word) return true;
  return false;
}

}  // namespace

bool ParseCell(std::string_view cell, double& value) {
  if (IsAbsent(cell)) {
    value = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  if (cell.front() == '+') cell.remove_prefix(1);
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return error == std::errc() && end == cell.data() + cell.size() && std::isfinite(value);
}

Result<Nanos> ParseTime(std::string_view cell, TimeFormat format, Nanos start_ns) {
  if (format == TimeFormat::kRfc3339) return ParseUtc(cell);
  double value = 0;
  if (!ParseCell(cell, value) || std::isnan(value))
    return Fail(Errc::kInvalid, "\"" + std::string(cell) + "\" is not a time in numbers");
  const double seconds = format == TimeFormat::kUnixMs ? value * 1e-3 : value;
  if (std::abs(seconds) > 9e9)
    return Fail(Errc::kInvalid, "the time " + std::string(cell) + " is out of range");
  // Whole seconds and the rest apart: a double holds today's nanoseconds only to 200.
  const double whole = std::floor(seconds);
  const Nanos ns = static_cast<Nanos>(whole) * kSecond + std::llround((seconds - whole) * 1e9);
  return format == TimeFormat::kSeconds ? start_ns + ns : ns;
}

std::string FindPlainOrGz(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored)) return path;
  if (std::filesystem::is_regular_file(path + ".gz", ignored)) return path + ".gz";
  return {};
}

}  // namespace millwright::recording
