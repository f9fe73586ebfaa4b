// `millwright keys ...`: make keys, sign metadata, keep a repository of what may be installed.
#pragma once

#include <CLI/App.hpp>

#include "context.h"

namespace millwright::cli {

/// Adds the group `keys` to `app`; both arguments outlive the parsing.
void AddKeysCommands(CLI::App& app, Context& context);

}  // namespace millwright::cli
