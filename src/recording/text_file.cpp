#include "recording/text_file.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace millwright::recording {
namespace {

constexpr size_t kBufferBytes = size_t{1} << 16;

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

struct InputFile::Handle {
  gzFile file;
  ~Handle() { gzclose_r(file); }
};

InputFile::InputFile(std::string path, std::unique_ptr<Handle> handle)
    : path_(std::move(path)), handle_(std::move(handle)) {}
InputFile::InputFile(InputFile&&) noexcept = default;
InputFile& InputFile::operator=(InputFile&&) noexcept = default;
InputFile::~InputFile() = default;

Result<InputFile> InputFile::Open(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0)
    return Fail(errno == ENOENT ? Errc::kNotFound : Errc::kIo, path + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) return Fail(Errc::kInvalid, path + ": not a file");
  gzFile file = gzopen(path.c_str(), "rbe");
  if (file == nullptr) return Fail(Errc::kIo, path + ": " + std::strerror(errno));
  std::ignore = gzbuffer(file, kBufferBytes);
  return InputFile(path, std::unique_ptr<Handle>(new Handle{file}));
}

Result<size_t> InputFile::Read(std::span<std::byte> out) {
  size_t done = 0;
  while (done < out.size()) {
    const size_t want = std::min<size_t>(out.size() - done, 1U << 30);
    const int got = gzread(handle_->file, out.data() + done, static_cast<unsigned>(want));
    int code = Z_OK;
    const char* what = gzerror(handle_->file, &code);
    // A cut .gz reads as Z_BUF_ERROR at its end.
    if (got < 0 || code == Z_BUF_ERROR)
      return Fail(code == Z_ERRNO ? Errc::kIo : Errc::kInvalid, path_ + ": " + what);
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

Result<void> InputFile::Refill() {
  buffer_.resize(kBufferBytes);
  MW_TRY(const size_t got, Read(std::as_writable_bytes(std::span(buffer_))));
  buffer_.resize(got);
  buffer_at_ = 0;
  return {};
}

Result<bool> InputFile::ReadLine(std::string& line) {
  line.clear();
  bool any = false;
  while (true) {
    if (buffer_at_ == buffer_.size()) {
      MW_TRY(Refill());
      if (buffer_.empty()) break;
    }
    any = true;
    const size_t end = std::min(buffer_.find('\n', buffer_at_), buffer_.size());
    line.append(buffer_, buffer_at_, end - buffer_at_);
    if (line.size() > kLineBytesMax)
      return Fail(Errc::kInvalid, path_ + ":" + std::to_string(line_number_ + 1) +
                                      ": the line is longer than " + std::to_string(kLineBytesMax) +
                                      " bytes");
    buffer_at_ = end == buffer_.size() ? end : end + 1;
    if (end < buffer_.size()) break;
  }
  if (!any) return false;
  ++line_number_;
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

void SplitCsv(std::string_view line, char separator, std::vector<std::string_view>& fields) {
  fields.clear();
  size_t at = 0;
  while (true) {
    const size_t first = line.find_first_not_of(' ', at);
    const bool quoted = first != std::string_view::npos && line[first] == '"';
    const size_t close = quoted ? line.find('"', first + 1) : std::string_view::npos;
    const size_t from = close == std::string_view::npos ? at : close;
    const size_t end = std::min(line.find(separator, from), line.size());
    if (close != std::string_view::npos) {
      fields.push_back(line.substr(first + 1, close - first - 1));
    } else {
      fields.push_back(Trimmed(line.substr(at, end - at)));
    }
    if (end == line.size()) return;
    at = end + 1;
  }
}

}  // namespace millwright::recording
