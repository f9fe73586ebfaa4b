// bundle, release: from a bundle folder to a signed release that a hub can roll out.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <set>

#include "agent/fleet_config.h"
#include "columns.h"
#include "commands.h"
#include "crypto/sha256.h"
#include "hub_query.h"
#include "keys_repository.h"
#include "model/any_bundle.h"
#include "model/config_bundle.h"
#include "model/manifest.h"
#include "model/pack.h"
#include "os/clock.h"
#include "output.h"
#include "trust/folder_repository.h"

namespace millwright::cli {
namespace {

using nlohmann::json;

struct Packed {
  os::Bytes bytes;
  std::string kind, name, version, digest;  // of its manifest
};

// What every gateway would refuse is refused here, with file, line and key.
Result<void> CheckConfigText(std::span<const std::byte> text, const std::string& file) {
  MW_TRY(agent::ReadFleetConfig(os::AsText(text), file));
  return {};
}

// A folder is packed; a file is a pack already and is checked for being one.
Result<Packed> ReadBundle(const std::string& path) {
  os::RealFiles files;
  Packed out;
  if (files.Exists(path + "/" + std::string(model::kManifestFile))) {
    MW_TRY(out.bytes, model::PackBundle(files, path));
  } else {
    MW_TRY(out.bytes, files.Read(path, model::kPackBytesMax));
  }
  MW_TRY(const auto packed, model::ReadPack(out.bytes));
  if (packed.empty()) return Fail(Errc::kInvalid, path + ": the pack is empty");
  const auto& manifest_bytes = packed.front().bytes;
  MW_TRY(const model::BundleFacts facts, model::ReadFacts(manifest_bytes));
  if (facts.kind == model::BundleKind::kConfig)
    MW_TRY(CheckConfigText(packed.back().bytes, path + "/" + packed.back().name));
  out.kind = model::Name(facts.kind);
  out.name = facts.name;
  out.version = facts.version;
  out.digest = crypto::Sha256Hex(manifest_bytes);
  return out;
}

struct PackRequest {
  std::string bundle, file;
};

Result<void> Pack(const PackRequest& request, const Context& context) {
  MW_TRY(const Packed packed, ReadBundle(request.bundle));
  os::RealFiles files;
  MW_TRY(files.WriteDurably(request.file, packed.bytes));
  const std::string sha256 = crypto::Sha256Hex(std::span<const std::byte>(packed.bytes));
  if (context.json) {
    FlatJson()
        .Set("file", request.file)
        .Count("bytes", packed.bytes.size())
        .Set("sha256", sha256)
        .Set("digest", packed.digest)
        .Set("kind", packed.kind)
        .Set("name", packed.name)
        .Set("version", packed.version)
        .Print();
    return {};
  }
  std::printf("%s  %s %s, %zu bytes, sha256 %s\n", request.file.c_str(), packed.name.c_str(),
              packed.version.c_str(), packed.bytes.size(), sha256.c_str());
  return {};
}

struct ConfigRequest {
  std::string text, folder, created;
  model::ConfigManifest manifest;
};

Result<void> MakeConfig(ConfigRequest request, const Context& context) {
  os::RealFiles files;
  MW_TRY(const os::Bytes text, files.Read(request.text, model::kConfigBytesMax));
  MW_TRY(CheckConfigText(text, request.text));
  request.manifest.created = os::RealClock().Utc();
  if (!request.created.empty()) {
    MW_TRY(request.manifest.created, ParseUtc(request.created));
  }
  MW_TRY(model::WriteConfigBundle(files, request.folder, request.manifest, text));
  MW_TRY(const Packed packed, ReadBundle(request.folder));
  if (context.json) {
    FlatJson()
        .Set("folder", request.folder)
        .Set("digest", packed.digest)
        .Set("name", packed.name)
        .Set("version", packed.version)
        .Print();
    return {};
  }
  std::printf("%s  is configuration %s %s\n", request.folder.c_str(), packed.name.c_str(),
              packed.version.c_str());
  return {};
}

struct ReleaseRequest {
  TargetOptions target;
  std::string bundle, line;
};

// One more than the highest that is published in the line.
Result<int64_t> NextRelease(const ReleaseRequest& request) {
  os::RealFiles files;
  const trust::FolderRepository repository(files, request.target.repository.folder, 0, {});
  MW_TRY(const auto newest, repository.Newest(request.target.role));
  int64_t highest = 0;
  if (!newest) return highest + 1;
  MW_TRY(const auto targets, trust::ReadTargets(*newest, request.target.role));
  for (const auto& [path, target] : targets.body.targets)
    if (target.release && target.release->line == request.line)
      highest = std::max(highest, target.release->number);
  return highest + 1;
}

Result<void> AddRelease(ReleaseRequest request, const Context& context) {
  while (request.line.ends_with('/')) request.line.pop_back();
  if (request.line.empty()) return Fail(Errc::kInvalid, "--line: is empty");
  MW_TRY(const Packed packed, ReadBundle(request.bundle));
  TargetOptions& target = request.target;
  if (target.release == 0) {
    MW_TRY(target.release, NextRelease(request));
  }
  target.path = request.line + "/" + std::to_string(target.release) + ".tar";
  MW_TRY(const auto said, PutTarget(target, packed.bytes));
  if (context.json) {
    FlatJson()
        .Set("target", target.path)
        .Set("line", request.line)
        .Set("release", target.release)
        .Set("name", packed.name)
        .Set("version", packed.version)
        .Set("digest", packed.digest)
        .Count("pack_bytes", packed.bytes.size())
        .Set("document", said)
        .Print();
    return {};
  }
  std::printf("%s  is %s %s\n", target.path.c_str(), packed.name.c_str(), packed.version.c_str());
  for (const std::string& text : said) std::printf("  %s\n", text.c_str());
  return {};
}

TextTable::Cell ShowDigest(const json& release, const json& /*answer*/) {
  return {TextOf(release, "digest").substr(0, 12), Tone::kFaint};
}

constexpr Column kReleaseColumns[] = {
    {"target", ColumnKind::kText, "TARGET"},
    {"kind", ColumnKind::kText, "KIND"},
    {"name", ColumnKind::kText, "NAME"},
    {"version", ColumnKind::kText, "VERSION"},
    {"line", ColumnKind::kText, "LINE"},
    {"release", ColumnKind::kInteger, "RELEASE"},
    {"pack_bytes", ColumnKind::kInteger, "BYTES"},
    {"digest", ColumnKind::kText, "BUNDLE", ShowDigest},
};

void ListReleases(Context& context) {
  const auto answer = AskHub(context, "/api/v1/releases");
  if (!answer) return FailFromHub(context, answer.error());
  const auto releases = ObjectsOf(*answer, "releases");
  std::vector<std::string> faults;
  if (const auto found = answer->find("faults"); found != answer->end() && found->is_array())
    for (const json& fault : *found)
      if (fault.is_string()) faults.push_back(fault);
  if (context.json) {
    FlatJson out;
    out.Count("count", releases.size());
    AddColumns(out, releases, kReleaseColumns);
    return out.Set("fault", faults).Print();
  }
  if (releases.empty()) std::puts("This hub offers no release.");
  if (!releases.empty())
    std::fputs(TableOf(*answer, releases, kReleaseColumns).Text(context.color).c_str(), stdout);
  for (const std::string& fault : faults)
    std::printf("%s\n", Painted(fault, Tone::kAttention, context.color).c_str());
}

// -- two releases side by side
// ----------------------------------------------------------------------

Result<json> FindRelease(const json& answer, const std::string& target) {
  for (const json& release : ObjectsOf(answer, "releases"))
    if (TextOf(release, "target") == target) return release;
  return Fail(Errc::kNotFound, "there is no release \"" + target + "\"; `millwright release list`");
}

std::string Told(const json& release, const char* group, const std::string& key) {
  const auto found = release.find(group);
  if (found == release.end() || !found->contains(key)) return "-";
  const json& value = (*found)[key];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

struct CompareRequest {
  std::string before, after;
};

void Compare(const CompareRequest& request, Context& context) {
  const auto answer = AskHub(context, "/api/v1/releases");
  if (!answer) return FailFromHub(context, answer.error());
  const auto before = FindRelease(*answer, request.before);
  const auto after = FindRelease(*answer, request.after);
  for (const auto* one : {&before, &after})
    if (!*one) return FailWith(context, one->error());
  std::vector<std::pair<const char*, std::string>> rows;
  for (const char* group : {"figures", "lineage"}) {
    std::set<std::string> keys;
    for (const auto* one : {&before, &after})
      if ((**one).contains(group))
        for (const auto& [key, value] : (**one)[group].items()) keys.insert(key);
    for (const std::string& key : keys) rows.emplace_back(group, key);
  }
  FlatJson out;
  for (const auto& [group, key] : rows) {
    const std::string a = Told(*before, group, key), b = Told(*after, group, key);
    if (context.json)
      out.Set(key + "_before", a).Set(key + "_after", b);
    else
      std::printf("%-20s %-24.24s %-24.24s\n", key.c_str(), a.c_str(), b.c_str());
  }
  const int64_t bytes[] = {IntegerOf(*before, "model_bytes"), IntegerOf(*after, "model_bytes")};
  if (context.json)
    return out.Set("model_bytes_before", bytes[0]).Set("model_bytes_after", bytes[1]).Print();
  std::printf("%-20s %-24lld %-24lld\n", "model_bytes", static_cast<long long>(bytes[0]),
              static_cast<long long>(bytes[1]));
}

}  // namespace

void ConfigureBundle(CLI::App& command, Context& context) {
  const auto request = std::make_shared<PackRequest>();
  command.require_subcommand(1);
  CLI::App* pack = command.add_subcommand("pack", "Pack a bundle folder into one file");
  pack->add_option("BUNDLE", request->bundle, "The bundle's folder")->required();
  pack->add_option("FILE", request->file, "The file to write, such as pump-12.tar")->required();
  pack->callback([&context, request] {
    if (const auto done = Pack(*request, context); !done) FailWith(context, done.error());
  });
  const auto config = std::make_shared<ConfigRequest>();
  CLI::App* make = command.add_subcommand(
      "config", "Make a bundle of a configuration for the fleet (docs/formats/bundle.md)");
  make->add_option("TOML", config->text, "What it says about machines, by class or by id")
      ->required();
  make->add_option("FOLDER", config->folder, "The bundle to write")->required();
  make->add_option("--name", config->manifest.name, "What it is, such as pumps")->required();
  make->add_option("--version", config->manifest.version, "Its version, for people")->required();
  make->add_option("--created", config->created,
                   "Time that it carries, such as 2026-11-22T10:00:00Z (otherwise now)");
  make->callback([&context, config] {
    if (const auto done = MakeConfig(*config, context); !done) FailWith(context, done.error());
  });
}

void ConfigureRelease(CLI::App& command, Context& context) {
  const auto request = std::make_shared<ReleaseRequest>();
  command.require_subcommand(1);
  CLI::App* add = command.add_subcommand("add", "Sign a bundle as the next release of its line");
  RepositoryOptions& repository = request->target.repository;
  add->add_option("REPOSITORY", repository.folder, "Folder that `millwright keys` keeps")
      ->required();
  add->add_option("BUNDLE", request->bundle, "A bundle's folder, or its pack")->required();
  add->add_option("--line", request->line, "What it is a release of, such as models/pump")
      ->required();
  add->add_option("--release", request->target.release,
                  "Its number (otherwise one more than the highest)")
      ->check(CLI::PositiveNumber);
  add->add_option("--key", repository.key_files, "Private keys to sign with")
      ->allow_extra_args(false);
  add->add_option("--days", repository.days, "How long new versions are good for: ROLE=DAYS")
      ->allow_extra_args(false);
  add->add_option("--passphrase-file", repository.passphrase_file,
                  "File whose first line opens the keys");
  add->add_option("--role", request->target.role, "Who offers it")->capture_default_str();
  add->callback([&context, request] {
    if (const auto done = AddRelease(*request, context); !done) FailWith(context, done.error());
  });
  const auto compared = std::make_shared<CompareRequest>();
  CLI::App* compare =
      command.add_subcommand("compare", "Two releases side by side: figures, size, lineage");
  compare->add_option("BEFORE", compared->before, "Target of one release")->required();
  compare->add_option("AFTER", compared->after, "Target of the other")->required();
  compare->callback([&context, compared] { Compare(*compared, context); });
  CLI::App* list = command.add_subcommand("list", "List what the hub offers to gateways");
  list->callback([&context] { ListReleases(context); });
}

}  // namespace millwright::cli
