#include "hub/backup/backup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "crypto/sha256.h"
#include "hub/backup/archive.h"
#include "hub/backup/layout.h"
#include "os/files.h"
#include "store/database.h"
#include "store/migrations.h"

namespace millwright::hub {
namespace {

namespace fs = std::filesystem;

constexpr size_t kConfigBytesMax = size_t{1} << 20;

// A copy that is gone with the object.
struct TemporaryFile {
  std::string path;
  ~TemporaryFile() { ::unlink(path.c_str()); }
};

// "<64 hex digits>.12.tar" -> the digits; "" where the name has none.
std::string_view HashInName(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::string_view head = name.substr(0, name.find('.'));
  return head.size() < name.size() && crypto::IsSha256Hex(head) ? head : std::string_view();
}

uint32_t ModeOf(const std::string& path, uint32_t otherwise) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? static_cast<uint32_t>(facts.st_mode & 0777)
                                           : otherwise;
}

class Packer {
 public:
  Packer(ArchiveWriter& out, Manifest& manifest) : out_(out), manifest_(manifest) {}

  [[nodiscard]] Result<void> AddFile(const std::string& entry, const std::string& path) {
    if (manifest_.files.size() >= kBackupFilesMax)
      return Fail(Errc::kExhausted,
                  "backup: more than " + std::to_string(kBackupFilesMax) + " files");
    MW_TRY(BackedUpFile file, out_.AddFile(entry, path));
    return Keep(std::move(file), path);
  }
  [[nodiscard]] Result<void> AddText(const std::string& entry, std::string_view text,
                                     uint32_t mode) {
    MW_TRY(BackedUpFile file, out_.AddText(entry, text, mode));
    return Keep(std::move(file), entry);
  }

  // Names in order. What the hub replaces meanwhile it replaces by renaming, so each file is whole.
  [[nodiscard]] Result<void> AddFolder(const std::string& entry, const std::string& path,
                                       const std::string& except) {
    manifest_.folders[entry] = ModeOf(path, 0700);
    std::error_code error;
    std::vector<fs::path> inside;
    for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
      inside.push_back(at->path());
    if (error)
      return Fail(error == std::errc::no_such_file_or_directory ? Errc::kNotFound : Errc::kIo,
                  "backup: cannot list " + path + ": " + error.message());
    std::sort(inside.begin(), inside.end(), TimestampFirst);
    for (const fs::path& one : inside) {
      if (!except.empty() && one.string().starts_with(except)) continue;
      const std::string name = entry + "/" + one.filename().string();
      const bool folder = fs::is_directory(one, error);
      MW_TRY(folder ? AddFolder(name, one.string(), except) : AddFile(name, one.string()));
    }
    return {};
  }

 private:
  // A timestamp names a snapshot, that names the rest, and each is published after what it names:
  // whoever copies the timestamp first has all that it leads to.
  static bool TimestampFirst(const fs::path& a, const fs::path& b) {
    const bool first = a.filename() == "timestamp.json", second = b.filename() == "timestamp.json";
    return first != second ? first : a < b;
  }

  [[nodiscard]] Result<void> Keep(BackedUpFile file, const std::string& path) {
    const std::string_view named = HashInName(file.path);
    if (!named.empty() && named != file.sha256)
      return Fail(Errc::kInvalid, "backup: " + path + " is damaged: its bytes are not its name's");
    manifest_.files.push_back(std::move(file));
    return {};
  }

  ArchiveWriter& out_;
  Manifest& manifest_;
};

Result<void> CopyDatabase(const std::string& from, const TemporaryFile& copy, int& schema) {
  os::RealFiles files;
  if (!files.Exists(from)) return Fail(Errc::kNotFound, "backup: no database at " + from);
  MW_TRY(const auto database, store::Database::Open(from, {.read_only = true}));
  MW_TRY(database->BackUpTo(copy.path));
  MW_TRY(const auto copied, store::Database::Open(copy.path, {.read_only = true}));
  MW_TRY(schema, store::SchemaVersion(*copied));
  if (schema == 0) return Fail(Errc::kInvalid, "backup: " + from + " is no hub's database");
  return {};
}

Result<std::string> ReadConfig(const BackUpRequest& request) {
  if (request.config.empty()) {
    if (!request.database.empty()) return std::string();
    return Fail(Errc::kInvalid, "backup: name the hub's configuration or its database");
  }
  os::RealFiles files;
  MW_TRY(const os::Bytes bytes, files.Read(request.config, kConfigBytesMax));
  return std::string(os::AsText(bytes));
}

}  // namespace

Result<BackUpFigures> BackUp(const BackUpRequest& request) {
  MW_TRY(const std::string config, ReadConfig(request));
  std::error_code error;
  const std::string folder = fs::absolute(request.folder, error).lexically_normal().string();
  MW_TRY(const auto belongings, ReadLayout(config, request.config, folder, request.database));
  Manifest manifest;
  manifest.head = {.format = kBackupFormat, .hub_version = request.version, .made = request.now};
  MW_TRY(const auto out, ArchiveWriter::Create(request.archive, request.now));
  Packer packer(*out, manifest);
  MW_TRY(out->AddText(std::string(kHeadName), EncodeHead(manifest.head)));
  const TemporaryFile copy{request.archive + ".database"};
  std::string database;
  for (const Belonging& one : belongings) {
    if (one.kind != PlaceKind::kDatabase) continue;
    database = one.place.from;
    MW_TRY(CopyDatabase(database, copy, manifest.schema));
  }
  // The copy is older than every file from here on: what it names is there.
  MW_TRY(packer.AddFile(std::string(kDatabaseEntry), copy.path));
  MW_TRY(packer.AddText(std::string(kConfigEntry), config,
                        request.config.empty() ? 0600 : ModeOf(request.config, 0600)));
  for (const Belonging& one : belongings) {
    manifest.places.push_back(one.place);
    if (one.inside || one.kind == PlaceKind::kDatabase) continue;
    const auto added = one.kind == PlaceKind::kFolder
                           ? packer.AddFolder(one.place.to, one.place.from, database)
                           : packer.AddFile(one.place.to, one.place.from);
    if (!added) return Fail(added.error().code, added.error().what + " (" + one.place.key + ")");
  }
  MW_TRY(out->AddText(std::string(kManifestName), EncodeManifest(manifest)));
  BackUpFigures figures{.files = manifest.files.size(),
                        .bytes = 0,
                        .archive_bytes = 0,
                        .schema = manifest.schema,
                        .made = request.now};
  for (const BackedUpFile& file : manifest.files) figures.bytes += file.bytes;
  MW_TRY(figures.archive_bytes, out->Finish());
  return figures;
}

}  // namespace millwright::hub
