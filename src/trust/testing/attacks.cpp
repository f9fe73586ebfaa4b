#include "trust/testing/attacks.h"

#include <gmock/gmock.h>

namespace millwright::trust::testing {

using ::testing::Each;
using ::testing::HasSubstr;

AttackTest::AttackTest() {
  const auto trusted = Updater::Trust(store, repo.on_shelf("metadata/1.root.json"));
  EXPECT_TRUE(trusted.has_value()) << Why(trusted).what;
}

Result<void> AttackTest::Refresh() {
  const auto fetcher = GetParam().connect(repo.shelf);
  MW_TRY(Updater updater, Updater::Open(*fetcher, store, clock, limits));
  return updater.Refresh();
}

Result<os::Bytes> AttackTest::Fetch(const std::string& path) {
  const auto fetcher = GetParam().connect(repo.shelf);
  MW_TRY(Updater updater, Updater::Open(*fetcher, store, clock, limits));
  MW_TRY(const TargetFile target, updater.Find(path));
  return updater.Download(target);
}

int64_t AttackTest::Stored(const std::string& role) {
  const auto bytes = store.Load(role);
  if (!bytes) return 0;
  const auto draft = Draft::Read(*bytes, role);
  return draft ? draft->version() : -1;
}

// -- the way it goes without anybody's ill will -----------------------------------------------

TEST_P(AttackTest, SoundMetadataAndTargetsArrive) {
  repo.AddTarget("models/pump/1.tar", "weights");
  repo.PublishTargets();
  const auto bytes = Fetch("models/pump/1.tar");
  ASSERT_TRUE(bytes.has_value()) << Why(bytes).what;
  EXPECT_EQ(os::AsText(*bytes), "weights");
  EXPECT_EQ(Stored("targets"), 2);
}

TEST_P(AttackTest, AsksForNoMoreThanItNeeds) {
  ASSERT_TRUE(Refresh().has_value());
  EXPECT_EQ(repo.shelf.asked,
            (std::vector<std::string>{"metadata/2.root.json", "metadata/timestamp.json",
                                      "metadata/1.snapshot.json", "metadata/1.targets.json"}));
  repo.shelf.asked.clear();
  ASSERT_TRUE(Refresh().has_value());
  EXPECT_EQ(repo.shelf.asked,
            (std::vector<std::string>{"metadata/2.root.json", "metadata/timestamp.json"}));
}

// -- arbitrary software: wrong keys ------------------------------------------------------------

TEST_P(AttackTest, MetadataSignedByStrangersIsRefused) {
  struct Case {
    const char* role;
    std::vector<std::pair<const char*, int64_t>> stored;
  };
  const Case cases[] = {{"timestamp", {{"timestamp", 0}}},
                        {"snapshot", {{"timestamp", 2}, {"snapshot", 0}}},
                        {"targets", {{"snapshot", 2}, {"targets", 0}}}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.role);
    Repository own;
    repo = own;
    ASSERT_TRUE(files.Remove("device/metadata/timestamp.json").has_value());
    ASSERT_TRUE(files.Remove("device/metadata/snapshot.json").has_value());
    repo.signers[c.role] = {77};
    repo.PublishTargets();
    const auto error = Why(Refresh());
    EXPECT_EQ(error.code, Errc::kInvalid);
    EXPECT_EQ(error.what, "trust: " + std::string(c.role) + ": signed by 0 of its keys, needs 1");
    for (const auto& [role, version] : c.stored) EXPECT_EQ(Stored(role), version) << role;
  }
}

TEST_P(AttackTest, AChangedByteIsRefused) {
  repo.AddTarget("models/pump/1.tar", "weights");
  repo.PublishTargets();
  const os::Bytes sound = repo.on_shelf("metadata/2.targets.json");
  std::string text(os::AsText(sound));
  text.replace(text.find("\"length\": 7"), 11, "\"length\": 8");
  const auto changed = os::AsBytes(text);
  repo.on_shelf("metadata/2.targets.json") = os::Bytes(changed.begin(), changed.end());
  EXPECT_THAT(Why(Refresh()).what, HasSubstr("targets: signed by 0 of its keys"));
}

TEST_P(AttackTest, AFirstRootThatIsNotSignedByItselfIsRefused) {
  Draft root = repo.draft("root");
  root.DropSignatures();
  ASSERT_TRUE(root.Sign(TestKey(77)).has_value());
  os::FakeFiles blank;
  FolderStore fresh(blank, "device/metadata");
  const auto refused = Updater::Trust(fresh, root.Bytes());
  EXPECT_EQ(Why(refused).what, "trust: root: signed by 0 of its keys, needs 1");
  EXPECT_FALSE(blank.Exists("device/metadata/root.json"));
  // Nor is one believed that was changed where it is stored.
  ASSERT_TRUE(store.Save("root", root.Bytes()).has_value());
  EXPECT_EQ(Why(Refresh()).what, "trust: root: signed by 0 of its keys, needs 1");
  EXPECT_TRUE(repo.shelf.asked.empty());
}

