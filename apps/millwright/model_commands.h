// `millwright model inspect` and `millwright model run`: what a .tflite file holds, and what this
// engine makes of it.
#pragma once

#include <CLI/App.hpp>

namespace millwright {

/// Adds the group `model` to `app`. A command that fails sets `exit_code`; both must outlive the
/// parsing.
void AddModelCommands(CLI::App& app, int& exit_code);

}  // namespace millwright
