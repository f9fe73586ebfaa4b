// For tests: a release in a repository, a gateway in the database.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "model/pack.h"
#include "model/testing/test_bundle.h"
#include "os/files.h"
#include "store/database.h"
#include "trust/draft.h"
#include "trust/folder_repository.h"

namespace millwright::hub {

/// Unsigned: the hub passes on what others sign. Replaces what was offered before.
inline void AddTestRelease(os::Files& files, const std::string& repository,
                           const std::string& target, int64_t number,
                           const std::string& version = {}) {
  os::FakeFiles bundle;
  model::Manifest manifest = model::MakeTestManifest();
  if (!version.empty()) manifest.version = version;
  ASSERT_TRUE(model::WriteTestBundle(bundle, "/b", manifest));
  const os::Bytes pack = *model::PackBundle(bundle, "/b");
  trust::Draft targets = trust::Draft::Make("targets", 4'000'000'000);
  trust::SetTarget(targets, target, pack,
                   trust::Release{.line = target.substr(0, target.rfind('/')), .number = number});
  ASSERT_TRUE(files.WriteDurably(repository + "/metadata/1.targets.json", targets.Bytes()));
  ASSERT_TRUE(files.WriteDurably(repository + "/metadata/1.root.json", os::AsBytes("{}")));
  trust::FolderRepository folder(files, repository, 0, {});
  ASSERT_TRUE(folder.PutTarget(target, pack));
}

inline void AddTestDevice(store::Database& database, const std::string& device,
                          const std::string& site, Nanos last_seen = 0) {
  const auto added = database.Run(
      "INSERT INTO devices (device, site, online, online_since_ns, last_seen_ns, version, "
      "model_name, model_hash, health_ns, health) VALUES ($1, $2, 1, 0, $3, '', '', '', 0, $4)",
      {device, site, last_seen, store::Blob()});
  ASSERT_TRUE(added) << added.error().what;
}

}  // namespace millwright::hub
