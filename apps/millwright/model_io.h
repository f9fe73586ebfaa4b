// What the `model` commands share: a model file made ready, and records (all inputs of a run, or
// all its outputs, in the file's order).
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "nn/batch.h"
#include "os/files.h"

namespace millwright::cli {

struct EngineChoice {
  std::string kernel;  // empty: the fastest here
  int threads = 1;
  int streams = 1;
};

/// --kernel, --threads and --streams.
void AddEngineOptions(CLI::App& command, EngineChoice& choice, const char* streams_help);

[[nodiscard]] Result<os::Bytes> ReadModelFile(const std::string& path);
/// `kernel` by name; the fastest where it is empty.
[[nodiscard]] Result<std::shared_ptr<const nn::Engine>> LoadEngine(std::span<const std::byte> file,
                                                                   const std::string& kernel);

[[nodiscard]] size_t InputRecordBytes(const nn::Engine& engine);
[[nodiscard]] size_t OutputRecordBytes(const nn::Engine& engine);
void SetInputs(nn::Session& session, std::span<const std::byte> record);
void CopyOutputs(const nn::Session& session, std::span<std::byte> record);

/// How many runs `bytes` of input hold: at least one, and whole ones.
[[nodiscard]] Result<size_t> CountRuns(const std::string& input, size_t bytes, size_t record);

/// Sessions of one engine side by side, and what runs them together.
class Streams {
 public:
  Streams(const std::shared_ptr<const nn::Engine>& engine, const EngineChoice& choice);
  [[nodiscard]] size_t count() const { return sessions_.size(); }
  [[nodiscard]] nn::Session& operator[](size_t i) { return sessions_[i]; }
  /// The first `count` sessions, at once.
  void Invoke(size_t count) { batch_.Invoke(std::span(pointers_).first(count)); }

 private:
  std::vector<nn::Session> sessions_;
  std::vector<nn::Session*> pointers_;
  nn::Batch batch_;
};

}  // namespace millwright::cli
