// A program that runs beside the hub: its output in a log that has a limit, stopped when it is told
// to, killed with the hub.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/result.h"

namespace millwright::hub::retrain {

struct ProgramOptions {
  std::vector<std::string> words{};  // the program (looked for in PATH) and its arguments
  std::string log{};                 // appended to
  size_t log_bytes_max = 1 << 20;    // of `log` and `log`.1 together; what is older goes
};

/// Belongs to the thread that started it: Linux kills the program when that thread ends.
class Program {
 public:
  /// kInvalid without words; kIo where the log or the process cannot be had. A program that does
  /// not exist ends with status 127.
  [[nodiscard]] static Result<std::unique_ptr<Program>> Start(ProgramOptions options);
  /// Stops it.
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Takes what it wrote; its exit status once it has ended (128 + n: ended by signal n). Does not
  /// wait.
  [[nodiscard]] std::optional<int> Poll();
  /// Kills it and all it has started in its process group, and waits for it. Harmless afterwards.
  void Stop();

 private:
  Program(ProgramOptions options, pid_t pid, int output)
      : options_(std::move(options)), pid_(pid), output_(output) {}
  void TakeOutput();
  void Append(const char* bytes, size_t count);

  const ProgramOptions options_;
  pid_t pid_;   // 0: has ended
  int output_;  // read end of its pipe; -1: closed
  int status_ = 0;
};

/// The newest `bytes_max` of a Program's log, older file first; empty where there is none.
[[nodiscard]] std::string TailOfLog(const std::string& log, size_t bytes_max);

}  // namespace millwright::hub::retrain
