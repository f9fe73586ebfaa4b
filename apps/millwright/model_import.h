// `millwright model import`: a Keras or ONNX model becomes an INT8 .tflite file.
#pragma once

#include <CLI/App.hpp>

#include "context.h"

namespace millwright::cli {

/// Adds `import` to the group `model`. Both must outlive the parsing.
void AddModelImport(CLI::App& group, Context& context);

}  // namespace millwright::cli
