#include "hub/backup/layout.h"

#include <toml++/toml.h>

#include <filesystem>
#include <sstream>

namespace millwright::hub {
namespace {

namespace fs = std::filesystem;

struct Rule {
  std::string key;
  PlaceKind kind;
  std::string entry;
};

// Folders first: a file inside one of them comes with it. docs/formats/hub-config.md and notify.md
// have the keys; layout_test.cpp finds a path among them that is missing here.
std::vector<Rule> RulesFor(const toml::table& root) {
  std::vector<Rule> rules = {
      {"identity.folder", PlaceKind::kFolder, "identity"},
      {"delivery.repository", PlaceKind::kFolder, "repository"},
      {"delivery.online_keys", PlaceKind::kFolder, "online_keys"},
      {"store.path", PlaceKind::kDatabase, "hub.db"},
      {"broker.ca_file", PlaceKind::kFile, "files/broker-ca.pem"},
      {"broker.cert_file", PlaceKind::kFile, "files/broker-cert.pem"},
      {"broker.key_file", PlaceKind::kFile, "files/broker-key.pem"},
      {"http.cert_file", PlaceKind::kFile, "files/http-cert.pem"},
      {"http.key_file", PlaceKind::kFile, "files/http-key.pem"},
      {"notify.webhook_ca_file", PlaceKind::kFile, "files/notify-webhook-ca.pem"},
      {"notify.smtp.password_file", PlaceKind::kFile, "files/notify-smtp-password"},
      {"notify.smtp.ca_file", PlaceKind::kFile, "files/notify-smtp-ca.pem"},
  };
  const toml::array* routes = root["notify"]["route"].as_array();
  for (size_t i = 0; routes != nullptr && i < routes->size(); ++i) {
    const std::string number = std::to_string(i);
    rules.push_back({"notify.route[" + number + "].secret_file", PlaceKind::kFile,
                     "files/notify-route-" + number + "-secret"});
  }
  return rules;
}

std::string Absolute(const std::string& path, const std::string& folder) {
  fs::path whole = (fs::path(folder) / path).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();  // "identity/" is "identity"
  return whole.string();
}

// "" where `path` is not inside `folder`.
std::string Within(const std::string& path, const std::string& folder) {
  if (!path.starts_with(folder + "/")) return "";
  return path.substr(folder.size() + 1);
}

Result<toml::table> Parse(std::string_view text, std::string_view name) {
  try {
    return toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    std::ostringstream where;
    where << name << ":" << error.source().begin.line << ": " << error.description();
    return Fail(Errc::kInvalid, where.str());
  }
}

Result<std::string> PathOf(const toml::table& root, const Rule& rule) {
  const auto node = toml::at_path(root, rule.key);
  if (!node) return std::string(rule.kind == PlaceKind::kDatabase ? "hub.db" : "");
  const auto text = node.value<std::string>();
  if (!text || !node.is_string())
    return Fail(Errc::kInvalid, "backup: " + rule.key + " is no text");
  return *text;
}

// The key is there, or its table is, or neither.
Result<void> Put(toml::table& root, const std::string& key, const std::string& path) {
  if (const auto node = toml::at_path(root, key); node.is_string()) {
    *node.as_string() = path;
    return {};
  }
  const size_t dot = key.find('.');
  if (dot == std::string::npos || key.find_first_of(".[", dot + 1) != std::string::npos)
    return Fail(Errc::kInvalid, "backup: \"" + key + "\" is no key of this hub.toml");
  const std::string section = key.substr(0, dot);
  if (!root.contains(section)) root.insert(section, toml::table{});
  toml::table* table = root[section].as_table();
  if (table == nullptr) return Fail(Errc::kInvalid, "backup: " + section + " is no table");
  table->insert_or_assign(key.substr(dot + 1), path);
  return {};
}

}  // namespace

Result<std::vector<Belonging>> ReadLayout(std::string_view toml, std::string_view name,
                                          const std::string& folder, const std::string& database) {
  MW_TRY(const toml::table root, Parse(toml, name));
  std::vector<Belonging> out;
  for (const Rule& rule : RulesFor(root)) {
    MW_TRY(std::string path, PathOf(root, rule));
    if (rule.kind == PlaceKind::kDatabase && !database.empty()) path = database;
    if (path.empty()) continue;
    Belonging one{.kind = rule.kind, .place = {}, .inside = false};
    one.place = {.key = rule.key, .from = Absolute(path, folder), .to = rule.entry};
    for (const Belonging& other : out) {
      if (other.kind != PlaceKind::kFolder || one.kind == PlaceKind::kDatabase) continue;
      const std::string rest = Within(one.place.from, other.place.from);
      if (rest.empty() && one.place.from != other.place.from) continue;
      one.place.to = other.place.to + (rest.empty() ? "" : "/" + rest);
      one.inside = true;
      break;
    }
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::string> MoveLayout(std::string_view toml, const std::vector<Place>& places,
                               const std::string& folder) {
  MW_TRY(toml::table root, Parse(toml, kConfigEntry));
  for (const Place& place : places) MW_TRY(Put(root, place.key, folder + "/" + place.to));
  // A token file of the old place would be written where the old hub ran.
  if (toml::table* access = root["access"].as_table();
      access != nullptr && access->contains("first_token_file"))
    access->insert_or_assign("first_token_file", folder + "/first-admin-token");
  std::ostringstream out;
  out << "# Written by millwright restore; hub.toml.before is as it was.\n" << root << "\n";
  return out.str();
}

}  // namespace millwright::hub
