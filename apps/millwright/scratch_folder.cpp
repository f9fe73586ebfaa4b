#include "scratch_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace millwright::cli {

Result<ScratchFolder> ScratchFolder::Make() {
  std::error_code error;
  const auto root = std::filesystem::temp_directory_path(error);
  if (error) return Fail(Errc::kIo, "folder for temporary files: " + error.message());
  std::string pattern = (root / "millwright-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    return Fail(Errc::kIo, pattern + ": " + std::strerror(errno));
  return ScratchFolder(pattern);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace millwright::cli
