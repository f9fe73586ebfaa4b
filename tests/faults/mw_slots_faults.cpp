// Breaks the model slots in every way a gateway may: power cuts with all their torn and reordered
// writes, kill -9 at random moments, failing and full disks. After each, recovery is judged.
//
//   mw-slots-faults [crash states] [sigkills] [I/O faults] [seed]
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <random>

#include "os/fake_disk.h"
#include "slots/testing/life.h"

namespace {

using namespace millwright;
using slots::Known;
using slots::Life;
using slots::Verdict;

struct Tally {
  uint64_t crash_states = 0, sigkills = 0, io_faults = 0;
  uint64_t unservable = 0, unverified_loaded = 0, below_floor_installed = 0, stuck = 0;
  double recovery_ms_max = 0;

  void Add(const Verdict& v, const char* where) {
    unservable += v.unservable ? 1 : 0;
    unverified_loaded += v.unverified_loaded ? 1 : 0;
    below_floor_installed += v.below_floor_installed ? 1 : 0;
    recovery_ms_max = std::max(recovery_ms_max, v.recovery_ms);
    if (!v.good()) std::fprintf(stderr, "%s: %s\n", where, v.what.c_str());
  }
  void AddStuck(const Result<void>& went_on, const char* where) {
    if (went_on) return;
    ++stuck;
    std::fprintf(stderr, "%s: stuck: %s\n", where, went_on.error().what.c_str());
  }
  [[nodiscard]] bool good() const {
    return unservable + unverified_loaded + below_floor_installed + stuck == 0 &&
           recovery_ms_max <= 1000;
  }
};

void Progress(const char* what, uint64_t done, uint64_t wanted) {
  std::fprintf(stderr, "\r%-12s %8llu of %llu", what, static_cast<unsigned long long>(done),
               static_cast<unsigned long long>(wanted));
  if (done >= wanted) std::fputc('\n', stderr);
}

// The cuts of one stretch of the life and, for some of the states they leave, the cuts that fall
// into the recovery from them and into what comes after.
class PowerCutter {
 public:
  PowerCutter(uint64_t wanted, uint64_t seed, Tally& tally)
      : wanted_(wanted), seed_(seed), tally_(tally) {}

  void Play(size_t subsets) {
    os::FakeDisk disk;
    Life life(disk, clock_, "/m");
    size_t from = 0;
    Known before;
    (void)life.Play([&](const Known& known) {
      Known least = before;
      least.proved = known.proved;
      Cut(disk, from, subsets, least, true);
      from = disk.changes();
      before = known;
      Progress("power cuts", std::min(tally_.crash_states, wanted_), wanted_);
    });
  }

 private:
  static constexpr uint64_t kAgainEvery = 16;

  void Cut(const os::FakeDisk& disk, size_t from, size_t subsets, const Known& known, bool again) {
    tally_.crash_states += disk.EnumerateCuts(
        from, {.subsets_max = subsets, .seed = seed_}, seen_, [&](os::FakeDisk& cut, size_t) {
          tally_.Add(Life::Judge(cut, clock_, "/m", known), "power cut");
          if (!again || ++looked_ % kAgainEvery != 0) return;
          tally_.AddStuck(Life::GoOn(cut, clock_, "/m"), "power cut");
          Known later = known;
          later.proved.insert(Life::Pack(9).bundle.digest);
          Cut(cut, 0, 4, later, false);
        });
  }

  const uint64_t wanted_;
  const uint64_t seed_;
  Tally& tally_;
  os::FakeClock clock_;
  std::unordered_set<uint64_t> seen_;
  uint64_t looked_ = 0;
};

void CutPower(uint64_t wanted, uint64_t seed, Tally& tally) {
  PowerCutter cutter(wanted, seed, tally);
  for (size_t subsets = 16; tally.crash_states < wanted && subsets <= 4096; subsets *= 4)
    cutter.Play(subsets);
}

struct Report {
  uint64_t committed, proved, floor;
};

Report Pack(const Known& known) {
  Report r{.committed = known.committed, .proved = 0, .floor = known.floor};
  for (uint64_t release = 1; release <= 9; ++release)
    if (known.proved.contains(Life::Pack(release).bundle.digest)) r.proved |= 1ULL << release;
  return r;
}

Known Unpack(const Report& r) {
  Known known{.committed = r.committed != 0, .proved = {}, .floor = r.floor};
  for (uint64_t release = 1; release <= 9; ++release)
    if ((r.proved >> release & 1) != 0) known.proved.insert(Life::Pack(release).bundle.digest);
  return known;
}

[[noreturn]] void PlayInChild(const std::string& folder, int report_to) {
  os::RealDisk disk;
  os::RealClock clock;
  Life life(disk, clock, folder);
  const auto played = life.Play([&](const Known& known) {
    const Report r = Pack(known);
    if (write(report_to, &r, sizeof r) != static_cast<ssize_t>(sizeof r)) _exit(3);
  });
  _exit(played ? 0 : 2);
}

// One child, killed after `delay_us`; false where it had finished before.
bool KillOnce(const std::string& folder, useconds_t delay_us, Tally& tally) {
  std::filesystem::remove_all(folder);
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) PlayInChild(folder, ends[1]);
  close(ends[1]);
  usleep(delay_us);
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  Known known;
  Report r{};
  while (read(ends[0], &r, sizeof r) == static_cast<ssize_t>(sizeof r)) known = Unpack(r);
  close(ends[0]);
  os::RealDisk disk;
  os::RealClock clock;
  tally.Add(Life::Judge(disk, clock, folder, known), "kill -9");
  tally.AddStuck(Life::GoOn(disk, clock, folder), "kill -9");
  return WIFSIGNALED(status);
}

