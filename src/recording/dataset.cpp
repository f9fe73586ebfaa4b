// Finds the recordings of a data set and the groups they belong to.
#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "config/config.h"
#include "os/files.h"
#include "recording/layouts.h"

namespace millwright::recording {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDatasetName = "dataset.toml";

struct Found {
  std::vector<fs::path> folders;  // that hold a recording.toml
  std::vector<fs::path> csv_files;
};

// Walks `folder`; a recording's own folder is not searched for others.
void Search(const fs::path& folder, Found& found) {
  std::error_code error;
  if (fs::exists(folder / kTomlName, error)) {
    found.folders.push_back(folder);
    return;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with('.')) continue;
    if (entry.is_directory(error)) Search(entry.path(), found);
    if (entry.is_regular_file(error)) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(".csv") || name.ends_with(".csv.gz"))
        found.csv_files.push_back(entry.path());
    }
  }
}

std::string IdOf(const fs::path& root, const fs::path& path) {
  std::string id =
      path == root ? root.filename().string() : path.lexically_relative(root).generic_string();
  if (id.empty() || id == ".")
    id = fs::absolute(root).lexically_normal().parent_path().filename().string();
  for (const std::string_view ending : {".gz", ".csv"})
    if (id.ends_with(ending)) id.resize(id.size() - ending.size());
  return id;
}

Result<std::vector<RecordingInfo>> ReadFolders(const fs::path& root,
                                               const std::vector<fs::path>& folders) {
  std::vector<RecordingInfo> all;
  for (const fs::path& folder : folders) {
    MW_TRY(all.emplace_back(), ReadTomlLayout(folder.string()));
    all.back().id = IdOf(root, folder);
  }
  return all;
}

Result<std::vector<RecordingInfo>> ReadCsvFiles(const fs::path& root,
                                                const std::vector<fs::path>& paths) {
  std::vector<RecordingInfo> all;
  for (const fs::path& path : paths) {
    if (!IsDatetimeCsv(path.string())) continue;
    const std::string id = IdOf(root, path);
    MW_TRY(all.emplace_back(), ReadDatetimeCsv(path.string(), id));
    all.back().id = id;
  }
  return all;
}

void AssignGroup(config::Table& groups, const std::string& group, std::vector<RecordingInfo>& all) {
  for (const std::string& pattern : groups.Strings(group)) {
    bool any = false;
    for (RecordingInfo& info : all) {
      if (fnmatch(pattern.c_str(), info.id.c_str(), 0) != 0) continue;
      any = true;
      if (!info.group.empty() && info.group != group)
        groups.Fault(group, "\"" + info.id + "\" is in \"" + info.group + "\" too");
      info.group = group;
    }
    if (!any) groups.Fault(group, "\"" + pattern + "\" matches no recording");
  }
}

Result<void> ReadGroups(const fs::path& root, std::vector<RecordingInfo>& all) {
  const std::string path = (root / kDatasetName).string();
  os::RealFiles files;
  if (!files.Exists(path)) return {};
  MW_TRY(const os::Bytes bytes, files.Read(path, size_t{16} << 20));
  MW_TRY(config::File file, config::File::Parse(os::AsText(bytes), path));
  config::Table groups = file.root().OptionalSection("groups");
  for (const std::string& group : groups.Keys()) AssignGroup(groups, group, all);
  return file.Finish();
}

}  // namespace

Result<std::vector<RecordingInfo>> OpenDataset(const std::string& path) {
  std::error_code error;
  const fs::path root(path);
  if (!fs::exists(root, error))
    return Fail(Errc::kNotFound, path + ": there is no such file or folder");
  Found found;
  if (fs::is_directory(root, error)) {
    Search(root, found);
  } else {
    found.csv_files.push_back(root);
  }
  MW_TRY(std::vector<RecordingInfo> all, found.folders.empty() ? ReadCsvFiles(root, found.csv_files)
                                                               : ReadFolders(root, found.folders));
  if (all.empty())
    return Fail(Errc::kNotFound,
                path +
                    ": holds no recording (a folder with recording.toml, or a CSV file whose first "
                    "column is \"datetime\")");
  std::ranges::sort(all, {}, &RecordingInfo::id);
  if (fs::is_directory(root, error)) MW_TRY(ReadGroups(root, all));
  return all;
}

}  // namespace millwright::recording
