// TensorFlow Lite as a Python package has it, found on this machine and asked what it computes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "os/files.h"

namespace millwright::cli {

struct PeerAnswer {
  std::string version;       // "ai_edge_litert 2.3.0"
  os::Bytes fresh, carried;  // all outputs of every run, state reset before each, and kept
};

/// Runs `runs` records of `input` through the model in `python` (a program's name or path) with the
/// reference kernels, one thread. kNotFound: no such Python, or none of its packages holds
/// TensorFlow Lite; kInvalid: the package refuses the model (its own words).
[[nodiscard]] Result<PeerAnswer> AskPeer(const std::string& python,
                                         std::span<const std::byte> model,
                                         std::span<const std::byte> input);

}  // namespace millwright::cli
