#include "model_io.h"

#include <CLI/CLI.hpp>
#include <cstring>

namespace millwright::cli {

void AddEngineOptions(CLI::App& command, EngineChoice& choice, const char* streams_help) {
  std::string names;
  for (const nn::KernelSet set : nn::AvailableKernelSets())
    names += (names.empty() ? "" : ", ") + std::string(nn::Name(set));
  command.add_option("--kernel", choice.kernel,
                     "Instructions to use, here: " + names + " (default: the last)");
  command.add_option("--threads", choice.threads, "Threads, this one included")
      ->check(CLI::Range(1, 64));
  command.add_option("--streams", choice.streams, streams_help)->check(CLI::Range(1, 4096));
}

Result<os::Bytes> ReadModelFile(const std::string& path) {
  constexpr size_t kModelBytesMax = size_t{64} << 20;
  os::RealFiles files;
  return files.Read(path, kModelBytesMax);
}

Result<std::shared_ptr<const nn::Engine>> LoadEngine(std::span<const std::byte> file,
                                                     const std::string& kernel) {
  nn::LoadOptions options;
  if (!kernel.empty()) {
    MW_TRY(options.kernel_set, nn::ParseKernelSet(kernel));
  }
  return nn::Engine::Load(file, options);
}

size_t InputRecordBytes(const nn::Engine& engine) {
  size_t bytes = 0;
  for (int i = 0; i < engine.input_count(); ++i) bytes += engine.input(i).bytes;
  return bytes;
}

size_t OutputRecordBytes(const nn::Engine& engine) {
  size_t bytes = 0;
  for (int i = 0; i < engine.output_count(); ++i) bytes += engine.output(i).bytes;
  return bytes;
}

void SetInputs(nn::Session& session, std::span<const std::byte> record) {
  const std::byte* from = record.data();
  for (int i = 0; i < session.engine().input_count(); ++i) {
    const std::span<std::byte> input = session.Input(i);
    std::memcpy(input.data(), from, input.size());
    from += input.size();
  }
}

void CopyOutputs(const nn::Session& session, std::span<std::byte> record) {
  std::byte* to = record.data();
  for (int i = 0; i < session.engine().output_count(); ++i) {
    const std::span<const std::byte> output = session.Output(i);
    std::memcpy(to, output.data(), output.size());
    to += output.size();
  }
}

Result<size_t> CountRuns(const std::string& input, size_t bytes, size_t record) {
  if (bytes == 0 || bytes % record != 0) {
    return Fail(Errc::kInvalid, input + ": " + std::to_string(bytes) +
                                    " bytes; one run of this model takes " +
                                    std::to_string(record));
  }
  return bytes / record;
}

Streams::Streams(const std::shared_ptr<const nn::Engine>& engine, const EngineChoice& choice)
    : batch_(engine, {.sessions_max = choice.streams, .threads = choice.threads}) {
  for (int i = 0; i < choice.streams; ++i) sessions_.emplace_back(engine);
  for (nn::Session& session : sessions_) pointers_.push_back(&session);
}

}  // namespace millwright::cli
