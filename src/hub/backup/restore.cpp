#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "crypto/random.h"
#include "crypto/sha256.h"
#include "hub/backup/archive.h"
#include "hub/backup/backup.h"
#include "hub/backup/layout.h"
#include "os/disk.h"
#include "os/files.h"
#include "store/database.h"
#include "store/migrations.h"
#include "trust/folder_repository.h"

namespace millwright::hub {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHeadBytesMax = size_t{64} << 10;
constexpr size_t kManifestBytesMax = size_t{128} << 20;

// Where everything is put until it is known to be right; removed unless it took its place.
class Staging {
 public:
  explicit Staging(std::string path) : path_(std::move(path)) {}
  ~Staging() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }
  void Keep() { path_.clear(); }

 private:
  std::string path_;
};

Result<void> MakeFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return Fail(errno == ENOSPC ? Errc::kExhausted : Errc::kIo, "restore: cannot make " + path);
}

Result<void> MakeFoldersOf(const std::string& root, const std::string& entry) {
  for (size_t slash = entry.find('/'); slash != std::string::npos;
       slash = entry.find('/', slash + 1))
    MW_TRY(MakeFolder(root + "/" + entry.substr(0, slash)));
  return {};
}

Result<BackedUpFile> Extract(ArchiveReader& in, const TarEntry& entry, const std::string& root) {
  MW_TRY(MakeFoldersOf(root, entry.path));
  // Nobody else writes what the hub reads, whatever an archive says.
  MW_TRY(const OpenFile file, OpenFile::Create(root + "/" + entry.path, entry.mode & 0755));
  crypto::Sha256 sha;
  std::vector<std::byte> piece(kPieceBytes);
  while (true) {
    MW_TRY(const size_t count, in.Read(piece));
    if (count == 0) break;
    const auto got = std::span<const std::byte>(piece).first(count);
    sha.Update(got);
    MW_TRY(file.WriteAll(got));
  }
  MW_TRY(file.Sync());
  return BackedUpFile{.path = entry.path, .bytes = entry.bytes, .sha256 = sha.TakeHex()};
}

// All entries into `root`; the manifest, which must be the last of them.
Result<Manifest> ExtractAll(ArchiveReader& in, const std::string& root,
                            std::map<std::string, BackedUpFile>& found) {
  MW_TRY(auto entry, in.Next());
  if (!entry || entry->path != kHeadName)
    return Fail(Errc::kInvalid, "restore: the archive is none of millwright's");
  MW_TRY(const std::string head, in.ReadText(*entry, kHeadBytesMax));
  MW_TRY(DecodeHead(head));
  while (true) {
    MW_TRY(entry, in.Next());
    if (!entry) return Fail(Errc::kInvalid, "restore: the archive has no manifest");
    if (entry->path == kManifestName) break;
    if (found.size() >= kBackupFilesMax)
      return Fail(Errc::kExhausted, "restore: the archive has too many entries");
    MW_TRY(BackedUpFile file, Extract(in, *entry, root));
    found.emplace(entry->path, std::move(file));
  }
  MW_TRY(const std::string text, in.ReadText(*entry, kManifestBytesMax));
  MW_TRY(const auto beyond, in.Next());
  if (beyond) return Fail(Errc::kInvalid, "restore: entries follow the manifest");
  return DecodeManifest(text);
}

Result<void> Compare(const Manifest& manifest, const std::map<std::string, BackedUpFile>& found) {
  for (const BackedUpFile& file : manifest.files) {
    const auto at = found.find(file.path);
    if (at == found.end()) return Fail(Errc::kInvalid, "restore: the archive lacks " + file.path);
    if (at->second.bytes != file.bytes || at->second.sha256 != file.sha256)
      return Fail(Errc::kInvalid, "restore: " + file.path + " is damaged: its hash is another");
  }
  if (found.size() != manifest.files.size())
    return Fail(Errc::kInvalid, "restore: the archive has entries that its manifest lacks");
  for (const std::string_view needed : {kDatabaseEntry, kConfigEntry})
    if (found.count(std::string(needed)) == 0)
      return Fail(Errc::kInvalid, "restore: the archive lacks " + std::string(needed));
  return {};
}

