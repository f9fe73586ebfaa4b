#include "keys_repository.h"

#include <charconv>
#include <cstdio>
#include <optional>

#include "key_files.h"
#include "os/clock.h"
#include "os/file_lock.h"
#include "os/files.h"
#include "output.h"
#include "trust/folder_repository.h"
#include "trust/keeper.h"
#include "trust/updater.h"

namespace millwright::cli {
namespace {

constexpr size_t kTargetBytesMax = size_t{1} << 30;
constexpr Nanos kLockWait = 10 * kSecond;
constexpr size_t kDocumentBytesMax = size_t{64} << 20;
constexpr int64_t kDaysMax = 36'500;

// "root=2": a role (or any other word) and a whole number from 1.
Result<std::pair<std::string, int64_t>> ReadAssignment(const std::string& text, int64_t most) {
  const size_t equals = text.find('=');
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const char* digits = equals == std::string::npos ? end : text.data() + equals + 1;
  const auto [at, error] = std::from_chars(digits, end, number);
  if (error != std::errc() || at != end || number < 1 || number > most)
    return Fail(Errc::kInvalid,
                "\"" + text + "\": expected ROLE=NUMBER, from 1 to " + std::to_string(most));
  return std::pair(text.substr(0, equals), number);
}

Result<trust::Lifetimes> ReadLifetimes(const std::vector<std::string>& days) {
  trust::Lifetimes lifetimes;
  const std::map<std::string_view, trust::Seconds64*> fields = {
      {"root", &lifetimes.root},
      {"targets", &lifetimes.targets},
      {"snapshot", &lifetimes.snapshot},
      {"timestamp", &lifetimes.timestamp}};
  for (const std::string& text : days) {
    MW_TRY(const auto given, ReadAssignment(text, kDaysMax));
    const auto field = fields.find(given.first);
    if (field == fields.end()) return Fail(Errc::kInvalid, "--days " + text + ": no such role");
    *field->second = given.second * 86'400;
  }
  return lifetimes;
}

void Say(const std::vector<std::string>& said, const Context& context) {
  if (context.json) return FlatJson().Set("document", said).Print();
  for (const std::string& line : said) std::printf("%s\n", line.c_str());
  if (said.empty()) std::printf("nothing to do\n");
}

// A repository that is open for one command.
struct Session {
  os::RealFiles files;
  std::string passphrase;
  std::vector<crypto::PrivateKey> keys;
  std::optional<os::FileLock> lock;  // a hub may be renewing what it signs
  std::optional<trust::FolderRepository> repository;

  Result<void> Open(const RepositoryOptions& options) {
    MW_TRY(passphrase, ReadPassphrase(options.passphrase_file));
    MW_TRY(const auto given, ReadKeyFiles(options.key_files, passphrase));
    for (const KeyFile& key : given) {
      if (!key.secret) return Fail(Errc::kInvalid, key.path + ": a public key cannot sign");
      keys.push_back(*key.secret);
    }
    MW_TRY(const trust::Lifetimes lifetimes, ReadLifetimes(options.days));
    MW_TRY(files.MakeFolders(options.folder));
    MW_TRY(lock, os::FileLock::Take(trust::RepositoryLockPath(options.folder), kLockWait));
    const os::RealClock clock;
    repository.emplace(files, options.folder, clock.Utc() / kSecond, lifetimes);
    return {};
  }

  Result<void> Settle(Context& context, const std::vector<std::string>& renew = {}) {
    MW_TRY(const auto said, repository->Settle(keys, renew));
    Say(said, context);
    return {};
  }
};

std::string LineOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "" : path.substr(0, slash);
}

}  // namespace

Result<void> InitRepository(const InitOptions& options, Context& context) {
  Session session;
  MW_TRY(session.Open(options.repository));
  for (const char* role : {"root", "targets"}) {
    MW_TRY(const auto published, session.repository->Newest(role));
    MW_TRY(const auto staged, session.repository->Staged(role));
    if (published || staged)
      return Fail(Errc::kConflict, options.repository.folder + ": is a repository already");
  }
  const os::RealClock clock;
  const trust::Seconds64 now = clock.Utc() / kSecond;
  MW_TRY(const trust::Lifetimes lifetimes, ReadLifetimes(options.repository.days));
  auto root = trust::Draft::Make(trust::kRootRole, now + lifetimes.root);
  for (const auto& [role, paths] : options.keys) {
    MW_TRY(const auto given, ReadKeyFiles(paths, session.passphrase));
    for (const KeyFile& key : given) {
      trust::AddRoleKey(root, role, key.open);
      if (key.secret) session.keys.push_back(*key.secret);
    }
  }
  for (const std::string& text : options.thresholds) {
    MW_TRY(const auto given, ReadAssignment(text, 100));
    const auto keys = options.keys.find(given.first);
    if (keys == options.keys.end() || given.second > static_cast<int64_t>(keys->second.size()))
      return Fail(Errc::kInvalid, "--threshold " + text + ": the role has fewer keys");
    trust::SetThreshold(root, given.first, given.second);
  }
  MW_TRY(session.repository->Stage("root", root));
  MW_TRY(session.repository->Stage(
      "targets", trust::Draft::Make(trust::kTargetsRole, now + lifetimes.targets)));
  return session.Settle(context);
}

