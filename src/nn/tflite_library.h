// The user's own TensorFlow Lite (libtensorflowlite_c.so), opened at run time, for models with
// operators that the engine does not run. Nothing of it is needed to build or to start.
//
//   MW_TRY(const auto library, nn::TfliteLibrary::Open("/usr/local/lib/libtensorflowlite_c.so"));
//   MW_TRY(const auto session, library->Load(file_bytes));
//   MW_TRY(session->Run(in, out));
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"

namespace millwright::nn {

struct TfliteOptions {
  int threads = 1;
};

/// One model with its state; records are all inputs, or all outputs, one after another. Not
/// thread-safe. What is computed, and how fast, is the library's.
class TfliteSession {
 public:
  virtual ~TfliteSession() = default;
  [[nodiscard]] virtual size_t input_bytes() const = 0;
  [[nodiscard]] virtual size_t output_bytes() const = 0;
  /// Sizes are checked (kInvalid); kIo where the library reports that it failed.
  [[nodiscard]] virtual Result<void> Run(std::span<const std::byte> in,
                                         std::span<std::byte> out) = 0;
  /// As the model was loaded: every state at its real zero.
  [[nodiscard]] virtual Result<void> ResetState() = 0;
};

/// The library itself; sessions keep it open.
class TfliteLibrary {
 public:
  virtual ~TfliteLibrary() = default;
  /// kNotFound where there is no such library or it cannot be loaded here; kUnsupported where it
  /// lacks a function of TensorFlow Lite's C interface (each missing one is named).
  [[nodiscard]] static Result<std::shared_ptr<const TfliteLibrary>> Open(const std::string& path);
  /// What the library says of itself: "2.19.0".
  [[nodiscard]] virtual std::string version() const = 0;
  /// kInvalid: a model that the library does not take.
  [[nodiscard]] virtual Result<std::unique_ptr<TfliteSession>> Load(
      std::span<const std::byte> file, TfliteOptions options = {}) const = 0;
};

}  // namespace millwright::nn
