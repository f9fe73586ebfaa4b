#include "trust/metadata.h"

#include <gtest/gtest.h>

#include "trust/draft.h"
#include "trust/testing/repository.h"

namespace millwright::trust {
namespace {

using testing::Repository;
using testing::TestKey;

os::Bytes BytesOf(const Json& json) {
  const std::string text = Canonical(json);
  const auto bytes = os::AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

// A sound document of the repository with one thing changed.
os::Bytes Changed(const std::string& path, const std::function<void(Json& body)>& change) {
  Repository repo;
  repo.AddTarget("models/pump/3.tar", "weights", Release{"models/pump", 3});
  repo.Delegate("targets", "north", 5, {"north/*"});
  SetIssued(repo.draft("timestamp"), Repository::kNow);
  SetFloor(repo.draft("targets"), "models/pump", 2);
  for (const char* role : {"targets", "snapshot", "timestamp"}) repo.PublishAsIs(role);
  Json json = ReadJson(os::AsText(repo.on_shelf(path))).value();
  change(json["signed"]);
  return BytesOf(json);
}

TEST(MetadataTest, ExpiryIsOneFormAndKnowsTheCalendar) {
  EXPECT_EQ(ParseExpiry("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(ParseExpiry("2000-02-29T12:34:56Z"), 951'827'696);
  EXPECT_EQ(FormatExpiry(951'827'696), "2000-02-29T12:34:56Z");
  EXPECT_EQ(FormatExpiry(*ParseExpiry("9999-12-31T23:59:59Z")), "9999-12-31T23:59:59Z");
  for (const char* wrong :
       {"", "2001-02-29T00:00:00Z", "2030-13-01T00:00:00Z", "2030-01-01T24:00:00Z",
        "2030-01-01T00:00:60Z", "2030-01-01 00:00:00Z", "2030-01-01T00:00:00+00:00",
        "2030-01-01T00:00:00", "2030-01-01T00:00:00.5Z", "+030-01-01T00:00:00Z"})
    EXPECT_EQ(ParseExpiry(wrong), std::nullopt) << wrong;
}

TEST(MetadataTest, ReadsWhatDraftWrote) {
  const auto bytes = Changed("metadata/1.targets.json", [](Json&) {});
  const auto read = ReadTargets(bytes, "targets");
  ASSERT_TRUE(read.has_value()) << read.error().what;
  const TargetFile& target = read->body.targets.at("models/pump/3.tar");
  EXPECT_EQ(target.facts.length, 7);
  EXPECT_EQ(target.release->line, "models/pump");
  EXPECT_EQ(target.release->number, 3);
  EXPECT_EQ(read->body.floors.at("models/pump"), 2);
  EXPECT_EQ(read->body.delegations.at(0).paths, std::vector<std::string>{"north/*"});
  EXPECT_EQ(read->signatures.size(), 1);
}

struct BrokenField {
  std::string path;
  std::function<void(Json& body)> change;
  std::string what;
};

class MetadataFaultTest : public ::testing::TestWithParam<BrokenField> {};

TEST_P(MetadataFaultTest, IsNamedByItsField) {
  const auto bytes = Changed(GetParam().path, GetParam().change);
  std::string what;
  const auto note = [&](const auto& read) { what = read ? "" : read.error().what; };
  if (GetParam().path == "metadata/1.root.json")
    note(ReadRoot(bytes));
  else if (GetParam().path == "metadata/timestamp.json")
    note(ReadTimestamp(bytes));
  else if (GetParam().path == "metadata/1.snapshot.json")
    note(ReadSnapshot(bytes));
  else
    note(ReadTargets(bytes, "targets"));
  EXPECT_EQ(what, GetParam().what);
}

const char kRoot[] = "metadata/1.root.json";
const char kTimestamp[] = "metadata/timestamp.json";
const char kSnapshot[] = "metadata/1.snapshot.json";
const char kTargets[] = "metadata/1.targets.json";

Json& Delegated(Json& body) { return body["delegations"]["roles"].AsList()->front(); }

INSTANTIATE_TEST_SUITE_P(
    Fields, MetadataFaultTest,
    ::testing::Values(
        BrokenField{kRoot, [](Json& b) { b["version"] = 0; },
                    "trust: root: signed.version: not a whole number from 1"},
        BrokenField{kRoot, [](Json& b) { b.Remove("expires"); },
                    "trust: root: signed.expires: is missing"},
        BrokenField{kRoot, [](Json& b) { b["spec_version"] = "2.0"; },
                    "trust: root: signed.spec_version: \"2.0\" is not 1.x"},
        BrokenField{kRoot, [](Json& b) { b["roles"].Remove("snapshot"); },
                    "trust: root: signed.roles.snapshot: is missing"},
        BrokenField{kRoot, [](Json& b) { b["roles"]["targets"]["threshold"] = 0; },
                    "trust: root: signed.roles.targets.threshold: not a whole number from 1"},
        BrokenField{kRoot,
                    [](Json& b) {
                      auto& ids = *b["roles"]["root"]["keyids"].AsList();
                      ids.push_back(ids.front());
                    },
                    "trust: root: signed.roles.root.keyids[1]: the same key id again"},
        BrokenField{kTimestamp, [](Json& b) { b["meta"].Remove("snapshot.json"); },
                    "trust: timestamp: signed.meta.snapshot.json.version: is missing"},
        BrokenField{
            kTimestamp, [](Json& b) { b["meta"]["snapshot.json"]["length"] = 0; },
            "trust: timestamp: signed.meta.snapshot.json.length: not a whole number from 1"},
        BrokenField{
            kTimestamp, [](Json& b) { b["millwright"]["issued"] = "today"; },
            "trust: timestamp: signed.millwright.issued: not a time like 2030-01-02T03:04:05Z"},
        BrokenField{kSnapshot, [](Json& b) { b["meta"] = Json::List{}; },
                    "trust: snapshot: signed.meta: not an object"},
        BrokenField{kSnapshot,
                    [](Json& b) { b["meta"]["targets.json"]["hashes"] = Json::EmptyObject(); },
                    "trust: snapshot: signed.meta.targets.json.hashes: names no digest"},
        BrokenField{
            kTargets, [](Json& b) { b["targets"]["models/pump/3.tar"]["length"] = -1; },
            "trust: targets: signed.targets.models/pump/3.tar.length: not a whole number from 0"},
        BrokenField{kTargets, [](Json& b) { b["targets"]["models/pump/3.tar"].Remove("hashes"); },
                    "trust: targets: signed.targets.models/pump/3.tar.hashes: is missing"},
        BrokenField{kTargets,
                    [](Json& b) {
                      b["targets"]["models/pump/3.tar"]["custom"]["millwright"]["line"] =
                          "models/fan";
                    },
                    "trust: targets: signed.targets.models/pump/3.tar.custom.millwright.line: "
                    "\"models/fan\" is not the head of the target's path"},
        BrokenField{
            kTargets, [](Json& b) { Delegated(b)["name"] = "root"; },
            "trust: targets: signed.delegations.roles[0].name: \"root\" cannot be delegated to"},
        BrokenField{kTargets, [](Json& b) { Delegated(b).Remove("paths"); },
                    "trust: targets: signed.delegations.roles[0]: needs either paths or "
                    "path_hash_prefixes"},
        BrokenField{kTargets,
                    [](Json& b) {
                      auto& roles = *b["delegations"]["roles"].AsList();
                      roles.push_back(roles.front());
                    },
                    "trust: targets: signed.delegations.roles[1]: a role of a name in use"},
        BrokenField{kTargets,
                    [](Json& b) { b["delegations"]["succinct_roles"] = Json::EmptyObject(); },
                    "trust: targets: signed.delegations: needs either roles or succinct_roles"}));

TEST(MetadataTest, ManyWrongSignaturesCostNoMoreThanALimit) {
  Repository repo;
  Json json = ReadJson(os::AsText(repo.on_shelf(kTimestamp))).value();
  Json signature = json["signatures"].AsList()->front();
  for (int i = 0; i < 300; ++i) {
    signature["keyid"] = std::to_string(i);
    json["signatures"].AsList()->push_back(signature);
  }
  EXPECT_EQ(ReadTimestamp(BytesOf(json)).error().what,
            "trust: timestamp: metadata.signatures[256]: too many signatures");
}

TEST(MetadataTest, KeyIdsAreThoseOfSecuresystemslib) {
  // Made by PyPI securesystemslib 1.6.0.
  const Key key{.type = "ed25519",
                .scheme = "ed25519",
                .public_value = "539814e74bcbffbcc2b6664e570884d29a596044eb3d986c5b764e8c79a61d34"};
  EXPECT_EQ(KeyId(key), "3f6bfb9d4f09a78c173c93a9796499e146e83968defa302e911ebf08ac16bafe");
}

TEST(MetadataTest, KeysOfUnknownKindsAreReadAndNeverCount) {
  const auto bytes = Changed(kRoot, [](Json& body) {
    body["keys"]["quantum"]["keytype"] = "lattice";
    body["keys"]["quantum"]["scheme"] = "lattice-9";
    body["keys"]["quantum"]["keyval"]["seed"] = 5;
  });
  const auto root = ReadRoot(bytes);
  ASSERT_TRUE(root.has_value()) << root.error().what;
  EXPECT_EQ(root->body.keys.at("quantum").Open().error().code, Errc::kUnsupported);
}

TEST(MetadataTest, BinsCoverEveryPathOnce) {
  Targets targets;
  targets.succinct = SuccinctRoles{.keys = {}, .bits = 5, .name_prefix = "bin"};
  for (int i = 0; i < 200; ++i) {
    const auto roles = RolesFor(targets, "models/" + std::to_string(i));
    ASSERT_EQ(roles.size(), 1);
    EXPECT_NE(targets.KeysOf(roles[0].role), nullptr) << roles[0].role;
  }
  EXPECT_EQ(targets.KeysOf("bin-20"), nullptr);
  EXPECT_EQ(targets.KeysOf("bin-1"), nullptr);
  EXPECT_EQ(targets.KeysOf("bin-0x"), nullptr);
}

}  // namespace
}  // namespace millwright::trust