Result<void> Rotate(const RotateOptions& options, Context& context) {
  Session session;
  MW_TRY(session.Open(options.repository));
  if (!trust::IsTopLevel(options.role))
    return Fail(Errc::kInvalid, options.role + ": root, targets, snapshot or timestamp");
  MW_TRY(trust::Draft root, session.repository->Edit("root"));
  MW_TRY(const auto added, ReadKeyFiles(options.add, session.passphrase));
  for (const KeyFile& key : added) {
    trust::AddRoleKey(root, options.role, key.open);
    if (key.secret) session.keys.push_back(*key.secret);
  }
  for (const std::string& id : options.remove) MW_TRY(trust::RemoveRoleKey(root, options.role, id));
  if (options.threshold > 0) trust::SetThreshold(root, options.role, options.threshold);
  MW_TRY(const auto read, trust::ReadRoot(root.Bytes()));
  const trust::RoleKeys& keys = read.body.roles.find(options.role)->second;
  if (static_cast<int64_t>(keys.key_ids.size()) < keys.threshold)
    return Fail(Errc::kInvalid, options.role + ": " + std::to_string(keys.key_ids.size()) +
                                    " keys cannot give " + std::to_string(keys.threshold) +
                                    " signatures");
  MW_TRY(session.repository->Stage("root", root));
  return session.Settle(context);
}

Result<void> SignStaged(const RepositoryOptions& options, Context& context) {
  Session session;
  MW_TRY(session.Open(options));
  return session.Settle(context);
}

Result<void> Renew(const RenewOptions& options, Context& context) {
  Session session;
  MW_TRY(session.Open(options.repository));
  auto roles = options.roles;
  if (roles.empty()) roles.emplace_back(trust::kTimestampRole);
  for (const std::string& role : roles) {
    if (role == trust::kSnapshotRole || role == trust::kTimestampRole) continue;
    MW_TRY(const trust::Draft next, session.repository->Edit(role));
    MW_TRY(session.repository->Stage(role, next));
  }
  return session.Settle(context, roles);
}

Result<std::vector<std::string>> PutTarget(const TargetOptions& options,
                                           std::span<const std::byte> bytes) {
  Session session;
  MW_TRY(session.Open(options.repository));
  std::optional<trust::Release> release;
  if (options.release > 0) {
    release = trust::Release{.line = LineOf(options.path), .number = options.release};
    if (release->line.empty())
      return Fail(Errc::kInvalid, "--path " + options.path +
                                      ": a release lies in the folder of its line, as in "
                                      "models/pump/12.tar");
  }
  MW_TRY(trust::Draft targets, session.repository->Edit(options.role));
  trust::SetTarget(targets, options.path, bytes, release);
  MW_TRY(session.repository->PutTarget(options.path, bytes));
  MW_TRY(session.repository->Stage(options.role, targets));
  return session.repository->Settle(session.keys);
}

Result<void> AddTarget(const TargetOptions& options, Context& context) {
  os::RealFiles files;
  MW_TRY(const os::Bytes bytes, files.Read(options.file, kTargetBytesMax));
  MW_TRY(const auto said, PutTarget(options, bytes));
  Say(said, context);
  return {};
}

Result<void> RemoveTarget(const TargetOptions& options, Context& context) {
  Session session;
  MW_TRY(session.Open(options.repository));
  MW_TRY(trust::Draft targets, session.repository->Edit(options.role));
  MW_TRY(trust::RemoveTarget(targets, options.path));
  MW_TRY(session.repository->Stage(options.role, targets));
  return session.Settle(context);
}

Result<void> SetReleaseFloor(const FloorOptions& options, Context& context) {
  Session session;
  MW_TRY(session.Open(options.repository));
  MW_TRY(trust::Draft targets, session.repository->Edit("targets"));
  trust::SetFloor(targets, options.line, options.release);
  MW_TRY(session.repository->Stage("targets", targets));
  return session.Settle(context);
}