TEST_P(AttackTest, ARootNeedsTheKeysOfTheRootBefore) {
  repo.SetKeys("root", {50});
  repo.Publish("root");
  EXPECT_EQ(Why(Refresh()).what, "trust: root: signed by 0 of its keys, needs 1");
  EXPECT_EQ(Stored("root"), 1);
}

TEST_P(AttackTest, ARootNeedsItsOwnKeysToo) {
  repo.SetKeys("root", {50});
  repo.signers["root"] = {0};
  repo.Publish("root");
  EXPECT_EQ(Why(Refresh()).what, "trust: root: signed by 0 of its keys, needs 1");
}

TEST_P(AttackTest, RootKeysRotateAlongTheChain) {
  for (int key = 50; key < 60; ++key) {
    const std::vector<int> before = repo.signers["root"];
    repo.SetKeys("root", {key});
    repo.signers["root"].push_back(before.front());
    repo.Publish("root");
    repo.signers["root"] = {key};
  }
  ASSERT_TRUE(Refresh().has_value());
  EXPECT_EQ(Stored("root"), 11);
}

TEST_P(AttackTest, OneKeyUnderTwoIdsIsOneSigner) {
  Json& body = repo.draft("root").body();
  Json& role = body["roles"]["timestamp"];
  const std::string id = *(*role.Find("keyids")->AsList())[0].AsText();
  const Json key = *body["keys"].Find(id);
  body["keys"]["alias"] = key;
  role["keyids"].AsList()->emplace_back("alias");
  role["threshold"] = 2;
  repo.Publish("root");
  repo.Publish("timestamp");
  auto text = std::string(os::AsText(repo.on_shelf("metadata/timestamp.json")));
  auto json = ReadJson(text).value();
  Json copy = json["signatures"].AsList()->front();
  copy["keyid"] = "alias";
  json["signatures"].AsList()->push_back(copy);
  text = Pretty(json);
  repo.on_shelf("metadata/timestamp.json")
      .assign(os::AsBytes(text).begin(), os::AsBytes(text).end());
  EXPECT_EQ(Why(Refresh()).what, "trust: timestamp: signed by 1 of its keys, needs 2");
}

TEST_P(AttackTest, AThresholdIsCountedInSignatures) {
  repo.SetKeys("targets", {60, 61, 62}, 2);
  repo.signers["targets"] = {62};
  repo.Publish("root");
  repo.PublishTargets();
  EXPECT_EQ(Why(Refresh()).what, "trust: targets: signed by 1 of its keys, needs 2");
  repo.signers["targets"] = {60, 62};
  repo.PublishTargets();
  EXPECT_TRUE(Refresh().has_value());
}

TEST_P(AttackTest, ATypeIsNotTakenForAnother) {
  // Signed by the right key, but a snapshot that looks like a timestamp.
  repo.SetKeys("snapshot", {1});
  repo.Publish("root");
  Json& meta = repo.draft("snapshot").body()["meta"];
  meta = Json::EmptyObject();
  meta["snapshot.json"]["version"] = 9;
  repo.Publish("snapshot");
  repo.on_shelf("metadata/timestamp.json") = repo.on_shelf("metadata/2.snapshot.json");
  EXPECT_EQ(Why(Refresh()).what, "trust: timestamp: signed._type: not \"timestamp\"");
}

// -- rollback ------------------------------------------------------------------------------------

TEST_P(AttackTest, AnOlderTimestampIsRefused) {
  const os::Bytes first = repo.on_shelf("metadata/timestamp.json");
  repo.PublishTargets();
  ASSERT_TRUE(Refresh().has_value());
  repo.on_shelf("metadata/timestamp.json") = first;
  const auto error = Why(Refresh());
  EXPECT_EQ(error.code, Errc::kConflict);
  EXPECT_EQ(error.what, "trust: timestamp: version 1 was offered after 2");
  EXPECT_EQ(Stored("timestamp"), 2);
}

