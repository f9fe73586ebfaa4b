// What run.py drives.
//
//   mw-nn-bench kernels                            the kernel sets of this machine, slowest first
//   mw-nn-bench serve                              a contender for each line "FILE KERNEL STREAMS
//   THREADS" up to an
//                                                  empty one, then laps: "INDEX TIMES" answers
//                                                  nanoseconds
//   mw-nn-bench counts FILE KERNEL STREAMS THREADS allocations per run and weight bytes per step
//   mw-nn-bench unchanged FILE WINDOWS             what stays from step to step
//   mw-nn-bench overlap FILE ROUNDS               how much faster windows are that overlap
//   mw-nn-bench bundle FOLDER                      writes a bundle of 2.3 MB
//   mw-nn-bench load FOLDER                        milliseconds until it could run
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "contenders.h"
#include "measures.h"

namespace millwright::bench {
namespace {

using Words = std::vector<std::string>;

Words Split(const std::string& line) {
  std::istringstream stream(line);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

Result<Contender> MakeContender(const Words& words) {
  if (words.size() != 4) return Fail(Errc::kInvalid, "a contender is FILE KERNEL STREAMS THREADS");
  MW_TRY(const nn::KernelSet set, nn::ParseKernelSet(words[1]));
  return Contender::Make({.file = words[0],
                          .kernel_set = set,
                          .streams = std::stoi(words[2]),
                          .threads = std::stoi(words[3])});
}

Result<void> Kernels(const Words& /*words*/) {
  for (const nn::KernelSet set : nn::AvailableKernelSets())
    std::printf("%s\n", std::string(nn::Name(set)).c_str());
  return {};
}

Result<void> Serve(const Words& /*words*/) {
  std::vector<Contender> contenders;
  std::string line;
  while (std::getline(std::cin, line) && !line.empty()) {
    MW_TRY(Contender contender, MakeContender(Split(line)));
    contenders.push_back(std::move(contender));
  }
  while (std::getline(std::cin, line)) {
    size_t index = 0;
    int times = 0;
    if (!(std::istringstream(line) >> index >> times) || index >= contenders.size())
      return Fail(Errc::kInvalid, "'" + line + "' is not INDEX TIMES");
    std::cout << contenders[index].Lap(times) << std::endl;
  }
  return {};
}

Result<void> Counts(const Words& words) {
  MW_TRY(Contender contender, MakeContender(words));
  const auto allocations = static_cast<long long>(contender.AllocationsPerRun());
  std::printf("{\"allocations\": %lld, \"weight_bytes\": %zu}\n", allocations,
              contender.weight_bytes());
  return {};
}

Result<void> CountUnchanged(const Words& words) {
  MW_TRY(const Unchanged found, MeasureUnchanged(words[0], words[1]));
  std::printf("{\"windows\": %zu, \"hidden\": %.4f, \"input\": %.4f}\n", found.windows,
              found.hidden_share, found.input_share);
  return {};
}

Result<void> Overlap(const Words& words) {
  MW_TRY(const double ratio, MeasureOverlap(words[0], std::stoi(words[1])));
  std::printf("%.3f\n", ratio);
  return {};
}

Result<void> Bundle(const Words& words) { return WriteLargeBundle(words[0]); }

Result<void> Load(const Words& words) {
  MW_TRY(const double ms, MeasureColdLoad(words[0]));
  std::printf("%.3f\n", ms);
  return {};
}

struct Verb {
  const char* name;
  size_t words;
  Result<void> (*run)(const Words&);
};

constexpr Verb kVerbs[] = {
    {"kernels", 0, Kernels}, {"serve", 0, Serve},
    {"counts", 4, Counts},   {"unchanged", 2, CountUnchanged},
    {"overlap", 2, Overlap}, {"bundle", 1, Bundle},
    {"load", 1, Load},
};

int Main(const Words& words) {
  for (const Verb& verb : kVerbs) {
    if (words.empty() || words[0] != verb.name || words.size() - 1 != verb.words) continue;
    const Result<void> done = verb.run({words.begin() + 1, words.end()});
    if (done) return 0;
    std::fprintf(stderr, "mw-nn-bench: %s\n", done.error().what.c_str());
    return 1;
  }
  std::fprintf(
      stderr, "mw-nn-bench: kernels, serve, counts, unchanged, bundle or load; see nn_bench.cpp\n");
  return 2;
}

}  // namespace
}  // namespace millwright::bench

int main(int argc, char** argv) { return millwright::bench::Main({argv + 1, argv + argc}); }