Result<void> Delegate(const DelegateOptions& options, Context& context) {
  Session session;
  MW_TRY(session.Open(options.repository));
  MW_TRY(const auto given, ReadKeyFiles(options.role_keys, session.passphrase));
  std::vector<crypto::PublicKey> keys;
  for (const KeyFile& key : given) {
    keys.push_back(key.open);
    if (key.secret) session.keys.push_back(*key.secret);
  }
  if (options.threshold < 1 || options.threshold > static_cast<int64_t>(keys.size()))
    return Fail(Errc::kInvalid, "--threshold " + std::to_string(options.threshold) +
                                    ": the role has " + std::to_string(keys.size()) + " keys");
  MW_TRY(trust::Draft targets, session.repository->Edit("targets"));
  trust::AddDelegation(targets, options.role, keys, options.threshold, options.paths,
                       options.terminating);
  MW_TRY(trust::ReadTargets(targets.Bytes(), options.role));  // refuses names that cannot be
  MW_TRY(session.repository->Stage("targets", targets));
  MW_TRY(const trust::Lifetimes lifetimes, ReadLifetimes(options.repository.days));
  const os::RealClock clock;
  MW_TRY(session.repository->Stage(
      options.role,
      trust::Draft::Make(trust::kTargetsRole, clock.Utc() / kSecond + lifetimes.targets)));
  return session.Settle(context);
}

Result<void> CheckRepository(const CheckOptions& options, Context& context) {
  os::RealFiles files;
  os::FakeFiles device;  // a device that has nothing but its first root
  const os::RealClock clock;
  trust::FolderStore store(device, "device");
  trust::FolderFetcher fetcher(files, options.folder);
  const std::string first = options.trusted_root.empty() ? options.folder + "/metadata/1.root.json"
                                                         : options.trusted_root;
  MW_TRY(const os::Bytes root, files.Read(first, kDocumentBytesMax));
  MW_TRY(trust::Updater::Trust(store, root));
  MW_TRY(trust::Updater updater, trust::Updater::Open(fetcher, store, clock));
  MW_TRY(updater.Refresh());
  const trust::TrustedSet& set = updater.trusted();
  const trust::Targets& targets = *set.FindTargets("targets", nullptr);
  for (const auto& [path, target] : targets.targets) MW_TRY(updater.Download(target));
  const std::pair<const char*, const trust::Head*> heads[] = {{"root", &set.root().head},
                                                              {"timestamp", &set.timestamp().head},
                                                              {"snapshot", &set.snapshot().head},
                                                              {"targets", &targets.head}};
  FlatJson json;
  for (const auto& [role, head] : heads) {
    json.Set(role, head->version);
    json.Set(std::string(role) + "_expires", trust::FormatExpiry(head->expires));
    if (!context.json)
      std::printf("%-10s %4lld  good until %s\n", role, static_cast<long long>(head->version),
                  trust::FormatExpiry(head->expires).c_str());
  }
  json.Count("targets_checked", targets.targets.size());
  if (context.json)
    json.Print();
  else
    std::printf("%zu targets are what is signed for\n", targets.targets.size());
  return {};
}

Result<std::vector<std::string>> DescribeDocument(const std::string& path) {
  os::RealFiles files;
  MW_TRY(const os::Bytes bytes, files.Read(path, kDocumentBytesMax));
  MW_TRY(const trust::Draft draft, trust::Draft::Read(bytes, path));
  std::vector<std::string> lines = {draft.type() + " " + std::to_string(draft.version()) +
                                    "  good until " + trust::FormatExpiry(draft.expires()) + "  " +
                                    path};
  if (draft.type() == trust::kRootRole) {
    const auto root = trust::ReadRoot(bytes);
    if (!root) return Fail(root.error().code, path + ": " + root.error().what);
    for (const auto& [role, keys] : root->body.roles) {
      lines.push_back("  " + role + ": " + std::to_string(keys.threshold) + " of " +
                      std::to_string(keys.key_ids.size()));
      for (const std::string& id : keys.key_ids) {
        const auto key = root->body.keys.find(id);
        lines.push_back("    " + id +
                        (key == root->body.keys.end() ? "" : "  " + key->second.scheme));
      }
    }
  }
  for (const std::string& id : draft.SignerIds()) lines.push_back("  signed by " + id);
  return lines;
}

}  // namespace millwright::cli