TEST_P(AttackTest, AnOlderSnapshotIsRefused) {
  repo.PublishTargets();
  ASSERT_TRUE(Refresh().has_value());
  SetMeta(repo.draft("timestamp"), "snapshot.json", 1, {}, WithDigest::kNo);
  repo.Publish("timestamp");
  const auto error = Why(Refresh());
  EXPECT_EQ(error.code, Errc::kConflict);
  EXPECT_EQ(error.what, "trust: snapshot: version 1 was offered after 2");
  EXPECT_EQ(Stored("timestamp"), 2);
}

TEST_P(AttackTest, OlderTargetsAreRefused) {
  for (const auto digest : {WithDigest::kNo, WithDigest::kYes}) {
    repo.with_digest = digest;
    repo.PublishTargets();
    ASSERT_TRUE(Refresh().has_value());
    SetMeta(repo.draft("snapshot"), "targets.json", 1, {}, WithDigest::kNo);
    repo.Publish("snapshot");
    repo.Publish("timestamp");
    EXPECT_EQ(Why(Refresh()).code, Errc::kConflict);
    repo.PublishTargets();
    ASSERT_TRUE(Refresh().has_value());
  }
}

TEST_P(AttackTest, ARoleThatVanishesFromTheSnapshotIsNoticed) {
  repo.Delegate("targets", "site", 70);
  repo.PublishAsIs("site");
  repo.PublishTargets();
  ASSERT_TRUE(Refresh().has_value());
  repo.draft("snapshot").body()["meta"].Remove("site.json");
  repo.PublishTargets();
  EXPECT_EQ(Why(Refresh()).what, "trust: snapshot: site.json is gone from it");
}

TEST_P(AttackTest, ARootThatSkipsAVersionIsRefused) {
  repo.draft("root").SetVersion(3);
  repo.PublishAsIs("root");
  repo.shelf.files["metadata/2.root.json"] = repo.on_shelf("metadata/3.root.json");
  EXPECT_EQ(Why(Refresh()).code, Errc::kConflict);
  EXPECT_EQ(Stored("root"), 1);
}

// -- fast forward: versions driven sky-high come down by new keys ------------------------------

