// What is said about a command line that is wrong.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "context.h"

namespace millwright::cli {

/// Says what is wrong with `words` (all but the program's name), the nearest right word where there
/// is one, and where to read on: text on stderr, or one flat JSON object where --json is among
/// them. Gives the exit status.
[[nodiscard]] ExitCode RefuseUsage(const CLI::App& app, const CLI::ParseError& error,
                                   const std::vector<std::string>& words);

/// The sentence alone.
[[nodiscard]] std::string UsageFault(const CLI::App& app, const CLI::ParseError& error);

}  // namespace millwright::cli
