#include "keys_commands.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "key_files.h"
#include "keys_repository.h"
#include "output.h"
#include "trust/key.h"

namespace millwright::cli {
namespace {

struct MakeOptions {
  std::string file;
  std::string scheme = "ed25519";
  std::string passphrase_file;
};

std::string KindOf(const KeyFile& key) {
  return std::string(crypto::Name(key.open.scheme())) + (key.secret ? " private" : " public");
}

Result<void> Make(const MakeOptions& options, Context& context) {
  const auto scheme = crypto::SchemeOf(options.scheme);
  if (!scheme) return Fail(Errc::kInvalid, "--scheme " + options.scheme + ": no such scheme");
  MW_TRY(const std::string passphrase, ReadPassphrase(options.passphrase_file));
  MW_TRY(const KeyFile key, MakeKeyFile(options.file, *scheme, passphrase));
  if (context.json) {
    FlatJson()
        .Set("key_id", key.Id())
        .Set("file", options.file)
        .Set("public_file", options.file + ".pub")
        .Set("scheme", options.scheme)
        .Set("encrypted", !passphrase.empty())
        .Print();
    return {};
  }
  std::printf("%s\n  private  %s (%s)\n  public   %s.pub\n", key.Id().c_str(), options.file.c_str(),
              passphrase.empty() ? "not encrypted" : "encrypted", options.file.c_str());
  return {};
}

struct ShowOptions {
  std::vector<std::string> files;
  std::string passphrase_file;
};

Result<void> Show(const ShowOptions& options, Context& context) {
  MW_TRY(const std::string passphrase, ReadPassphrase(options.passphrase_file));
  std::vector<std::string> ids, kinds, lines;
  for (const std::string& file : options.files) {
    if (file.ends_with(".json")) {
      MW_TRY(auto described, DescribeDocument(file));
      lines.insert(lines.end(), described.begin(), described.end());
      continue;
    }
    MW_TRY(const KeyFile key, ReadKeyFile(file, passphrase));
    ids.push_back(key.Id());
    kinds.push_back(KindOf(key));
    lines.push_back(key.Id() + "  " + KindOf(key) + "  " + file);
  }
  if (context.json) {
    FlatJson().Set("key_id", ids).Set("kind", kinds).Set("line", lines).Print();
  } else {
    for (const std::string& line : lines) std::printf("%s\n", line.c_str());
  }
  return {};
}

// Adds a command whose work is `run(options)`; an error is reported with its exit status.
template <typename Options, typename Configure>
void Add(CLI::App& group, Context& context, const char* name, const char* summary,
         Result<void> (*run)(const Options&, Context&), Configure configure) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = group.add_subcommand(name, summary);
  configure(*command, *options);
  command->callback([options, run, &context] {
    const auto done = run(*options, context);
    if (!done) FailWith(context, done.error());
  });
}

void AddPassphrase(CLI::App& command, std::string& file) {
  command.add_option("--passphrase-file", file, "File whose first line opens (or seals) the keys");
}

// What every command that changes a repository takes.
void AddRepository(CLI::App& command, RepositoryOptions& options) {
  command.add_option("REPOSITORY", options.folder, "Its folder")->required();
  command.add_option("--key", options.key_files, "Private keys to sign with")
      ->allow_extra_args(false);
  command.add_option("--days", options.days, "How long new versions are good for: ROLE=DAYS")
      ->allow_extra_args(false);
  AddPassphrase(command, options.passphrase_file);
}

void AddTargetCommands(CLI::App& group, Context& context) {
  Add<TargetOptions>(
      group, context, "add-target", "Offer a file for installation", AddTarget,
      [](CLI::App& command, TargetOptions& o) {
        AddRepository(command, o.repository);
        command.add_option("FILE", o.file, "The file")->required();
        command.add_option("--path", o.path, "Its path in the repository")->required();
        command.add_option("--release", o.release,
                           "It is this release of its line (the path's folder)");
        command.add_option("--role", o.role, "Who offers it")->capture_default_str();
      });
  Add<TargetOptions>(group, context, "remove-target", "Take an offer back", RemoveTarget,
                     [](CLI::App& command, TargetOptions& o) {
                       AddRepository(command, o.repository);
                       command.add_option("PATH", o.path, "Its path in the repository")->required();
                       command.add_option("--role", o.role, "Who offers it")->capture_default_str();
                     });
  Add<FloorOptions>(group, context, "floor", "Let nothing below a release be installed any more",
                    SetReleaseFloor, [](CLI::App& command, FloorOptions& o) {
                      AddRepository(command, o.repository);
                      command.add_option("LINE", o.line, "For example models/pump")->required();
                      command.add_option("RELEASE", o.release, "The least release")
                          ->required()
                          ->check(CLI::PositiveNumber);
                    });
  Add<DelegateOptions>(
      group, context, "delegate", "Let other keys offer files below a path", Delegate,
      [](CLI::App& command, DelegateOptions& o) {
        AddRepository(command, o.repository);
        command.add_option("ROLE", o.role, "Its name")->required();
        command.add_option("--path", o.paths, "Patterns of paths")
            ->required()
            ->allow_extra_args(false);
        command.add_option("--role-key", o.role_keys, "Keys of the role")
            ->required()
            ->allow_extra_args(false);
        command.add_option("--threshold", o.threshold, "How many must sign")->capture_default_str();
        command.add_flag("--terminating", o.terminating,
                         "What it does not offer, nobody after it may");
      });
}

void AddRepositoryCommands(CLI::App& group, Context& context) {
  Add<InitOptions>(
      group, context, "init-repo", "Start a repository", InitRepository,
      [](CLI::App& command, InitOptions& o) {
        AddRepository(command, o.repository);
        const char* roles[] = {"root", "targets", "snapshot", "timestamp"};
        for (const char* role : roles)
          command
              .add_option("--" + std::string(role), o.keys[role],
                          std::string("Key files of ") + role + ", private or public")
              ->required()
              ->allow_extra_args(false);
        command.add_option("--threshold", o.thresholds, "How many must sign: ROLE=N (otherwise 1)")
            ->allow_extra_args(false);
      });
  Add<RotateOptions>(
      group, context, "rotate", "Change the keys of a role", Rotate,
      [](CLI::App& command, RotateOptions& o) {
        AddRepository(command, o.repository);
        command.add_option("ROLE", o.role, "root, targets, snapshot or timestamp")->required();
        command.add_option("--add", o.add, "Key files that may sign from now on")
            ->allow_extra_args(false);
        command.add_option("--remove", o.remove, "Ids of keys that may no longer")
            ->allow_extra_args(false);
        command.add_option("--threshold", o.threshold, "How many must sign");
      });
  Add<RepositoryOptions>(
      group, context, "sign", "Sign what is staged, publish what is complete", SignStaged,
      [](CLI::App& command, RepositoryOptions& o) { AddRepository(command, o); });
  Add<RenewOptions>(group, context, "renew", "Make a new version before the old one expires", Renew,
                    [](CLI::App& command, RenewOptions& o) {
                      AddRepository(command, o.repository);
                      command.add_option("--role", o.roles, "Which (otherwise timestamp)")
                          ->allow_extra_args(false);
                    });
  Add<CheckOptions>(group, context, "check", "Follow a repository as a device would",
                    CheckRepository, [](CLI::App& command, CheckOptions& o) {
                      command.add_option("REPOSITORY", o.folder, "Its folder")->required();
                      command.add_option("--trusted-root", o.trusted_root,
                                         "The root that the device has (otherwise version 1)");
                    });
}

}  // namespace

