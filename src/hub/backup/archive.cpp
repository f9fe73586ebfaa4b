#include "hub/backup/archive.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "crypto/sha256.h"
#include "os/disk.h"
#include "os/files.h"

namespace millwright::hub {
namespace {

constexpr TarBlock kZeros{};

}  // namespace

Result<std::unique_ptr<ArchiveWriter>> ArchiveWriter::Create(const std::string& path, Nanos now) {
  os::RealDisk disk;
  if (disk.Exists(path)) return Fail(Errc::kConflict, "backup: " + path + " is there already");
  MW_TRY(OpenFile file, OpenFile::Create(path + ".partial", 0600));
  return std::unique_ptr<ArchiveWriter>(new ArchiveWriter(path, std::move(file), now));
}

ArchiveWriter::ArchiveWriter(std::string path, OpenFile file, Nanos now)
    : path_(std::move(path)), partial_(path_ + ".partial"), now_(now), out_(std::move(file)) {}

ArchiveWriter::~ArchiveWriter() {
  if (!finished_) ::unlink(partial_.c_str());
}

Result<void> ArchiveWriter::Begin(const TarEntry& entry) {
  MW_TRY(const TarBlock header, EncodeTarHeader(entry));
  return out_.Write(header);
}

Result<BackedUpFile> ArchiveWriter::AddFile(const std::string& entry, const std::string& path) {
  MW_TRY(const OpenFile file, OpenFile::Read(path));
  struct stat facts {};
  if (::fstat(file.handle(), &facts) != 0) return Fail(Errc::kIo, "backup: cannot read " + path);
  const auto bytes = static_cast<uint64_t>(facts.st_size);
  MW_TRY(Begin({.path = entry,
                .bytes = bytes,
                .mode = static_cast<uint32_t>(facts.st_mode & 0777),
                .time_s = facts.st_mtim.tv_sec}));
  crypto::Sha256 sha;
  std::vector<std::byte> piece(kPieceBytes);
  for (uint64_t left = bytes; left > 0;) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(left, piece.size()));
    MW_TRY(const size_t count, file.ReadSome(std::span(piece).first(wanted)));
    if (count == 0) return Fail(Errc::kConflict, "backup: " + path + " shrank while it was read");
    const auto got = std::span<const std::byte>(piece).first(count);
    sha.Update(got);
    MW_TRY(out_.Write(got));
    left -= count;
  }
  MW_TRY(out_.Write(std::span(kZeros).first(TarPadding(bytes))));
  return BackedUpFile{.path = entry, .bytes = bytes, .sha256 = sha.TakeHex()};
}

Result<BackedUpFile> ArchiveWriter::AddText(const std::string& entry, std::string_view text,
                                            uint32_t mode) {
  MW_TRY(Begin({.path = entry, .bytes = text.size(), .mode = mode, .time_s = now_ / kSecond}));
  MW_TRY(out_.Write(os::AsBytes(text)));
  MW_TRY(out_.Write(std::span(kZeros).first(TarPadding(text.size()))));
  return BackedUpFile{.path = entry, .bytes = text.size(), .sha256 = crypto::Sha256Hex(text)};
}

Result<uint64_t> ArchiveWriter::Finish() {
  MW_TRY(out_.Write(kZeros));
  MW_TRY(out_.Write(kZeros));
  MW_TRY(out_.Finish());
  // link, not rename: what somebody put there meanwhile is not replaced.
  if (::link(partial_.c_str(), path_.c_str()) != 0)
    return Fail(errno == EEXIST ? Errc::kConflict : Errc::kIo,
                "backup: cannot name " + path_ + ": " + std::strerror(errno));
  ::unlink(partial_.c_str());
  finished_ = true;
  os::RealDisk disk;
  MW_TRY(disk.SyncFolder(os::FolderOf(path_)));
  struct stat facts {};
  if (::stat(path_.c_str(), &facts) != 0) return Fail(Errc::kIo, "backup: cannot read " + path_);
  return static_cast<uint64_t>(facts.st_size);
}

Result<std::unique_ptr<ArchiveReader>> ArchiveReader::Open(const std::string& path) {
  MW_TRY(OpenFile file, OpenFile::Read(path));
  return std::unique_ptr<ArchiveReader>(new ArchiveReader(std::move(file)));
}

Result<void> ArchiveReader::ReadAll(std::span<std::byte> into) {
  MW_TRY(const size_t count, in_.Read(into));
  if (count < into.size()) return Fail(Errc::kInvalid, "backup: the archive ends in the middle");
  return {};
}

Result<void> ArchiveReader::Skip(uint64_t bytes) {
  std::vector<std::byte> piece(kPieceBytes);
  for (; bytes > 0;) {
    const auto count = static_cast<size_t>(std::min<uint64_t>(bytes, piece.size()));
    MW_TRY(ReadAll(std::span(piece).first(count)));
    bytes -= count;
  }
  return {};
}

Result<std::optional<TarEntry>> ArchiveReader::Next() {
  MW_TRY(Skip(left_ + padding_));
  left_ = padding_ = 0;
  TarBlock block{};
  MW_TRY(ReadAll(block));
  MW_TRY(auto entry, DecodeTarHeader(block));
  if (entry) {
    left_ = entry->bytes;
    padding_ = TarPadding(left_);
    return entry;
  }
  MW_TRY(ReadAll(block));
  MW_TRY(const auto more, DecodeTarHeader(block));
  std::byte beyond{};
  MW_TRY(const size_t rest, in_.Read({&beyond, 1}));
  if (more || rest > 0) return Fail(Errc::kInvalid, "backup: something follows the archive's end");
  return entry;
}

Result<size_t> ArchiveReader::Read(std::span<std::byte> into) {
  const auto count = static_cast<size_t>(std::min<uint64_t>(left_, into.size()));
  MW_TRY(ReadAll(into.first(count)));
  left_ -= count;
  return count;
}

Result<std::string> ArchiveReader::ReadText(const TarEntry& entry, size_t limit_bytes) {
  if (entry.bytes > limit_bytes)
    return Fail(Errc::kExhausted, "backup: " + entry.path + " is too long");
  std::string text(static_cast<size_t>(entry.bytes), '\0');
  MW_TRY(const size_t count, Read(std::as_writable_bytes(std::span(text))));
  MW_CHECK(count == text.size());
  return text;
}

}  // namespace millwright::hub
