#include "hub/backup/tar.h"

#include <algorithm>
#include <cstring>

#include "os/files.h"

namespace millwright::hub {
namespace {

// Where the fields lie (POSIX.1-2017, pax, "ustar Interchange Format").
struct Field {
  size_t at, bytes;
};
constexpr Field kName{0, 100}, kMode{100, 8}, kUser{108, 8}, kGroup{116, 8}, kSize{124, 12},
    kTime{136, 12}, kSum{148, 8}, kType{156, 1}, kMagic{257, 8}, kPrefix{345, 155};
constexpr char kPlainFile = '0';
constexpr std::string_view kUstar{"ustar\00000", 8};
constexpr uint64_t kOctalMax = (uint64_t{1} << 33) - 1;  // eleven octal digits
constexpr auto kBase256 = std::byte{0x80};

void PutText(TarBlock& block, Field field, std::string_view text) {
  std::memcpy(block.data() + field.at, text.data(), text.size());
}

void PutOctal(TarBlock& block, Field field, uint64_t value) {
  for (size_t i = field.bytes - 1; i-- > 0; value >>= 3)
    block[field.at + i] = static_cast<std::byte>('0' + (value & 7));
}

void PutSize(TarBlock& block, uint64_t value) {
  if (value <= kOctalMax) return PutOctal(block, kSize, value);
  block[kSize.at] = kBase256;
  for (size_t i = kSize.bytes; i-- > 1; value >>= 8)
    block[kSize.at + i] = static_cast<std::byte>(value & 0xff);
}

// The sum of all bytes, its own field read as blanks.
uint64_t SumOf(std::span<const std::byte, kTarBlockBytes> block) {
  uint64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    const bool own = i >= kSum.at && i < kSum.at + kSum.bytes;
    sum += own ? uint64_t{' '} : std::to_integer<uint64_t>(block[i]);
  }
  return sum;
}

std::string_view TextOf(std::span<const std::byte> block, Field field) {
  const std::string_view all = os::AsText(block.subspan(field.at, field.bytes));
  return all.substr(0, all.find('\0'));
}

Result<uint64_t> OctalOf(std::span<const std::byte> block, Field field) {
  uint64_t value = 0;
  for (const char c : TextOf(block, field)) {
    if (c == ' ') continue;
    if (c < '0' || c > '7') return Fail(Errc::kInvalid, "backup: a header's number is none");
    value = value << 3 | static_cast<uint64_t>(c - '0');
  }
  return value;
}

Result<uint64_t> SizeOf(std::span<const std::byte> block) {
  if (block[kSize.at] != kBase256) return OctalOf(block, kSize);
  uint64_t value = 0;
  for (size_t i = 1; i < kSize.bytes; ++i) {
    if (value >> 55 != 0) return Fail(Errc::kInvalid, "backup: an entry is impossibly long");
    value = value << 8 | std::to_integer<uint64_t>(block[kSize.at + i]);
  }
  return value;
}

}  // namespace

Result<void> CheckEntryPath(std::string_view path) {
  const auto bad = [&](const char* why) {
    return Fail(Errc::kInvalid, "backup: path \"" + std::string(path.substr(0, 200)) + "\" " + why);
  };
  if (path.empty()) return bad("is empty");
  for (const char c : path)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f || c == '\\')
      return bad("has a character that no path here has");
  for (size_t at = 0; at <= path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, slash - at);
    if (segment.empty() || segment == "." || segment == "..") return bad("leads elsewhere");
    at = slash + 1;
  }
  return {};
}

Result<TarBlock> EncodeTarHeader(const TarEntry& entry) {
  MW_TRY(CheckEntryPath(entry.path));
  TarBlock block{};
  std::string_view name = entry.path;
  if (name.size() > kName.bytes) {
    const size_t slash = name.find('/', name.size() - kName.bytes - 1);
    if (slash == std::string_view::npos || slash > kPrefix.bytes)
      return Fail(Errc::kUnsupported, "backup: path " + entry.path + " is too long");
    PutText(block, kPrefix, name.substr(0, slash));
    name.remove_prefix(slash + 1);
  }
  PutText(block, kName, name);
  PutOctal(block, kMode, entry.mode & 0777);
  PutOctal(block, kUser, 0);
  PutOctal(block, kGroup, 0);
  PutSize(block, entry.bytes);
  PutOctal(block, kTime, static_cast<uint64_t>(std::max<int64_t>(0, entry.time_s)));
  block[kType.at] = static_cast<std::byte>(kPlainFile);
  PutText(block, kMagic, kUstar);
  PutOctal(block, {kSum.at, kSum.bytes - 1}, SumOf(block));
  block[kSum.at + 7] = static_cast<std::byte>(' ');
  return block;
}

Result<std::optional<TarEntry>> DecodeTarHeader(std::span<const std::byte, kTarBlockBytes> block) {
  if (std::all_of(block.begin(), block.end(), [](std::byte b) { return b == std::byte{0}; }))
    return std::optional<TarEntry>();
  MW_TRY(const uint64_t sum, OctalOf(block, kSum));
  if (sum != SumOf(block)) return Fail(Errc::kInvalid, "backup: a header's checksum is wrong");
  if (block[kType.at] != static_cast<std::byte>(kPlainFile))
    return Fail(Errc::kInvalid, "backup: an entry is no plain file");
  TarEntry entry;
  entry.path = TextOf(block, kPrefix);
  entry.path += entry.path.empty() ? "" : "/";
  entry.path += TextOf(block, kName);
  MW_TRY(CheckEntryPath(entry.path));
  MW_TRY(entry.bytes, SizeOf(block));
  MW_TRY(const uint64_t mode, OctalOf(block, kMode));
  entry.mode = static_cast<uint32_t>(mode & 0777);
  MW_TRY(const uint64_t time_s, OctalOf(block, kTime));
  entry.time_s = static_cast<int64_t>(time_s);
  return std::optional(std::move(entry));
}

}  // namespace millwright::hub
