// A file of zstd frames, written and read as a stream: memory does not grow with the file.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"

namespace millwright::hub {

/// An open file, closed at the end. Moves only.
class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(int handle) : handle_(handle) {}
  OpenFile(OpenFile&& other) noexcept;
  OpenFile& operator=(OpenFile&& other) noexcept;
  ~OpenFile();
  [[nodiscard]] int handle() const { return handle_; }

  /// Reads only. kNotFound or kIo; kUnsupported where it is a folder or a device.
  [[nodiscard]] static Result<OpenFile> Read(const std::string& path);
  /// A new file with these permissions. kConflict where there is one already, kExhausted, kIo.
  [[nodiscard]] static Result<OpenFile> Create(const std::string& path, unsigned mode);
  [[nodiscard]] Result<size_t> ReadSome(std::span<std::byte> into) const;
  [[nodiscard]] Result<void> WriteAll(std::span<const std::byte> bytes) const;
  [[nodiscard]] Result<void> Sync() const;

 private:
  int handle_ = -1;
};

class ZstdWriter {
 public:
  explicit ZstdWriter(OpenFile file);
  ~ZstdWriter();
  ZstdWriter(const ZstdWriter&) = delete;
  ZstdWriter& operator=(const ZstdWriter&) = delete;
  [[nodiscard]] Result<void> Write(std::span<const std::byte> bytes);
  /// Ends the frame and syncs the file.
  [[nodiscard]] Result<void> Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ZstdReader {
 public:
  explicit ZstdReader(OpenFile file);
  ~ZstdReader();
  ZstdReader(const ZstdReader&) = delete;
  ZstdReader& operator=(const ZstdReader&) = delete;
  /// Fills `into`; fewer bytes only at the end of the last frame. kInvalid: no zstd, a wrong
  /// checksum, or an end in the middle.
  [[nodiscard]] Result<size_t> Read(std::span<std::byte> into);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace millwright::hub
