// The commands of millwright-train. Each adds its options to `app` and sets `exit_code` when it has
// run.
#pragma once

#include <string>

#include "core/result.h"

namespace CLI {
class App;
}

namespace millwright {

void AddTrain(CLI::App& app, int& exit_code);
void AddSplit(CLI::App& app, int& exit_code);
void AddScore(CLI::App& app, int& exit_code);
void AddEvaluate(CLI::App& app, int& exit_code);
void AddCompare(CLI::App& app, int& exit_code);
void AddSearch(CLI::App& app, int& exit_code);
void AddStudy(CLI::App& app, int& exit_code);

/// Prints the error and returns the exit status for it.
[[nodiscard]] int Report(const Error& error);

/// Writes `json` (one line) to `file` and, where `to_stdout`, as the last line of standard output.
[[nodiscard]] Result<void> Deliver(const std::string& json, const std::string& file,
                                   bool to_stdout);

}  // namespace millwright
