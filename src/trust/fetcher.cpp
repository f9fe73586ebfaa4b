#include "trust/fetcher.h"

#include <filesystem>

namespace millwright::trust {

Result<os::Bytes> FolderFetcher::Metadata(const std::string& name, size_t limit_bytes) {
  return files_.Read(root_ + "/metadata/" + name, limit_bytes);
}

Result<os::Bytes> FolderFetcher::Target(const std::string& path, size_t limit_bytes) {
  const std::filesystem::path relative(path);
  for (const auto& part : relative)
    if (part == ".." || relative.is_absolute())
      return Fail(Errc::kNotFound, "trust: \"" + path + "\" leaves the folder of targets");
  return files_.Read(root_ + "/targets/" + path, limit_bytes);
}

}  // namespace millwright::trust
