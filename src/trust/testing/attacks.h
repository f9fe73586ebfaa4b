// The attacks that TUF is there to stop, as one suite over any transport: TEST_P bodies are in
// attacks.cpp. A room with a transport of its own instantiates them:
//
//   INSTANTIATE_TEST_SUITE_P(Http, AttackTest, ::testing::Values(Transport{"http", MakeHttp}));
//
// and links mw_trust_attacks.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "os/clock.h"
#include "trust/testing/repository.h"
#include "trust/updater.h"

namespace millwright::trust::testing {

struct Transport {
  std::string name;
  /// A fetcher that brings what is on the shelf. The shelf outlives it.
  std::function<std::unique_ptr<Fetcher>(Shelf&)> connect;
};

[[nodiscard]] inline Transport Direct() {
  return {"direct", [](Shelf& shelf) { return std::make_unique<DirectFetcher>(shelf); }};
}

/// A sound repository, and a device that trusts its first root.
class AttackTest : public ::testing::TestWithParam<Transport> {
 protected:
  AttackTest();

  /// One update from scratch: a fresh Updater over what the device has stored.
  [[nodiscard]] Result<void> Refresh();
  [[nodiscard]] Result<os::Bytes> Fetch(const std::string& path);
  /// The version that the device has stored of a role; 0 where there is none.
  [[nodiscard]] int64_t Stored(const std::string& role);
  /// What a failed result says; "" for success.
  template <typename T>
  [[nodiscard]] static Error Why(const Result<T>& result) {
    return result ? Error{Errc::kInternal, ""} : result.error();
  }

  Repository repo;
  os::FakeFiles files;
  os::FakeClock clock{Repository::kNow * kSecond};
  FolderStore store{files, "device/metadata"};
  UpdateLimits limits;
};

}  // namespace millwright::trust::testing
