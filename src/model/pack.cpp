#include "model/pack.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "model/any_bundle.h"
#include "model/config_bundle.h"
#include "model/manifest.h"

namespace millwright::model {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kEndBlocks = 2;  // of zeros, after the last file

// POSIX ustar, as far as plain files of a fixed owner need it.
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[8];
  char rest[247];
};
static_assert(sizeof(Header) == kBlock);

size_t Padded(size_t bytes) { return (bytes + kBlock - 1) / kBlock * kBlock; }

bool IsPlainName(std::string_view name) {
  if (name.empty() || name.size() >= sizeof Header::name || name.front() == '.') return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

void WriteOctal(char* field, size_t width, size_t value) {
  for (size_t i = width - 1; i-- > 0; value /= 8) field[i] = static_cast<char>('0' + value % 8);
}

Header MakeHeader(const std::string& name, size_t size) {
  Header h;
  std::memset(&h, 0, sizeof h);
  name.copy(h.name, sizeof h.name);
  WriteOctal(h.mode, sizeof h.mode, 0644);
  WriteOctal(h.uid, sizeof h.uid, 0);
  WriteOctal(h.gid, sizeof h.gid, 0);
  WriteOctal(h.size, sizeof h.size, size);
  WriteOctal(h.mtime, sizeof h.mtime, 0);
  h.type = '0';
  std::memcpy(h.magic, "ustar\00000", sizeof h.magic);
  std::memset(h.checksum, ' ', sizeof h.checksum);
  size_t sum = 0;
  unsigned char bytes[kBlock];
  std::memcpy(bytes, &h, kBlock);
  for (const unsigned char byte : bytes) sum += byte;
  WriteOctal(h.checksum, sizeof h.checksum - 1, sum);
  h.checksum[sizeof h.checksum - 2] = '\0';
  return h;
}

bool ReadOctal(const char* field, size_t width, size_t& value) {
  value = 0;
  for (size_t i = 0; i + 1 < width; ++i) {
    if (field[i] < '0' || field[i] > '7') return false;
    value = value * 8 + static_cast<size_t>(field[i] - '0');
  }
  return field[width - 1] == '\0';
}

tl::unexpected<Error> Wrong(size_t at, const std::string& what) {
  return Fail(Errc::kInvalid, "pack: byte " + std::to_string(at) + ": " + what);
}

bool AllZero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

Result<void> CheckNames(const std::vector<PackedFile>& files) {
  if (files.size() > kPackFilesMax)
    return Fail(Errc::kExhausted, "pack: more than " + std::to_string(kPackFilesMax) + " files");
  size_t total = 0;
  for (size_t i = 0; i < files.size(); ++i) {
    if (!IsPlainName(files[i].name))
      return Fail(Errc::kInvalid, "pack: \"" + files[i].name + "\" is not a plain file name");
    if (i > 0 && files[i].name == files[i - 1].name)
      return Fail(Errc::kInvalid, "pack: " + files[i].name + " comes twice");
    total += files[i].bytes.size();
  }
  if (total > kPackBytesMax)
    return Fail(Errc::kExhausted,
                "pack: more than " + std::to_string(kPackBytesMax >> 20) + " MiB");
  return {};
}

// Before all others, so that a reader knows first what it gets.
bool ComesBefore(const PackedFile& a, const PackedFile& b) {
  const bool a_first = a.name == kManifestFile;
  const bool b_first = b.name == kManifestFile;
  return a_first != b_first ? a_first : a.name < b.name;
}

// What belongs to the bundle in `folder`, which is checked in full.
Result<std::vector<std::string>> FilesOf(os::Files& files, const std::string& folder) {
  MW_TRY(const os::Bytes manifest,
         files.Read(folder + "/" + std::string(kManifestFile), size_t{4} << 20));
  MW_TRY(const BundleFacts facts, ReadFacts(manifest));
  std::vector<std::string> names{std::string(kManifestFile)};
  if (facts.kind == BundleKind::kConfig) {
    MW_TRY(LoadConfigBundle(files, folder));
    names.emplace_back(kConfigFile);
    return names;
  }
  MW_TRY(const Bundle bundle, LoadBundle(files, folder));
  const Manifest& m = bundle.manifest;
  names.insert(names.end(), {m.model.file, m.golden.file});
  for (const ListedFile& listed : m.files) names.push_back(listed.path);
  return names;
}

}  // namespace

Result<os::Bytes> WritePack(std::vector<PackedFile> files) {
  std::ranges::sort(files, ComesBefore);
  MW_TRY(CheckNames(files));
  os::Bytes out;
  for (const PackedFile& file : files) {
    const Header header = MakeHeader(file.name, file.bytes.size());
    const auto bytes = std::as_bytes(std::span(&header, 1));
    out.insert(out.end(), bytes.begin(), bytes.end());
    out.insert(out.end(), file.bytes.begin(), file.bytes.end());
    out.resize(Padded(out.size()));
  }
  out.resize(out.size() + kEndBlocks * kBlock);
  return out;
}

Result<std::vector<PackedFile>> ReadPack(std::span<const std::byte> pack) {
  std::vector<PackedFile> files;
  size_t at = 0;
  while (true) {
    if (pack.size() - at < kBlock) return Wrong(at, "the pack is cut off");
    Header h;
    std::memcpy(&h, pack.data() + at, kBlock);
    if (h.name[0] == '\0') break;
    size_t size = 0;
    if (h.name[sizeof h.name - 1] != '\0' || !ReadOctal(h.size, sizeof h.size, size))
      return Wrong(at, "no file header");
    const std::string name = h.name;
    const Header expected = MakeHeader(name, size);
    if (std::memcmp(&h, &expected, sizeof h) != 0)
      return Wrong(at, "a file header that this program does not write");
    if (size > pack.size() - at - kBlock) return Wrong(at, name + " is cut off");
    if (files.size() >= kPackFilesMax) return Wrong(at, "too many files");
    files.push_back({name, pack.subspan(at + kBlock, size)});
    const size_t end = at + kBlock + size;
    at += kBlock + Padded(size);
    if (at > pack.size() || !AllZero(pack.subspan(end, at - end)))
      return Wrong(end, "padding that is not empty");
  }
  if (pack.size() - at != kEndBlocks * kBlock || !AllZero(pack.subspan(at)))
    return Wrong(at, "something after the last file");
  MW_TRY(CheckNames(files));
  if (!std::ranges::is_sorted(files, ComesBefore)) return Wrong(0, "files out of order");
  return files;
}

Result<os::Bytes> PackBundle(os::Files& files, const std::string& folder) {
  MW_TRY(const std::vector<std::string> names, FilesOf(files, folder));
  std::vector<os::Bytes> contents;
  contents.reserve(names.size());
  std::vector<PackedFile> packed;
  for (const std::string& name : names) {
    MW_TRY(os::Bytes bytes, files.Read(folder + "/" + name, kPackBytesMax));
    contents.push_back(std::move(bytes));
    packed.push_back({name, contents.back()});
  }
  return WritePack(std::move(packed));
}

}  // namespace millwright::model