TEST_P(AttackTest, NewKeysRecoverFromAFastForward) {
  repo.draft("timestamp").SetVersion(99'999);
  repo.PublishAsIs("timestamp");
  ASSERT_TRUE(Refresh().has_value());
  EXPECT_EQ(Stored("timestamp"), 99'999);
  repo.SetKeys("timestamp", {80});
  repo.Publish("root");
  repo.draft("timestamp").SetVersion(1);
  repo.Publish("timestamp");
  ASSERT_TRUE(Refresh().has_value());
  EXPECT_EQ(Stored("timestamp"), 2);
}

// -- freeze ------------------------------------------------------------------------------------

TEST_P(AttackTest, ExpiredMetadataIsRefused) {
  for (const char* role : {"root", "timestamp", "snapshot", "targets"}) {
    SCOPED_TRACE(role);
    Repository own;
    repo = own;
    for (const char* stored : {"timestamp", "snapshot", "targets", "root"})
      ASSERT_TRUE(files.Remove("device/metadata/" + std::string(stored) + ".json").has_value());
    ASSERT_TRUE(Updater::Trust(store, repo.on_shelf("metadata/1.root.json")).has_value());
    repo.draft(role).SetExpires(Repository::kNow);  // the very second counts as expired
    repo.Publish("root");
    repo.PublishTargets();
    const auto error = Why(Refresh());
    EXPECT_EQ(error.code, Errc::kUnavailable);
    EXPECT_THAT(error.what, HasSubstr("trust: " + std::string(role) + ": version 2 expired at"));
  }
}

TEST_P(AttackTest, ARepositoryThatStandsStillIsNoticed) {
  ASSERT_TRUE(Refresh().has_value());
  clock.Advance(31 * Repository::kDay * kSecond);
  EXPECT_EQ(Why(Refresh()).code, Errc::kUnavailable);
}

TEST_P(AttackTest, ExpiryIsJudgedAtOneTime) {
  const auto fetcher = GetParam().connect(repo.shelf);
  auto updater = Updater::Open(*fetcher, store, clock, limits).value();
  clock.Advance(31 * Repository::kDay * kSecond);  // the link was that slow
  EXPECT_TRUE(updater.Refresh().has_value());
}

TEST_P(AttackTest, WhatExpiredStillGuardsAgainstOlder) {
  const os::Bytes first = repo.on_shelf("metadata/timestamp.json");
  repo.draft("timestamp").SetExpires(Repository::kNow + Repository::kDay);
  repo.Publish("timestamp");
  ASSERT_TRUE(Refresh().has_value());
  clock.Advance(2 * Repository::kDay * kSecond);
  repo.on_shelf("metadata/timestamp.json") = first;
  EXPECT_EQ(Why(Refresh()).code, Errc::kConflict);
}

TEST_P(AttackTest, AClockThatLiesInThePastBelievesASignedTime) {
  // Kept back by somebody in between: a timestamp of now with targets that expired yesterday. The
  // device woke up in 1970.
  repo.draft("targets").SetExpires(Repository::kNow - Repository::kDay);
  repo.Publish("targets");
  repo.Publish("snapshot");
  SetIssued(repo.draft("timestamp"), Repository::kNow);
  repo.Publish("timestamp");
  clock.StepUtc(-Repository::kNow * kSecond);
  const auto error = Why(Refresh());
  EXPECT_EQ(error.code, Errc::kUnavailable);
  EXPECT_THAT(error.what, HasSubstr("targets: version 2 expired"));
}

// -- mix and match -------------------------------------------------------------------------------

TEST_P(AttackTest, ASnapshotOfAnotherVersionIsRefused) {
  repo.Publish("snapshot");
  SetMeta(repo.draft("timestamp"), "snapshot.json", 1, {}, WithDigest::kNo);
  repo.Publish("timestamp");
  repo.on_shelf("metadata/1.snapshot.json") = repo.on_shelf("metadata/2.snapshot.json");
  EXPECT_EQ(Why(Refresh()).what, "trust: snapshot: version 2 where timestamp says 1");
  EXPECT_EQ(Stored("snapshot"), 0);
}

TEST_P(AttackTest, TargetsOfAnotherVersionAreRefused) {
  repo.PublishTargets();
  repo.on_shelf("metadata/2.targets.json") = repo.on_shelf("metadata/1.targets.json");
  EXPECT_EQ(Why(Refresh()).what, "trust: targets: version 1 where the snapshot says 2");
  EXPECT_EQ(Stored("targets"), 0);
}

TEST_P(AttackTest, MetadataOfAnotherDigestIsRefused) {
  for (const char* role : {"snapshot", "targets"}) {
    SCOPED_TRACE(role);
    Repository own;
    repo = own;
    repo.with_digest = WithDigest::kYes;
    repo.PublishTargets();
    os::Bytes& bytes = repo.on_shelf("metadata/2." + std::string(role) + ".json");
    bytes.back() = std::byte{' '};  // the line break at the end: signatures do not cover it
    EXPECT_EQ(Why(Refresh()).what,
              "trust: " + std::string(role) + ": its sha256 is not the one that was signed for");
    EXPECT_EQ(Stored(role), 0);
    for (const char* stored : {"timestamp", "snapshot"})
      ASSERT_TRUE(files.Remove("device/metadata/" + std::string(stored) + ".json").has_value());
  }
}

TEST_P(AttackTest, OtherBytesInPlaceOfATargetAreRefused) {
  repo.AddTarget("models/pump/1.tar", "weights");
  repo.PublishTargets();
  for (auto& [path, bytes] : repo.shelf.files)
    if (path.starts_with("targets/")) bytes.back() ^= std::byte{1};
  EXPECT_EQ(Why(Fetch("models/pump/1.tar")).what,
            "trust: models/pump/1.tar: its sha256 is not the one that was signed for");
}

// -- endless data
// ----------------------------------------------------------------------------------

TEST_P(AttackTest, EndlessMetadataIsCutOff) {
  const std::pair<const char*, size_t> cases[] = {
      {"metadata/2.root.json", limits.root_bytes},
      {"metadata/timestamp.json", limits.timestamp_bytes},
      {"metadata/2.snapshot.json", limits.snapshot_bytes},
      {"metadata/2.targets.json", limits.targets_bytes}};
  for (const auto& [path, limit] : cases) {
    SCOPED_TRACE(path);
    Repository own;
    repo = own;
    repo.Publish("root");
    repo.PublishTargets();
    repo.on_shelf(path).resize(limit + 1, std::byte{' '});  // well signed, just without an end
    EXPECT_EQ(Why(Refresh()).code, Errc::kExhausted);
    for (const char* role : {"timestamp", "snapshot", "targets", "root"})
      ASSERT_TRUE(files.Remove("device/metadata/" + std::string(role) + ".json").has_value());
    ASSERT_TRUE(Updater::Trust(store, repo.on_shelf("metadata/1.root.json")).has_value());
  }
}

TEST_P(AttackTest, ASignedLengthIsTheLimit) {
  repo.with_digest = WithDigest::kYes;
  repo.PublishTargets();
  repo.on_shelf("metadata/2.targets.json").push_back(std::byte{' '});
  EXPECT_EQ(Why(Refresh()).code, Errc::kExhausted);
}

TEST_P(AttackTest, AnEndlessTargetIsCutOff) {
  repo.AddTarget("models/pump/1.tar", "weights");
  repo.PublishTargets();
  for (auto& [path, bytes] : repo.shelf.files)
    if (path.starts_with("targets/")) bytes.resize(1 << 20);
  EXPECT_EQ(Why(Fetch("models/pump/1.tar")).code, Errc::kExhausted);
}

TEST_P(AttackTest, AnEndlessChainOfRootsIsCutOff) {
  limits.root_versions = 5;
  for (int i = 0; i < 8; ++i) repo.Publish("root");
  EXPECT_TRUE(Refresh().has_value());
  EXPECT_EQ(Stored("root"), 6);
  EXPECT_TRUE(Refresh().has_value());  // and goes on from there
  EXPECT_EQ(Stored("root"), 9);
}

TEST_P(AttackTest, EndlessDelegationsAreCutOff) {
  limits.roles_visited = 4;
  std::string from = "targets";
  for (int i = 0; i < 6; ++i) {
    const std::string to = "level" + std::to_string(i);
    repo.Delegate(from, to, 70);
    if (from != "targets") repo.PublishAsIs(from);
    from = to;
  }
  repo.PublishAsIs(from);
  repo.PublishTargets();
  EXPECT_EQ(Why(Fetch("x")).code, Errc::kExhausted);
}

// -- delegations
// -----------------------------------------------------------------------------------

TEST_P(AttackTest, ADelegationSpeaksOnlyOfItsPaths) {
  repo.Delegate("targets", "north", 70, {"north/*"});
  repo.AddTarget("north/1.tar", "n", {}, "north");
  repo.AddTarget("south/1.tar", "s", {}, "north");
  repo.PublishAsIs("north");
  repo.PublishTargets();
  EXPECT_TRUE(Fetch("north/1.tar").has_value());
  EXPECT_EQ(Why(Fetch("south/1.tar")).code, Errc::kNotFound);
}

TEST_P(AttackTest, ADelegationNeedsItsOwnKeys) {
  repo.Delegate("targets", "north", 70);
  repo.AddTarget("1.tar", "n", {}, "north");
  repo.signers["north"] = {3};  // the key of the delegator itself
  repo.PublishAsIs("north");
  repo.PublishTargets();
  EXPECT_EQ(Why(Fetch("1.tar")).what, "trust: north: signed by 0 of its keys, needs 1");
}

TEST_P(AttackTest, OneRoleOfTwoDelegatorsNeedsTheKeysOfEach) {
  repo.Delegate("targets", "a", 70);
  repo.Delegate("targets", "b", 71);
  repo.Delegate("b", "shared", 73);
  repo.Delegate("a", "shared", 72);  // comes first, and trusts another key
  repo.AddTarget("1.tar", "n", {}, "shared");
  repo.signers["shared"] = {73};
  for (const char* role : {"shared", "a", "b"}) repo.PublishAsIs(role);
  repo.PublishTargets();
  EXPECT_EQ(Why(Fetch("1.tar")).what, "trust: shared: signed by 0 of its keys, needs 1");
}

TEST_P(AttackTest, ANameOfARoleIsNoPath) {
  repo.Delegate("targets", "../../root", 70);
  repo.AddTarget("1.tar", "n", {}, "../../root");
  repo.PublishAsIs("../../root");
  repo.PublishTargets();
  ASSERT_TRUE(Fetch("1.tar").has_value());
  EXPECT_TRUE(files.Exists("device/metadata/..%2F..%2Froot.json"));
  EXPECT_EQ(Stored("root"), 1);
}

// -- power and damage --------------------------------------------------------------------------

TEST_P(AttackTest, DamagedStoredMetadataIsFetchedAnew) {
  ASSERT_TRUE(Refresh().has_value());
  for (const char* role : {"timestamp", "snapshot", "targets"}) {
    ASSERT_TRUE(store.Save(role, os::AsBytes("{\"signed\":")).has_value());
    EXPECT_TRUE(Refresh().has_value()) << role;
    EXPECT_EQ(Stored(role), 1);
  }
}

TEST_P(AttackTest, AFullDiskLeavesWhatWasTrusted) {
  ASSERT_TRUE(Refresh().has_value());
  repo.PublishTargets();
  files.FailNext(1, Errc::kExhausted);
  EXPECT_EQ(Why(Refresh()).code, Errc::kExhausted);
  EXPECT_EQ(Stored("timestamp"), 1);
  EXPECT_TRUE(Refresh().has_value());
  EXPECT_EQ(Stored("targets"), 2);
}

}  // namespace millwright::trust::testing
