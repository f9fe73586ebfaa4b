// backup, restore: the hub in one file.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "commands.h"
#include "hub/backup/backup.h"
#include "os/clock.h"
#include "output.h"

namespace millwright::cli {
namespace {

constexpr std::string_view kSecretWarning =
    "holds the authority's key and every account: whoever has it can be any gateway";

double Mebibytes(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

void BackUpHub(hub::BackUpRequest request, Context& context) {
  request.version = MW_VERSION;
  request.now = os::RealClock().Utc();
  const auto done = hub::BackUp(request);
  if (!done) return FailWith(context, done.error());
  if (context.json) {
    FlatJson()
        .Set("archive", request.archive)
        .Set("made", ShortUtc(done->made / kMillisecond))
        .Count("files", done->files)
        .Count("bytes", done->bytes)
        .Count("archive_bytes", done->archive_bytes)
        .Set("schema", int64_t{done->schema})
        .Set("holds_keys", true)
        .Print();
    return;
  }
  std::printf("%s: %llu files, %.1f MiB, packed %.1f MiB\n", request.archive.c_str(),
              static_cast<unsigned long long>(done->files), Mebibytes(done->bytes),
              Mebibytes(done->archive_bytes));
  std::fprintf(stderr, "%s %s\n", request.archive.c_str(), std::string(kSecretWarning).c_str());
}

void RestoreHub(hub::RestoreRequest request, Context& context) {
  request.now = os::RealClock().Utc();
  const auto done = hub::Restore(request);
  if (!done) return FailWith(context, done.error());
  const hub::BackupHead& head = done->manifest.head;
  if (context.json) {
    FlatJson()
        .Set("folder", request.folder)
        .Set("made", ShortUtc(head.made / kMillisecond))
        .Set("hub_version", head.hub_version)
        .Count("files", done->manifest.files.size())
        .Count("bytes", done->bytes)
        .Set("schema", int64_t{done->manifest.schema})
        .Set("tokens_voided", done->tokens_voided)
        .Set("sessions_ended", done->sessions_ended)
        .Print();
    return;
  }
  std::printf("%s: %zu files, %.1f MiB, as the hub was at %s (version %s)\n",
              request.folder.c_str(), done->manifest.files.size(), Mebibytes(done->bytes),
              ShortUtc(head.made / kMillisecond).c_str(), head.hub_version.c_str());
  std::printf("  start it:  millwright-hub --config %s/hub.toml\n", request.folder.c_str());
  std::printf("  then revoke again what was revoked since; %lld unused one-time tokens are void\n",
              static_cast<long long>(done->tokens_voided));
}

}  // namespace

void ConfigureBackup(CLI::App& command, Context& context) {
  const auto request = std::make_shared<hub::BackUpRequest>();
  command.add_option("FILE", request->archive, "The archive to make (.tar.zst)")->required();
  command.add_option("--config", request->config, "The hub's hub.toml")->check(CLI::ExistingFile);
  command.add_option("--database", request->database,
                     "The database, where the hub was started with --database");
  command
      .add_option("--directory", request->folder,
                  "Where the hub runs: relative paths of hub.toml count from there")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  command.callback([&context, request] { BackUpHub(*request, context); });
}

void ConfigureRestore(CLI::App& command, Context& context) {
  const auto request = std::make_shared<hub::RestoreRequest>();
  command.add_option("FILE", request->archive, "What millwright backup made")
      ->required()
      ->check(CLI::ExistingFile);
  command.add_option("--into", request->folder, "A folder that is empty, or not there yet")
      ->required();
  command.callback([&context, request] { RestoreHub(*request, context); });
}

}  // namespace millwright::cli
