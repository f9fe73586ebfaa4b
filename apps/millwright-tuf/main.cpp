// millwright-tuf: a plain client of any TUF repository, with the command line of the public
// conformance suite: init, refresh, download; exit status 0 or 1.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "client.h"

int main(int argc, char** argv) {
  using namespace millwright;
  tuf::ClientOptions options;
  CLI::App app("A client of TUF repositories over HTTP", "millwright-tuf");
  app.set_version_flag("--version", MW_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--metadata-dir", options.metadata_dir, "Folder of trusted metadata")->required();
  app.add_option("--metadata-url", options.metadata_url, "Where the repository keeps its metadata");
  app.add_option("--target-name", options.target_names, "Path of a target; may be repeated")
      ->allow_extra_args(false);
  app.add_option("--target-base-url", options.target_base_url,
                 "Where the repository keeps its targets");
  app.add_option("--target-dir", options.target_dir, "Folder for fetched targets");
  CLI::App* init = app.add_subcommand("init", "Trust a root from now on");
  init->add_option("TRUSTED_ROOT", options.trusted_root, "Its file")->required();
  CLI::App* refresh = app.add_subcommand("refresh", "Bring the metadata up to date");
  CLI::App* download = app.add_subcommand("download", "Refresh, then fetch targets");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 1;
  }

  os::RealFiles files;
  const os::RealClock clock;
  Result<void> done;
  if (init->parsed()) {
    done = tuf::Init(files, options);
  } else if (refresh->parsed()) {
    done = tuf::Refresh(files, clock, options);
  } else if (download->parsed()) {
    done = tuf::Download(files, clock, options);
  }
  if (done) return 0;
  std::fprintf(stderr, "millwright-tuf: %s\n", done.error().what.c_str());
  return 1;
}
