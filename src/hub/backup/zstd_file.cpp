#include "hub/backup/zstd_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace millwright::hub {
namespace {

constexpr int kLevel = 3;  // 200 MB/s and more: the disk is slower
constexpr int kWindowLogMax = 27;

tl::unexpected<Error> SystemFault(const std::string& what) {
  const Errc code = errno == ENOENT                      ? Errc::kNotFound
                    : errno == EEXIST                    ? Errc::kConflict
                    : errno == ENOSPC || errno == EDQUOT ? Errc::kExhausted
                                                         : Errc::kIo;
  return Fail(code, "backup: " + what + ": " + std::strerror(errno));
}

}  // namespace

OpenFile::OpenFile(OpenFile&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
OpenFile& OpenFile::operator=(OpenFile&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}
OpenFile::~OpenFile() {
  if (handle_ >= 0) ::close(handle_);
}

Result<OpenFile> OpenFile::Read(const std::string& path) {
  OpenFile file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.handle_ < 0) return SystemFault("cannot read " + path);
  struct stat facts {};
  if (::fstat(file.handle_, &facts) != 0) return SystemFault("cannot read " + path);
  if (!S_ISREG(facts.st_mode))
    return Fail(Errc::kUnsupported, "backup: " + path + " is no plain file");
  return file;
}

Result<OpenFile> OpenFile::Create(const std::string& path, unsigned mode) {
  OpenFile file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.handle_ < 0) return SystemFault("cannot make " + path);
  // Exactly these permissions, whatever the umask: a broker must be able to read what it could.
  if (::fchmod(file.handle_, mode) != 0) return SystemFault("cannot make " + path);
  return file;
}

Result<size_t> OpenFile::ReadSome(std::span<std::byte> into) const {
  ssize_t count = -1;
  do count = ::read(handle_, into.data(), into.size());
  while (count < 0 && errno == EINTR);
  if (count < 0) return SystemFault("read");
  return static_cast<size_t>(count);
}

Result<void> OpenFile::WriteAll(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const ssize_t count = ::write(handle_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemFault("write");
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return {};
}

Result<void> OpenFile::Sync() const {
  if (::fsync(handle_) != 0) return SystemFault("sync");
  return {};
}

struct ZstdWriter::State {
  OpenFile file;
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::vector<std::byte> out = std::vector<std::byte>(ZSTD_CStreamOutSize());

  Result<void> Pump(std::span<const std::byte> bytes, ZSTD_EndDirective end) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    for (size_t left = 1; left != 0;) {
      ZSTD_outBuffer buffer{out.data(), out.size(), 0};
      left = ZSTD_compressStream2(context, &buffer, &in, end);
      if (ZSTD_isError(left) != 0)
        return Fail(Errc::kInternal, std::string("backup: zstd: ") + ZSTD_getErrorName(left));
      MW_TRY(file.WriteAll(std::span(out).first(buffer.pos)));
      if (end == ZSTD_e_continue && in.pos == in.size) break;
    }
    return {};
  }
};

ZstdWriter::ZstdWriter(OpenFile file) : state_(std::make_unique<State>()) {
  state_->file = std::move(file);
  ZSTD_CCtx_setParameter(state_->context, ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(state_->context, ZSTD_c_checksumFlag, 1);
}
ZstdWriter::~ZstdWriter() { ZSTD_freeCCtx(state_->context); }

Result<void> ZstdWriter::Write(std::span<const std::byte> bytes) {
  return state_->Pump(bytes, ZSTD_e_continue);
}

Result<void> ZstdWriter::Finish() {
  MW_TRY(state_->Pump({}, ZSTD_e_end));
  return state_->file.Sync();
}

struct ZstdReader::State {
  OpenFile file;
  ZSTD_DCtx* context = ZSTD_createDCtx();
  std::vector<std::byte> in = std::vector<std::byte>(ZSTD_DStreamInSize());
  ZSTD_inBuffer at{in.data(), 0, 0};
  bool in_frame = false;
};

ZstdReader::ZstdReader(OpenFile file) : state_(std::make_unique<State>()) {
  state_->file = std::move(file);
  ZSTD_DCtx_setParameter(state_->context, ZSTD_d_windowLogMax, kWindowLogMax);
}
ZstdReader::~ZstdReader() { ZSTD_freeDCtx(state_->context); }

Result<size_t> ZstdReader::Read(std::span<std::byte> into) {
  State& s = *state_;
  ZSTD_outBuffer out{into.data(), into.size(), 0};
  while (out.pos < out.size) {
    if (s.at.pos == s.at.size) {
      MW_TRY(s.at.size, s.file.ReadSome(s.in));
      s.at.pos = 0;
    }
    const size_t before = out.pos;
    const bool ended = s.at.size == 0;
    if (ended && !s.in_frame) break;
    const size_t left = ZSTD_decompressStream(s.context, &out, &s.at);
    if (ZSTD_isError(left) != 0)
      return Fail(Errc::kInvalid,
                  std::string("backup: the archive is damaged: ") + ZSTD_getErrorName(left));
    s.in_frame = left != 0;
    if (ended && s.in_frame && out.pos == before)
      return Fail(Errc::kInvalid, "backup: the archive ends in the middle");
  }
  return out.pos;
}

}  // namespace millwright::hub
