// `millwright model`: what a .tflite file holds, what this engine makes of it, how fast, and
// whether TensorFlow Lite agrees.
#pragma once

#include <CLI/App.hpp>

#include "context.h"

namespace millwright::cli {

/// Adds the group `model` to `app`. Both must outlive the parsing.
void AddModelCommands(CLI::App& app, Context& context);

}  // namespace millwright::cli
