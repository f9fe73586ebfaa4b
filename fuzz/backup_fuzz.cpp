// A backup of anybody's making. The first byte chooses: headers of a tar archive (their checksums
// put right, so that mutations reach what lies behind), a manifest, or a whole archive that is
// restored. Whatever it is, it is an error that says something, or it keeps what the headers say;
// and nothing is ever written beside the folder that was named.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>

#include "hub/backup/archive.h"
#include "hub/backup/backup.h"
#include "os/files.h"

namespace {

using namespace millwright;
using namespace millwright::hub;
namespace fs = std::filesystem;

void Require(bool promise) {
  if (!promise) std::abort();
}

// One folder a process, in memory where the system has such a place.
const fs::path& Folder() {
  static const fs::path folder = [] {
    const fs::path base = fs::exists("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
    fs::path path = base / ("mw-backup-fuzz-" + std::to_string(getpid()));
    fs::create_directories(path);
    std::atexit([] { fs::remove_all(Folder()); });
    return path;
  }();
  return folder;
}

void PutChecksumRight(TarBlock& block) {
  constexpr size_t kAt = 148, kBytes = 8;
  for (size_t i = 0; i < kBytes; ++i) block[kAt + i] = std::byte{' '};
  unsigned sum = 0;
  for (const std::byte one : block) sum += std::to_integer<unsigned>(one);
  for (size_t i = kBytes - 1; i-- > 0; sum >>= 3)
    block[kAt + i] = static_cast<std::byte>('0' + (sum & 7));
}

void TryHeaders(std::span<const std::byte> bytes) {
  for (; bytes.size() >= kTarBlockBytes; bytes = bytes.subspan(kTarBlockBytes)) {
    TarBlock block;
    std::copy_n(bytes.begin(), kTarBlockBytes, block.begin());
    PutChecksumRight(block);
    const auto entry = DecodeTarHeader(block);
    Require(entry || !entry.error().what.empty());
    if (!entry || !*entry) continue;
    Require(CheckEntryPath((*entry)->path).has_value());
    const auto again = EncodeTarHeader(**entry);
    if (!again) continue;  // a name that is split elsewhere than ours would be
    const auto same = DecodeTarHeader(*again);
    Require(same && *same && (*same)->path == (*entry)->path && (*same)->bytes == (*entry)->bytes);
  }
}

void TryManifest(std::string_view text) {
  const auto head = DecodeHead(text);
  Require(head || !head.error().what.empty());
  const auto manifest = DecodeManifest(text);
  if (!manifest) return Require(!manifest.error().what.empty());
  std::set<std::string> paths;
  for (const BackedUpFile& file : manifest->files) {
    Require(CheckEntryPath(file.path).has_value());
    Require(paths.insert(file.path).second);
  }
  for (const Place& place : manifest->places) Require(CheckEntryPath(place.to).has_value());
  const auto again = DecodeManifest(EncodeManifest(*manifest));
  Require(again && again->files.size() == manifest->files.size());
}

void TryRestore(std::span<const std::byte> tar) {
  const std::string archive = Folder() / "archive";
  fs::remove(archive);
  auto file = OpenFile::Create(archive, 0600);
  Require(file.has_value());
  ZstdWriter out(std::move(*file));
  Require(out.Write(tar).has_value() && out.Finish().has_value());
  const auto back = Restore({.archive = archive, .folder = Folder() / "into"});
  Require(back || !back.error().what.empty());
  Require(fs::exists(Folder() / "into") == back.has_value());
  fs::remove_all(Folder() / "into");
  for (const auto& one : fs::directory_iterator(Folder()))
    Require(one.path().filename() == "archive");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  if (data[0] % 3 == 0) TryHeaders(bytes);
  if (data[0] % 3 == 1) TryManifest(os::AsText(bytes));
  if (data[0] % 3 == 2) TryRestore(bytes);
  return 0;
}
