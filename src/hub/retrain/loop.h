// Freezes a data set, trains on it, compares the new model with the live one, promotes the better.
// One job at a time; each step is a command of the configuration, run beside the hub.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "hub/retrain/judgement.h"
#include "hub/retrain/retrains.h"
#include "hub/retrain/supervised.h"
#include "os/clock.h"

namespace millwright::hub::retrain {

/// A program and its arguments. In each word {job}, {folder}, {data}, {out}, {report} and {live}
/// stand for the job's id, its folder, the frozen data set, the new bundle, the comparison's file
/// and the live bundle.
using Template = std::vector<std::string>;

struct Options {
  std::string folder{};  // a job's files are in folder/ID; empty: this hub does not retrain
  std::string live{};    // bundle folder of the model that decides, until one is promoted here
  Template freeze{}, train{}, compare{}, release{};
  bool approval = true;   // a person lets the model out
  std::string rollout{};  // its policy, as JSON (hub/rollout/policy.h); empty: the usual one
  Nanos every = 0;        // 0: only when somebody asks
  Nanos step_max = 0;     // longest time of one command
  size_t log_bytes_max = 1 << 20;
  std::string code_version{};
  [[nodiscard]] bool enabled() const { return !folder.empty(); }
};

/// Starts a rollout of the release whose manifest has this digest, or finds the one that is there;
/// its id. kNotFound: no such release; every other error ends the job.
using Promote = std::function<Result<std::string>(const std::string& bundle)>;

/// Belongs to one thread. A hub that was killed begins the step under way anew, in an empty folder;
/// kAttemptsMax times, then the job has failed.
class Loop {
 public:
  static constexpr int64_t kAttemptsMax = 3;

  /// Borrows retrains and clock.
  Loop(Retrains& retrains, os::Clock& clock, Options options, Promote promote)
      : retrains_(retrains),
        clock_(clock),
        options_(std::move(options)),
        promote_(std::move(promote)) {}

  /// Every second or so. Errors are of the database; what goes wrong with a job is its own end.
  [[nodiscard]] Result<void> Step();
  /// Kills what runs; the job stays under way and goes on when a loop starts again.
  void Stop() { program_.reset(); }

 private:
  [[nodiscard]] Result<void> AskBySchedule();
  [[nodiscard]] Result<void> Watch(Retrain job);
  [[nodiscard]] Result<void> Begin(Retrain job);
  [[nodiscard]] Result<void> Launch(Retrain job, const Template& command);
  [[nodiscard]] Result<void> Ended(Retrain job, int status);
  /// What the step under way has made; the next state.
  [[nodiscard]] Result<State> Harvest(Retrain& job);
  [[nodiscard]] Result<State> Decide(Retrain& job);
  [[nodiscard]] Result<void> Release(Retrain job, bool released);
  [[nodiscard]] Result<void> End(Retrain job, State state, std::string words);
  [[nodiscard]] Result<std::string> LiveBundle();
  [[nodiscard]] std::string FolderOf(const Retrain& job) const;

  Retrains& retrains_;
  os::Clock& clock_;
  const Options options_;
  const Promote promote_;
  std::unique_ptr<Program> program_;
  std::string of_;     // whose program it is
  Nanos started_ = 0;  // monotonic
};

/// Of a job's program; `log`.1 is the older half.
[[nodiscard]] std::string LogOf(const Options& options, const std::string& id);

/// SHA-256 over the relative path and the content of every file below the folder, in order of the
/// paths.
[[nodiscard]] Result<std::string> HashOfFolder(const std::string& folder);

}  // namespace millwright::hub::retrain
