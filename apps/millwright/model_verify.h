// `millwright model verify`: does TensorFlow Lite compute the same bytes?
#pragma once

#include <CLI/App.hpp>

#include "context.h"

namespace millwright::cli {

void AddModelVerify(CLI::App& group, Context& context);

}  // namespace millwright::cli
