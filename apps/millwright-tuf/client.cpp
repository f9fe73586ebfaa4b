#include "client.h"

#include "http_fetcher.h"
#include "trust/names.h"
#include "trust/updater.h"

namespace millwright::tuf {
namespace {

constexpr size_t kRootBytesMax = 512'000;

Result<void> FetchOne(os::Files& files, trust::Updater& updater, const std::string& name,
                      const std::string& folder) {
  MW_TRY(const trust::TargetFile target, updater.Find(name));
  const std::string path = folder + "/" + LocalName(name);
  const auto here = files.Read(path, static_cast<size_t>(target.facts.length.value_or(0)));
  if (here && trust::CheckFile(path, target.facts, *here)) return {};
  MW_TRY(const os::Bytes bytes, updater.Download(target));
  MW_TRY(files.MakeFolders(folder));
  return files.WriteDurably(path, bytes);
}

}  // namespace

std::string LocalName(const std::string& path) {
  std::string name = trust::QuoteName(path);
  // Names that mean something else to the file system, or to a write that is under way.
  if (name == "." || name == ".." || name.ends_with(".tmp"))
    name.replace(name.rfind('.'), 1, "%2E");
  return name;
}

Result<void> Init(os::Files& files, const ClientOptions& options) {
  MW_TRY(const os::Bytes root, files.Read(options.trusted_root, kRootBytesMax));
  trust::FolderStore store(files, options.metadata_dir);
  return trust::Updater::Trust(store, root);
}

Result<void> Refresh(os::Files& files, const os::Clock& clock, const ClientOptions& options) {
  trust::FolderStore store(files, options.metadata_dir);
  MW_TRY(const auto fetcher, HttpFetcher::Make(options.metadata_url, {}));
  MW_TRY(trust::Updater updater, trust::Updater::Open(*fetcher, store, clock));
  return updater.Refresh();
}

Result<void> Download(os::Files& files, const os::Clock& clock, const ClientOptions& options) {
  trust::FolderStore store(files, options.metadata_dir);
  MW_TRY(const auto fetcher, HttpFetcher::Make(options.metadata_url, options.target_base_url));
  MW_TRY(trust::Updater updater, trust::Updater::Open(*fetcher, store, clock));
  MW_TRY(updater.Refresh());
  for (const std::string& name : options.target_names)
    MW_TRY(FetchOne(files, updater, name, options.target_dir));
  return {};
}

}  // namespace millwright::tuf
