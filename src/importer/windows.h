// The user's windows: what an import is calibrated on, and compared on. NumPy arrays (.npy) or CSV;
// docs/formats/import.md says how they look.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"

namespace millwright::importer {

struct Windows {
  size_t count = 0, steps = 0, features = 0;
  std::vector<float> values{};  // [count x steps x features]
  [[nodiscard]] size_t window_values() const { return steps * features; }
  [[nodiscard]] std::span<const float> window(size_t i) const {
    return std::span(values).subspan(i * window_values(), window_values());
  }
};

struct WindowLimits {
  size_t bytes = size_t{512} << 20;  // of the file
  size_t steps = 4096;
  size_t features = 4096;
};

/// `name` ends in .npy or .csv and stands in errors. kInvalid: broken, of another shape than
/// [windows, steps, features], empty, or with a value that is not finite; kUnsupported: another
/// type than float32 and float64, or column order; kExhausted: beyond `limits`.
[[nodiscard]] Result<Windows> ReadWindows(std::span<const std::byte> bytes, const std::string& name,
                                          const WindowLimits& limits = {});

/// [rows x columns] as a .npy file of float32.
[[nodiscard]] std::vector<std::byte> WriteNpy(std::span<const float> values, size_t columns);

/// At most `most` of them, evenly spread from first to last.
[[nodiscard]] Windows Thin(const Windows& windows, size_t most);

}  // namespace millwright::importer
