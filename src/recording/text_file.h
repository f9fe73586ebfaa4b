// Reads a file front to back, plain or gzip-compressed alike, without holding more than a buffer of
// it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::recording {

inline constexpr size_t kLineBytesMax = size_t{1} << 20;

class InputFile {
 public:
  /// kNotFound or kIo.
  [[nodiscard]] static Result<InputFile> Open(const std::string& path);
  InputFile(InputFile&&) noexcept;
  InputFile& operator=(InputFile&&) noexcept;
  ~InputFile();

  /// Fills `out` as far as the file goes; how many bytes. kInvalid for damaged or cut gzip data.
  [[nodiscard]] Result<size_t> Read(std::span<std::byte> out);
  /// The next line without its end ("\n" or "\r\n"); false at the file's end. kInvalid for a line
  /// beyond kLineBytesMax. `line` keeps its capacity.
  [[nodiscard]] Result<bool> ReadLine(std::string& line);
  /// Of the line read last, from 1.
  [[nodiscard]] size_t line_number() const { return line_number_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  struct Handle;
  InputFile(std::string path, std::unique_ptr<Handle> handle);
  [[nodiscard]] Result<void> Refill();

  std::string path_;
  std::unique_ptr<Handle> handle_;
  std::string buffer_;
  size_t buffer_at_ = 0;
  size_t line_number_ = 0;
};

/// Splits a CSV line. A field may stand in double quotes and then hold separators. Blanks round a
/// field are dropped.
void SplitCsv(std::string_view line, char separator, std::vector<std::string_view>& fields);

}  // namespace millwright::recording
