// Bundles for ./bench rollout: FOLDER/base, a, b, c, each with its version. All but b are sure that
// a machine is healthy; b is not, so that a gateway's shadow run refuses it.
#include <array>
#include <cstdio>

#include "agent/testing/tuned_models.h"

int main(int argc, char** argv) {
  using namespace millwright;
  if (argc != 2) {
    std::fputs("usage: mw-rollout-bundles FOLDER\n", stderr);
    return 2;
  }
  struct Bundle {
    const char *name, *version;
    double logit;
  };
  constexpr std::array<Bundle, 4> kBundles{
      Bundle{"base", "0", 3}, {"a", "1", 3.05}, {"b", "2", 1.5}, {"c", "3", 3.1}};
  os::RealFiles files;
  for (const Bundle& b : kBundles) {
    const auto made = agent::testing::WriteTuned(files, std::string(argv[1]) + "/" + b.name,
                                                 b.version, agent::testing::Steady(b.logit));
    if (made) continue;
    std::fprintf(stderr, "%s\n", made.error().what.c_str());
    return 1;
  }
  return 0;
}