// What may have been used up or closed since the backup does not come back.
Result<void> EndWhatMayBeUsedUp(const std::string& path, RestoreFigures& figures) {
  constexpr int kIdentitySchema = 8;
  MW_TRY(const auto database, store::Database::Open(path));
  MW_TRY(const int schema, store::SchemaVersion(*database));
  const int known = store::EmbeddedMigrations().back().number;
  if (schema != figures.manifest.schema || schema < 1)
    return Fail(Errc::kInvalid, "restore: the database is not the one that the manifest tells of");
  if (schema > known)
    return Fail(Errc::kUnsupported, "restore: the database's schema " + std::to_string(schema) +
                                        " is newer than this program's " + std::to_string(known));
  if (schema < kIdentitySchema) return {};
  MW_TRY(auto transaction, database->Begin());
  MW_TRY(figures.tokens_voided,
         database->Run("DELETE FROM enrol_tokens WHERE used_ns IS NULL", {}));
  MW_TRY(figures.sessions_ended, database->Run("DELETE FROM sessions", {}));
  return transaction.Commit();
}

Result<void> WriteConfig(const std::string& root, const Manifest& manifest,
                         const std::string& folder) {
  os::RealFiles files;
  const std::string path = root + "/" + std::string(kConfigEntry);
  MW_TRY(const os::Bytes before, files.Read(path, size_t{1} << 20));
  MW_TRY(const std::string text, MoveLayout(os::AsText(before), manifest.places, folder));
  os::RealDisk disk;
  MW_TRY(disk.Rename(path, path + ".before"));
  MW_TRY(const OpenFile file, OpenFile::Create(path, 0600));
  MW_TRY(file.WriteAll(os::AsBytes(text)));
  return file.Sync();
}

// Gateways may have seen newer signed documents than these, and refuse what is older: seconds are
// more than any hub has counted.
Result<void> RaiseVersions(const std::string& root, const Manifest& manifest, Nanos now) {
  for (const Place& place : manifest.places) {
    if (place.key != "delivery.repository") continue;
    os::RealFiles files;
    const std::string path = root + "/" + place.to + "/" + std::string(trust::kLeastVersionFile);
    MW_TRY(files.WriteDurably(path, os::AsBytes(std::to_string(now / kSecond) + "\n")));
  }
  return {};
}

// Permissions as they were, then every folder's names on the disk, the innermost first.
Result<void> SyncFolders(const std::string& root, const Manifest& manifest) {
  for (const auto& [path, mode] : manifest.folders) {
    MW_TRY(MakeFoldersOf(root, path + "/"));
    if (::chmod((root + "/" + path).c_str(), (mode & 0755) | 0700) != 0)
      return Fail(Errc::kIo, "restore: cannot set permissions of " + path);
  }
  os::RealDisk disk;
  std::error_code error;
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end;
       at.increment(error))
    if (at->is_directory()) MW_TRY(disk.SyncFolder(at->path().string()));
  if (error) return Fail(Errc::kIo, "restore: cannot list " + root);
  return disk.SyncFolder(root);
}

Result<std::string> EmptyFolder(const std::string& folder) {
  std::error_code error;
  fs::path path = fs::absolute(folder, error).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  const auto status = fs::symlink_status(path, error);
  if (fs::exists(status) && (!fs::is_directory(status) || !fs::is_empty(path, error) || error))
    return Fail(Errc::kConflict, "restore: " + path.string() + " is not empty");
  return path.string();
}

}  // namespace

Result<RestoreFigures> Restore(const RestoreRequest& request) {
  MW_TRY(const auto in, ArchiveReader::Open(request.archive));
  MW_TRY(const std::string folder, EmptyFolder(request.folder));
  os::RealDisk disk;
  MW_TRY(os::MakeFoldersDurably(disk, os::FolderOf(folder)));
  Staging staging(folder + ".restoring-" + crypto::RandomHex(4));
  if (::mkdir(staging.path().c_str(), 0700) != 0)
    return Fail(Errc::kIo, "restore: cannot make " + staging.path());
  RestoreFigures figures;
  std::map<std::string, BackedUpFile> found;
  MW_TRY(figures.manifest, ExtractAll(*in, staging.path(), found));
  MW_TRY(Compare(figures.manifest, found));
  for (const auto& [path, file] : found) figures.bytes += file.bytes;
  const std::string database = staging.path() + "/" + std::string(kDatabaseEntry);
  MW_TRY(EndWhatMayBeUsedUp(database, figures));
  MW_TRY(disk.SyncFile(database));
  MW_TRY(WriteConfig(staging.path(), figures.manifest, folder));
  MW_TRY(RaiseVersions(staging.path(), figures.manifest, request.now));
  MW_TRY(SyncFolders(staging.path(), figures.manifest));
  // rename(2) replaces an empty folder and nothing else.
  if (::rename(staging.path().c_str(), folder.c_str()) != 0)
    return Fail(errno == ENOTEMPTY || errno == EEXIST ? Errc::kConflict : Errc::kIo,
                "restore: cannot put everything at " + folder);
  staging.Keep();
  MW_TRY(disk.SyncFolder(os::FolderOf(folder)));
  return figures;
}

}  // namespace millwright::hub
