// The commands of `millwright keys` that work on a repository. Each changes drafts, stages them and
// settles: signs with the keys at hand, publishes what is complete, says what waits.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "context.h"
#include "core/result.h"

namespace millwright::cli {

struct RepositoryOptions {
  std::string folder;
  std::vector<std::string> key_files;
  std::string passphrase_file;
  std::vector<std::string> days;  // ROLE=DAYS
};

struct InitOptions {
  RepositoryOptions repository;
  std::map<std::string, std::vector<std::string>> keys;  // files by role
  std::vector<std::string> thresholds;                   // ROLE=N
};

struct RotateOptions {
  RepositoryOptions repository;
  std::string role;
  std::vector<std::string> add;
  std::vector<std::string> remove;
  int64_t threshold = 0;  // 0: as it is
};

struct RenewOptions {
  RepositoryOptions repository;
  std::vector<std::string> roles;
};

struct TargetOptions {
  RepositoryOptions repository;
  std::string file;
  std::string path;
  std::string role = "targets";
  int64_t release = 0;  // 0: no release of anything
};

struct FloorOptions {
  RepositoryOptions repository;
  std::string line;
  int64_t release = 0;
};

struct DelegateOptions {
  RepositoryOptions repository;
  std::string role;
  std::vector<std::string> paths;
  std::vector<std::string> role_keys;
  int64_t threshold = 1;
  bool terminating = false;
};

struct CheckOptions {
  std::string folder;
  std::string trusted_root;
};

[[nodiscard]] Result<void> InitRepository(const InitOptions& options, Context& context);
[[nodiscard]] Result<void> Rotate(const RotateOptions& options, Context& context);
[[nodiscard]] Result<void> SignStaged(const RepositoryOptions& options, Context& context);
[[nodiscard]] Result<void> Renew(const RenewOptions& options, Context& context);
[[nodiscard]] Result<void> AddTarget(const TargetOptions& options, Context& context);
/// The same for bytes that are at hand (`file` is not read); the lines that tell what was
/// published.
[[nodiscard]] Result<std::vector<std::string>> PutTarget(const TargetOptions& options,
                                                         std::span<const std::byte> bytes);
[[nodiscard]] Result<void> RemoveTarget(const TargetOptions& options, Context& context);
[[nodiscard]] Result<void> SetReleaseFloor(const FloorOptions& options, Context& context);
[[nodiscard]] Result<void> Delegate(const DelegateOptions& options, Context& context);
[[nodiscard]] Result<void> CheckRepository(const CheckOptions& options, Context& context);

/// A metadata file in words, one line each: type, version, expiry, roles with keys, signatures.
[[nodiscard]] Result<std::vector<std::string>> DescribeDocument(const std::string& path);

}  // namespace millwright::cli
