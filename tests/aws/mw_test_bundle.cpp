// mw-test-bundle FOLDER VERSION: a bundle that loads, of that version.
#include <cstdio>

#include "model/testing/test_bundle.h"
#include "os/files.h"

int main(int argc, char** argv) {
  using namespace millwright;
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s FOLDER VERSION\n", argv[0]);
    return 2;
  }
  os::RealFiles files;
  model::Manifest manifest = model::MakeTestManifest();
  manifest.version = argv[2];
  auto written = files.MakeFolders(argv[1]);
  if (written) written = model::WriteTestBundle(files, argv[1], manifest);
  if (written) return 0;
  std::fprintf(stderr, "%s\n", written.error().what.c_str());
  return 1;
}
