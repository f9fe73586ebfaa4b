// A folder of its own for a command's work, gone with the object.
#pragma once

#include <string>
#include <utility>

#include "core/result.h"

namespace millwright::cli {

class ScratchFolder {
 public:
  /// Under the system's folder for temporary files. kIo.
  [[nodiscard]] static Result<ScratchFolder> Make();
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ScratchFolder& operator=(ScratchFolder&&) = delete;
  ~ScratchFolder();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace millwright::cli