void AddKeysCommands(CLI::App& app, Context& context) {
  CLI::App* group = app.add_subcommand(
      "keys",
      "Make keys, sign what may be installed\n\nExamples\n"
      "  millwright keys make /media/stick/root1.pem --passphrase-file secret\n"
      "  millwright keys init-repo repo --root root1.pem --targets release.pem \\\n"
      "                            --snapshot hub.pem --timestamp hub.pem\n"
      "  millwright keys add-target repo pump.tar --path models/pump/12.tar --release 12 \\\n"
      "                            --key release.pem --key hub.pem\n");
  group->group("Models");
  group->require_subcommand(1);
  Add<MakeOptions>(
      *group, context, "make", "Make a key pair", Make, [](CLI::App& command, MakeOptions& o) {
        command.add_option("FILE", o.file, "Where the private key goes")->required();
        command.add_option("--scheme", o.scheme, "What it signs with")->capture_default_str();
        AddPassphrase(command, o.passphrase_file);
      });
  Add<ShowOptions>(*group, context, "show", "Describe key files and metadata files", Show,
                   [](CLI::App& command, ShowOptions& o) {
                     command.add_option("FILE", o.files, "PEM or .json")->required();
                     AddPassphrase(command, o.passphrase_file);
                   });
  AddRepositoryCommands(*group, context);
  AddTargetCommands(*group, context);
}

}  // namespace millwright::cli
