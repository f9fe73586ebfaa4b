// `millwright model inspect`: what a .tflite file holds and what one run of it costs.
#pragma once

#include <CLI/App.hpp>

#include "context.h"

namespace millwright::cli {

void AddModelInspect(CLI::App& group, Context& context);

}  // namespace millwright::cli
