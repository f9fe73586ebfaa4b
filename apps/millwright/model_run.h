// `millwright model run`: raw tensors in, raw tensors out.
#pragma once

#include <CLI/App.hpp>

#include "context.h"

namespace millwright::cli {

void AddModelRun(CLI::App& group, Context& context);

}  // namespace millwright::cli