void KillAtRandom(uint64_t wanted, uint64_t seed, Tally& tally) {
  std::mt19937_64 random(seed);
  const std::string folder =
      (std::filesystem::temp_directory_path() / ("mw_slots_" + std::to_string(getpid()))).string();
  // Where kills come too late the span shrinks, where they never do it grows: it follows the disk.
  double span_us = 200'000;
  while (tally.sigkills < wanted) {
    const auto delay =
        static_cast<useconds_t>(std::uniform_real_distribution<>(0, span_us)(random));
    const bool killed = KillOnce(folder, delay, tally);
    tally.sigkills += killed ? 1 : 0;
    span_us = std::clamp(span_us * (killed ? 1.02 : 0.85), 5'000.0, 5'000'000.0);
    Progress("kill -9", tally.sigkills, wanted);
  }
  std::filesystem::remove_all(folder);
}

// Each change of the life fails once or from then on, with EIO or ENOSPC; then the disk works
// again.
void FailTheDisk(uint64_t wanted, Tally& tally) {
  os::FakeClock clock;
  for (const bool lasting : {false, true}) {
    for (const Errc code : {Errc::kIo, Errc::kExhausted}) {
      size_t at = 0;
      for (bool swallowed = false; !swallowed && tally.io_faults < wanted; ++at) {
        os::FakeDisk disk;
        disk.FailAt(at, code, lasting);
        Life life(disk, clock, "/m");
        Known known;
        swallowed = life.Play([&](const Known& k) { known = k; }).has_value();
        if (swallowed) break;  // past the end of the life
        ++tally.io_faults;
        disk.FailAt(~size_t{0}, code, false);
        for (uint64_t release = 1; release <= 5; ++release)
          known.proved.insert(Life::Pack(release).bundle.digest);
        tally.Add(Life::Judge(disk, clock, "/m", known), "failing disk");
        tally.AddStuck(Life::GoOn(disk, clock, "/m"), "failing disk");
        Progress("disk faults", tally.io_faults, wanted);
      }
    }
  }
  std::fputc('\n', stderr);
}

uint64_t Argument(int argc, char** argv, int i, uint64_t otherwise) {
  return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const uint64_t states = Argument(argc, argv, 1, 10'000);
  const uint64_t kills = Argument(argc, argv, 2, 1'000);
  const uint64_t faults = Argument(argc, argv, 3, 1'000);
  const uint64_t seed = Argument(argc, argv, 4, 1);
  for (uint64_t release = 1; release <= 9; ++release) (void)Life::Pack(release);  // before any fork
  Tally t;
  CutPower(states, seed, t);
  KillAtRandom(kills, seed, t);
  FailTheDisk(faults, t);
  const bool enough = t.crash_states >= states && t.sigkills >= kills && t.io_faults >= faults;
  const auto number = [](uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf(
      "{\"crash_states\": %llu, \"sigkills\": %llu, \"io_faults\": %llu, \"unservable\": %llu, "
      "\"unverified_loaded\": %llu, \"below_floor_installed\": %llu, \"stuck\": %llu, "
      "\"recovery_ms_max\": %.1f, \"seed\": %llu, \"ok\": %s, \"not_measured\": []}\n",
      number(t.crash_states), number(t.sigkills), number(t.io_faults), number(t.unservable),
      number(t.unverified_loaded), number(t.below_floor_installed), number(t.stuck),
      t.recovery_ms_max, number(seed), t.good() && enough ? "true" : "false");
  return t.good() && enough ? 0 : 1;
}
