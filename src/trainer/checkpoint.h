// A stopped training run goes on where it was: what a learner keeps after its epochs, in files that
// are named by everything the learning depends on.
#pragma once

#include <string>

#include "core/result.h"
#include "os/clock.h"
#include "os/files.h"
#include "trainer/learner.h"

namespace millwright::trainer {

/// SHA-256 (hex) over the windows, labels and options: equal keys learn equal nets.
[[nodiscard]] std::string LearnKey(const WindowSet& train, const WindowSet& validation,
                                   const LearnOptions& options);

/// One folder of states, a file each, `<key>.state`. It borrows files and clock.
class Checkpoints {
 public:
  /// A state is written when the last is at least `every` old, and after the last epoch.
  Checkpoints(os::Files& files, os::Clock& clock, std::string folder, Nanos every = 10 * kSecond)
      : files_(files), clock_(clock), folder_(std::move(folder)), every_(every) {}

  /// States that the folder holds; 0 where there is no folder.
  [[nodiscard]] size_t Count() const;
  /// Removes all of them; what is not a state stays.
  [[nodiscard]] Result<void> Clear();
  /// `inner` with states kept, and taken up where one is there. A state that is torn or foreign is
  /// passed over: learning then begins anew. Not thread-safe; `this` has to outlive what it gives.
  [[nodiscard]] Learner Around(Learner inner);

  [[nodiscard]] int taken_up() const { return taken_up_; }
  /// Why the last state could not be written; empty: all were. Training goes on without.
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  [[nodiscard]] std::string PathOf(const std::string& key) const;
  [[nodiscard]] std::string Read(const std::string& key) const;
  void Write(const std::string& key, const std::string& state);

  os::Files& files_;
  os::Clock& clock_;
  std::string folder_;
  Nanos every_;
  int taken_up_ = 0;
  std::string fault_;
};

}  // namespace millwright::trainer
