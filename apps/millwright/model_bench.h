// `millwright model bench`: how fast a model runs on this machine.
#pragma once

#include <CLI/App.hpp>

#include "context.h"

namespace millwright::cli {

void AddModelBench(CLI::App& group, Context& context);

}  // namespace millwright::cli
