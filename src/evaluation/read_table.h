// Text files of numbers as public data sets have them: with or without a header, plain or .gz.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"

namespace millwright::evaluation {

struct TextFormat {
  char separator = ' ';     // ' ': any blanks or tabs between
  bool header = false;      // the first line names the columns
  size_t text_columns = 0;  // so many columns at the front are text
  size_t texts_after = 0;   // so many at the end; not both
  size_t values_max = 200'000'000;
};

struct TextTable {
  std::vector<std::string> columns{};  // names of the numbers' columns; empty without a header
  size_t width = 0;                    // numbers in a row; all rows have as many
  std::vector<float> values{};         // [rows x width]; absent ones are NaN
  std::vector<std::string> texts{};    // of each row: the first text at its front, or all at its
                                       // end with commas between
  [[nodiscard]] size_t rows() const { return width == 0 ? 0 : values.size() / width; }
  [[nodiscard]] float At(size_t row, size_t column) const { return values[row * width + column]; }
  /// kNotFound names the file's column that is missing.
  [[nodiscard]] Result<size_t> Column(const std::string& name) const;
};

/// Errors name file, line and column. kExhausted beyond `values_max`.
[[nodiscard]] Result<TextTable> ReadTable(const std::filesystem::path& path,
                                          const TextFormat& format);

/// folder/name or folder/name.gz. kNotFound names what is missing.
[[nodiscard]] Result<std::filesystem::path> FindFile(const std::filesystem::path& folder,
                                                     const std::string& name);

}  // namespace millwright::evaluation
