#include "hub/backup/layout.h"

#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace millwright::hub {
namespace {

constexpr std::string_view kToml = R"(# ours
[broker]
port = 1893
ca_file = "identity/ca.pem"
cert_file = "/etc/ssl/hub.pem"
[store]
path = "data/hub.db"
readers = 4
[identity]
folder = "identity/"
[delivery]
repository = "/srv/releases"
online_keys = "/srv/releases/keys"
[access]
required = true
first_token_file = "/run/token"
)";

const Belonging* Find(const std::vector<Belonging>& all, std::string_view key) {
  for (const Belonging& one : all)
    if (one.place.key == key) return &one;
  return nullptr;
}

TEST(LayoutTest, FindsWhatBelongsToAHub) {
  const auto all = ReadLayout(kToml, "hub.toml", "/var/hub", "");
  ASSERT_TRUE(all) << all.error().what;
  struct Case {
    const char *key, *from, *to;
    bool inside;
  };
  const Case cases[] = {
      {"store.path", "/var/hub/data/hub.db", "hub.db", false},
      {"identity.folder", "/var/hub/identity", "identity", false},
      {"delivery.repository", "/srv/releases", "repository", false},
      {"delivery.online_keys", "/srv/releases/keys", "repository/keys", true},
      {"broker.ca_file", "/var/hub/identity/ca.pem", "identity/ca.pem", true},
      {"broker.cert_file", "/etc/ssl/hub.pem", "files/broker-cert.pem", false},
  };
  EXPECT_EQ(all->size(), std::size(cases));
  for (const Case& want : cases) {
    const Belonging* one = Find(*all, want.key);
    ASSERT_NE(one, nullptr) << want.key;
    EXPECT_EQ(one->place.from, want.from);
    EXPECT_EQ(one->place.to, want.to);
    EXPECT_EQ(one->inside, want.inside) << want.key;
  }
}

TEST(LayoutTest, TheDatabaseIsThereWithoutAWordAndByOption) {
  const auto silent = ReadLayout("", "hub.toml", "/var/hub", "");
  ASSERT_TRUE(silent);
  ASSERT_EQ(silent->size(), 1u);
  EXPECT_EQ(silent->front().place.from, "/var/hub/hub.db");
  const auto told = ReadLayout(kToml, "hub.toml", "/var/hub", "/other.db");
  EXPECT_EQ(Find(*told, "store.path")->place.from, "/other.db");
}

TEST(LayoutTest, MovesEveryPathAndNothingElse) {
  const auto all = ReadLayout(kToml, "hub.toml", "/var/hub", "");
  std::vector<Place> places;
  for (const Belonging& one : *all) places.push_back(one.place);
  const auto moved = MoveLayout(kToml, places, "/new");
  ASSERT_TRUE(moved) << moved.error().what;
  const auto again = ReadLayout(*moved, "hub.toml", "/elsewhere", "");
  ASSERT_TRUE(again) << again.error().what << *moved;
  for (const Belonging& one : *again) {
    EXPECT_EQ(one.place.from, "/new/" + Find(*all, one.place.key)->place.to);
    EXPECT_EQ(one.place.to, Find(*all, one.place.key)->place.to) << "a second backup is alike";
  }
  EXPECT_NE(moved->find("port = 1893"), std::string::npos);
  EXPECT_NE(moved->find("/new/first-admin-token"), std::string::npos);
  EXPECT_EQ(moved->find("/run/token"), std::string::npos);
}

TEST(LayoutTest, AHubWithoutAFileGetsOneThatNamesItsDatabase) {
  const auto moved = MoveLayout("", {{.key = "store.path", .from = "/a", .to = "hub.db"}}, "/new");
  ASSERT_TRUE(moved);
  EXPECT_EQ(ReadLayout(*moved, "hub.toml", "/", "")->front().place.from, "/new/hub.db");
}

TEST(LayoutTest, SaysWhatIsWrong) {
  EXPECT_NE(ReadLayout("[store\n", "hub.toml", "/", "").error().what.find("hub.toml:1"),
            std::string::npos);
  EXPECT_EQ(ReadLayout("[store]\npath = 3\n", "hub.toml", "/", "").error().code, Errc::kInvalid);
  EXPECT_EQ(
      MoveLayout("store = 3", {{.key = "store.path", .from = "", .to = "a"}}, "/n").error().code,
      Errc::kInvalid);
}

constexpr std::string_view kNotify = R"(
[notify.smtp]
password_file = "/etc/smtp"
[[notify.route]]
name = "mail"
[[notify.route]]
name = "hook"
secret_file = "/etc/hook"
)";

TEST(LayoutTest, SecretsOfRoutesGoAlong) {
  const auto all = ReadLayout(kNotify, "hub.toml", "/", "");
  ASSERT_TRUE(all) << all.error().what;
  std::vector<Place> places;
  for (const Belonging& one : *all) places.push_back(one.place);
  ASSERT_NE(Find(*all, "notify.route[1].secret_file"), nullptr);
  EXPECT_EQ(Find(*all, "notify.route[0].secret_file"), nullptr);
  const auto moved = MoveLayout(kNotify, places, "/new");
  ASSERT_TRUE(moved) << moved.error().what;
  const auto again = ReadLayout(*moved, "hub.toml", "/", "");
  EXPECT_EQ(Find(*again, "notify.route[1].secret_file")->place.from,
            "/new/files/notify-route-1-secret");
  EXPECT_EQ(Find(*again, "notify.smtp.password_file")->place.from,
            "/new/files/notify-smtp-password");
  places[0].key = "notify.route[7].secret_file";
  EXPECT_EQ(MoveLayout(kNotify, places, "/new").error().code, Errc::kInvalid);
}

// Of the keys in the documented configuration that sound like a path, each is a belonging or stands
// here with its reason. A new one is not forgotten by a backup.
TEST(LayoutTest, KnowsEveryPathOfTheConfiguration) {
  const std::set<std::string> not_copied = {
      "identity.broker_pid_file",  // of a running process
      "retrain.folder",           // frozen data of jobs, large; what they led to is in the database
      "access.first_token_file",  // is written where nobody could come in; moved, not copied
  };
  const std::regex section(R"(^    (\[\[?)([a-z_.]+)\].*)"), key(R"(^    ([a-z_]+) = "?.*)");
  const std::regex path_like(".*(_file|folder|repository|path|online_keys)$");
  size_t seen = 0;
  for (const char* document : {"hub-config.md", "notify.md"}) {
    std::ifstream file(std::string(MW_SOURCE_DIR "/docs/formats/") + document);
    ASSERT_TRUE(file) << document;
    std::string line, head, at;
    for (std::smatch match; std::getline(file, line);) {
      if (std::regex_match(line, match, section)) {
        at = match[2];
        head = match[1].length() == 2 ? "[[" + at + "]]" : "[" + at + "]";
      }
      if (!std::regex_match(line, match, key)) continue;
      const std::string name = match[1];
      if (!std::regex_match(name, path_like)) continue;
      ++seen;
      if (not_copied.count(at + "." + name) > 0) continue;
      const auto found = ReadLayout(head + "\n" + name + " = \"/there\"\n", "hub.toml", "/", "");
      ASSERT_TRUE(found) << found.error().what;
      const std::string whole = at + (head.starts_with("[[") ? "[0]." : ".") + name;
      EXPECT_NE(Find(*found, whole), nullptr) << whole << " is missing in layout.cpp";
    }
  }
  EXPECT_GE(seen, 16u);
}

}  // namespace
}  // namespace millwright::hub
