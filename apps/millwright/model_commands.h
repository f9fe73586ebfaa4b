// `millwright model inspect` and `millwright model run`: what a .tflite file holds, and what this
// engine makes of it.
#pragma once

#include <CLI/App.hpp>

#include "context.h"

namespace millwright::cli {

/// Adds the group `model` to `app`. Both must outlive the parsing.
void AddModelCommands(CLI::App& app, Context& context);

}  // namespace millwright::cli
