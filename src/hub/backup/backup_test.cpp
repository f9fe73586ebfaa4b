#include "hub/backup/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "crypto/sha256.h"
#include "hub/backup/archive.h"
#include "os/files.h"
#include "store/database.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {
namespace {

namespace fs = std::filesystem;

constexpr Nanos kNow = 1'795'000'000 * kSecond;

class BackUpTest : public ::testing::Test {
 protected:
  BackUpTest() {
    for (const char* name : {"hub/identity", "hub/repository/metadata", "hub/repository/targets/p"})
      fs::create_directories(folder_.File(name));
    Write("hub/identity/ca.key", "the key", 0600);
    Write("hub/identity/ca.pem", "the certificate", 0644);
    Write("hub/repository/metadata/timestamp.json", "{}", 0644);
    Write("hub/repository/metadata/1.root.json", "{\"root\":1}", 0644);
    pack_ = "hub/repository/targets/p/" + crypto::Sha256Hex(std::string_view("pack")) + ".1.tar";
    Write(pack_, "pack", 0644);
    Write("hub/server.pem", "chain", 0644);
    Write("hub/hub.toml",
          "[store]\npath = \"hub.db\"\n[identity]\nfolder = \"identity\"\n[http]\ncert_file = "
          "\"server.pem\"\n[delivery]\nrepository = \"repository\"\n",
          0640);
    auto database = store::Database::Open(folder_.File("hub/hub.db"));
    EXPECT_TRUE(database && store::Migrate(**database));
    writer_ = std::move(*database);
    EXPECT_TRUE(writer_->Execute(
        "INSERT INTO enrol_tokens VALUES ('h1', 'gw-1', 0, 1, 'ana', 9, NULL, NULL);"
        "INSERT INTO enrol_tokens VALUES ('h2', 'gw-2', 0, 1, 'ana', 9, 5, 'aa');"
        "INSERT INTO sessions (hash, token_id, expires_ns) VALUES ('s', 't', 9)"));
  }
  void Write(const std::string& name, std::string_view text, mode_t mode) {
    std::ofstream(folder_.File(name), std::ios::binary) << text;
    EXPECT_EQ(::chmod(folder_.File(name).c_str(), mode), 0);
  }
  [[nodiscard]] std::string Text(const std::string& name) const {
    std::ifstream file(folder_.File(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] unsigned Mode(const std::string& name) const {
    struct stat facts {};
    return ::stat(folder_.File(name).c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0;
  }
  [[nodiscard]] Result<BackUpFigures> Save(const std::string& name = "a.tar.zst") {
    return BackUp({.archive = folder_.File(name),
                   .config = folder_.File("hub/hub.toml"),
                   .database = "",
                   .folder = folder_.File("hub"),
                   .version = "1.2.3",
                   .now = kNow});
  }
  [[nodiscard]] Result<RestoreFigures> Load(const std::string& name = "a.tar.zst",
                                            const std::string& into = "new") {
    return Restore(
        {.archive = folder_.File(name), .folder = folder_.File(into), .now = kNow + kSecond});
  }
  // Nothing but what a test made itself lies in the folder.
  [[nodiscard]] std::vector<std::string> Names() const {
    os::RealFiles files;
    return *files.List(folder_.File(""));
  }

  store::TestFolder folder_;
  std::string pack_;
  std::unique_ptr<store::Database> writer_;
};

TEST_F(BackUpTest, ComesBackAsItWas) {
  const auto saved = Save();
  ASSERT_TRUE(saved) << saved.error().what;
  EXPECT_EQ(saved->files, 8u);
  EXPECT_EQ(Mode("a.tar.zst"), 0600u);
  EXPECT_EQ(Names(), (std::vector<std::string>{"a.tar.zst", "hub"}));
  const auto back = Load();
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->manifest.head.hub_version, "1.2.3");
  EXPECT_EQ(back->manifest.head.made, kNow);
  EXPECT_EQ(back->bytes, saved->bytes);
  EXPECT_EQ(Text("new/identity/ca.key"), "the key");
  EXPECT_EQ(Mode("new/identity/ca.key"), 0600u);
  EXPECT_EQ(Mode("new/identity/ca.pem"), 0644u);
  EXPECT_EQ(Text("new" + pack_.substr(3)), "pack");
  EXPECT_EQ(Text("new/repository/least_version"), "1795000001\n") << "of its signed documents";
  EXPECT_EQ(Text("new/files/http-cert.pem"), "chain");
  EXPECT_EQ(Text("new/hub.toml.before"), Text("hub/hub.toml"));
  EXPECT_NE(Text("new/hub.toml").find(folder_.File("new") + "/identity"), std::string::npos);
  EXPECT_EQ(Names(), (std::vector<std::string>{"a.tar.zst", "hub", "new"}));
}

TEST_F(BackUpTest, UnusedTokensAndSessionsDoNotComeBack) {
  ASSERT_TRUE(Save());
  const auto back = Load();
  ASSERT_TRUE(back) << back.error().what;
  EXPECT_EQ(back->tokens_voided, 1);
  EXPECT_EQ(back->sessions_ended, 1);
  const auto database = store::Database::Open(folder_.File("new/hub.db"));
  int64_t used = 0, all = 0;
  EXPECT_TRUE((*database)->Each("SELECT COUNT(*), COUNT(used_ns) FROM enrol_tokens", {},
                                [&](const store::Row& row) {
                                  all = row.Int(0);
                                  used = row.Int(1);
                                }));
  EXPECT_EQ(all, 1);
  EXPECT_EQ(used, 1) << "a token that was used stays known, so that it is not used again";
}

// Each transaction adds two rows: a copy with an odd number of them would be a torn one.
TEST_F(BackUpTest, IsOneInstantWhileOthersWrite) {
  ASSERT_TRUE(writer_->Execute("CREATE TABLE pairs (n BIGINT, filling TEXT)"));
  std::atomic<int> written{0};
  std::jthread writing([&](const std::stop_token& stop) {
    const std::string filling(2000, 'x');
    while (!stop.stop_requested()) {
      auto transaction = writer_->Begin();
      for (int i = 0; i < 2; ++i)
        EXPECT_TRUE(writer_->Run("INSERT INTO pairs (n, filling) VALUES ($1, $2)",
                                 {written.load(), filling}));
      EXPECT_TRUE(transaction->Commit());
      ++written;
    }
  });
  while (written < 20) std::this_thread::yield();
  for (int round = 0; round < 5; ++round) {
    const int before = written;
    const std::string archive = "a" + std::to_string(round), into = "new" + archive;
    ASSERT_TRUE(Save(archive));
    const auto back = Load(archive, into);
    ASSERT_TRUE(back) << back.error().what;
    const auto database = store::Database::Open(folder_.File(into + "/hub.db"));
    int64_t rows = 0;
    EXPECT_TRUE((*database)->Each("SELECT COUNT(*) FROM pairs", {},
                                  [&](const store::Row& row) { rows = row.Int(0); }));
    EXPECT_EQ(rows % 2, 0);
    EXPECT_GE(rows, 2 * before);
  }
}

TEST_F(BackUpTest, NamesWhatIsMissingOrWrongAndLeavesNothing) {
  struct Case {
    const char* name;
    std::function<void()> harm;
    Errc want;
    const char* says;
  };
  const Case cases[] = {
      {"no certificate", [&] { fs::remove(folder_.File("hub/server.pem")); }, Errc::kNotFound,
       "http.cert_file"},
      {"no authority",
       [&] {
         Write("hub/server.pem", "chain", 0644);
         fs::rename(folder_.File("hub/identity"), folder_.File("hub/away"));
       },
       Errc::kNotFound, "identity.folder"},
      {"damaged pack",
       [&] {
         fs::rename(folder_.File("hub/away"), folder_.File("hub/identity"));
         Write(pack_, "park", 0644);
       },
       Errc::kInvalid, "damaged"},
      {"a pipe",
       [&] {
         Write(pack_, "pack", 0644);
         EXPECT_EQ(::mkfifo(folder_.File("hub/identity/pipe").c_str(), 0600), 0);
       },
       Errc::kUnsupported, "no plain file"},
  };
  for (const Case& one : cases) {
    one.harm();
    const auto saved = Save();
    ASSERT_FALSE(saved) << one.name;
    EXPECT_EQ(saved.error().code, one.want) << saved.error().what;
    EXPECT_NE(saved.error().what.find(one.says), std::string::npos) << saved.error().what;
    EXPECT_EQ(Names(), std::vector<std::string>{"hub"}) << one.name;
  }
}

TEST_F(BackUpTest, NeverReplacesAFile) {
  Write("a.tar.zst", "precious", 0644);
  EXPECT_EQ(Save().error().code, Errc::kConflict);
  EXPECT_EQ(Text("a.tar.zst"), "precious");
}

TEST_F(BackUpTest, WithoutAConfigurationTheDatabaseIsEnough) {
  BackUpRequest request{.archive = folder_.File("d"),
                        .config = "",
                        .database = folder_.File("hub/hub.db"),
                        .folder = ".",
                        .version = "1",
                        .now = kNow};
  ASSERT_TRUE(BackUp(request));
  ASSERT_TRUE(Load("d"));
  EXPECT_NE(Text("new/hub.toml").find(folder_.File("new") + "/hub.db"), std::string::npos);
  request.database = "";
  request.archive = folder_.File("e");
  EXPECT_EQ(BackUp(request).error().code, Errc::kInvalid);
  request.database = folder_.File("hub/server.pem");
  EXPECT_FALSE(BackUp(request)) << "no database";
}

TEST_F(BackUpTest, AFolderThatIsNotEmptyIsLeftAlone) {
  ASSERT_TRUE(Save());
  EXPECT_EQ(Load("a.tar.zst", "hub").error().code, Errc::kConflict);
  EXPECT_EQ(Load("a.tar.zst", "a.tar.zst").error().code, Errc::kConflict);
  fs::create_directory(folder_.File("empty"));
  EXPECT_TRUE(Load("a.tar.zst", "empty"));
}

// Cut at every kind of place: what is left is refused, and nothing is put in place.
TEST_F(BackUpTest, ATruncatedArchiveIsRefused) {
  ASSERT_TRUE(Save());
  const std::string whole = Text("a.tar.zst");
  for (size_t bytes = 0; bytes < whole.size(); bytes += bytes < 64 ? 7 : whole.size() / 23) {
    Write("cut", whole.substr(0, bytes), 0600);
    const auto back = Load("cut");
    ASSERT_FALSE(back) << bytes << " of " << whole.size();
    EXPECT_EQ(back.error().code, Errc::kInvalid) << back.error().what;
    ASSERT_EQ(Names(), (std::vector<std::string>{"a.tar.zst", "cut", "hub"})) << bytes;
  }
  Write("cut", whole.substr(0, whole.size() - 1), 0600);
  EXPECT_FALSE(Load("cut"));
  Write("cut", whole + "x", 0600);
  EXPECT_FALSE(Load("cut")) << "something follows";
}

TEST_F(BackUpTest, ADamagedArchiveIsRefused) {
  ASSERT_TRUE(Save());
  const std::string whole = Text("a.tar.zst");
  for (size_t at = 0; at < whole.size(); at += whole.size() / 40 + 1) {
    std::string harmed = whole;
    harmed[at] = static_cast<char>(harmed[at] ^ 0x10);
    Write("harmed", harmed, 0600);
    // A few bits of a frame's header change nothing that is read; then all hashes are right.
    if (const auto back = Load("harmed"); back) {
      EXPECT_EQ(Text("new/identity/ca.key"), "the key") << at;
      fs::remove_all(folder_.File("new"));
    }
    ASSERT_EQ(Names(), (std::vector<std::string>{"a.tar.zst", "harmed", "hub"})) << at;
  }
}

// Archives that somebody made by hand: right in all but one thing.
TEST_F(BackUpTest, AnArchiveThatLiesIsRefused) {
  ASSERT_TRUE(Save());
  struct Case {
    const char* name;
    std::function<void(Manifest&, std::string& head)> harm;
    const char* extra;  // an entry that is added
    Errc want;
    const char* says;
  };
  const Case cases[] = {
      {"as it is", [](Manifest&, std::string&) {}, nullptr, Errc::kInternal, ""},
      {"newer format",
       [](Manifest& m, std::string& head) {
         m.head.format = 2;
         head = EncodeHead(m.head);
       },
       nullptr, Errc::kUnsupported, "format 2"},
      {"newer schema", [](Manifest& m, std::string&) { m.schema += 1; }, nullptr, Errc::kInvalid,
       "manifest tells"},
      {"other hash", [](Manifest& m, std::string&) { m.files[2].sha256[0] ^= 1; }, nullptr,
       Errc::kInvalid, "hash"},
      {"entry too much", [](Manifest&, std::string&) {}, "identity/more.key", Errc::kInvalid,
       "manifest lacks"},
      {"entry too few",
       [](Manifest& m, std::string&) {
         m.files.push_back({.path = "absent", .bytes = 0, .sha256 = std::string(64, '0')});
       },
       nullptr, Errc::kInvalid, "lacks absent"},
      {"twice", [](Manifest& m, std::string&) { m.files.push_back(m.files.front()); }, nullptr,
       Errc::kInvalid, "twice"},
      {"place elsewhere", [](Manifest& m, std::string&) { m.places[0].to = "../../etc"; }, nullptr,
       Errc::kInvalid, "elsewhere"},
      {"same entry twice", [](Manifest&, std::string&) {}, "identity/ca.key", Errc::kConflict, ""},
      {"no head", [](Manifest&, std::string& head) { head = "{}"; }, nullptr, Errc::kInvalid,
       "none of millwright's"},
  };
  for (const Case& one : cases) {
    fs::remove(folder_.File("lies"));
    const auto in = ArchiveReader::Open(folder_.File("a.tar.zst"));
    auto out = ArchiveWriter::Create(folder_.File("lies"), kNow);
    ASSERT_TRUE(in && out);
    std::vector<std::pair<std::string, std::string>> entries;
    for (auto entry = *(*in)->Next(); entry; entry = *(*in)->Next())
      entries.emplace_back(entry->path, *(*in)->ReadText(*entry, size_t{64} << 20));
    auto manifest = DecodeManifest(entries.back().second);
    ASSERT_TRUE(manifest);
    one.harm(*manifest, entries.front().second);
    entries.back().second = EncodeManifest(*manifest);
    if (one.extra != nullptr) entries.insert(entries.end() - 1, {one.extra, "more"});
    for (const auto& [path, text] : entries) ASSERT_TRUE((*out)->AddText(path, text));
    ASSERT_TRUE((*out)->Finish());
    const auto back = Load("lies");
    if (one.want == Errc::kInternal) {
      ASSERT_TRUE(back) << back.error().what;
      fs::remove_all(folder_.File("new"));
      continue;
    }
    ASSERT_FALSE(back) << one.name;
    EXPECT_EQ(back.error().code, one.want) << one.name << ": " << back.error().what;
    EXPECT_NE(back.error().what.find(one.says), std::string::npos) << back.error().what;
    EXPECT_EQ(Names(), (std::vector<std::string>{"a.tar.zst", "hub", "lies"})) << one.name;
  }
}

// A database of a newer program is refused before anything is put in place.
TEST_F(BackUpTest, ANewerSchemaIsRefused) {
  ASSERT_TRUE(writer_->Execute(
      "INSERT INTO schema_migrations SELECT MAX(number) + 1, 'newer' FROM schema_migrations"));
  ASSERT_TRUE(Save());
  const auto back = Load();
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Errc::kUnsupported) << back.error().what;
  EXPECT_FALSE(fs::exists(folder_.File("new")));
}

}  // namespace
}  // namespace millwright::hub
