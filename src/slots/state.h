// What a gateway knows about its models, and the two files that keep it. Each write replaces the
// older of the two, so that at any moment one of them is whole.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "os/disk.h"
#include "slots/table.h"

namespace millwright::slots {

/// A bundle by its content.
struct BundleRef {
  std::string digest{};  // sha256 of its manifest, which names every file: the bundle's identity
  std::string name{}, version{};
  uint64_t release = 0;       // counts up within a name; the floor is compared with it
  std::string pack_sha256{};  // of the pack that carries it
  uint64_t pack_bytes = 0;
  [[nodiscard]] bool operator==(const BundleRef&) const = default;
};

/// How a candidate ended, or a model was taken back.
struct Ending {
  BundleRef bundle{};
  std::string result{};  // "committed", "refused", "rolled back", "withdrawn", "undone"
  Phase phase = Phase::kIdle;
  std::string reason{};  // in words, for people
  Nanos at = 0;          // UTC as far as it was known
  [[nodiscard]] bool operator==(const Ending&) const = default;
};

/// Starts of the program since a model last proved itself in use.
struct Starts {
  std::string digest;     // of the model that decided
  int crashes = 0;        // the process ended by itself
  int power_cuts = 0;     // the machine went down with it
  int trial_crashes = 0;  // while a candidate was being proved, warmed or shadowed
  [[nodiscard]] bool operator==(const Starts&) const = default;
};

struct State {
  static constexpr size_t kRefusedMax = 64;
  static constexpr size_t kHistoryMax = 32;

  uint64_t generation = 0;
  Phase phase = Phase::kIdle;
  std::optional<BundleRef> committed, previous, candidate;
  uint64_t floor = 0;  // nothing below this release is installed any more
  Starts starts;
  bool running = false;              // a run has begun and not ended cleanly
  std::string boot_id;               // of that run
  std::vector<std::string> refused;  // digests that are never taken again, oldest first
  std::vector<Ending> history;       // oldest first
  [[nodiscard]] bool operator==(const State&) const = default;
};

[[nodiscard]] std::string WriteState(const State& state);
/// kInvalid where a byte is wrong: the text carries its own hash.
[[nodiscard]] Result<State> ReadState(std::string_view text);

/// The two files in `folder`. Not thread-safe.
class StateFiles {
 public:
  StateFiles(os::Disk& disk, std::string folder);
  /// The newest whole state; kNotFound where no file is there, kInvalid where none is whole.
  [[nodiscard]] Result<State> Load();
  /// Counts the generation up and makes the state durable.
  [[nodiscard]] Result<void> Store(State& state);

 private:
  [[nodiscard]] std::string PathOf(uint64_t generation) const;
  os::Disk& disk_;
  std::string folder_;
};

}  // namespace millwright::slots
