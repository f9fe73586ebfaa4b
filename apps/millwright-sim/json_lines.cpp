#include "json_lines.h"

#include <cerrno>
#include <cstring>
#include <tuple>

namespace millwright::sim {

Result<JsonLines> JsonLines::Open(const std::string& path) {
  JsonLines lines;
  if (path.empty()) return lines;
  lines.file_.reset(path == "-" ? stdout : std::fopen(path.c_str(), "we"));
  if (lines.file_ == nullptr) return Fail(Errc::kIo, path + ": " + std::strerror(errno));
  std::ignore = std::setvbuf(lines.file_.get(), nullptr, _IOLBF, size_t{1} << 16);
  return lines;
}

void JsonLines::Write(const std::string& line) {
  if (file_ == nullptr) return;
  std::fputs((line + "\n").c_str(), file_.get());
}

}  // namespace millwright::sim
