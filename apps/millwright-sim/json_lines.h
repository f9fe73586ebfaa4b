// A file of JSON lines that a reader may follow while it grows: each line is flushed.
#pragma once

#include <cstdio>
#include <memory>
#include <string>

#include "core/result.h"

namespace millwright::sim {

class JsonLines {
 public:
  /// Replaces the file; an empty path makes one that writes nowhere. "-" is standard output.
  [[nodiscard]] static Result<JsonLines> Open(const std::string& path);
  void Write(const std::string& line);
  [[nodiscard]] bool writes() const { return file_ != nullptr; }

 private:
  struct Closer {
    void operator()(std::FILE* file) const {
      if (file != stdout) std::fclose(file);
    }
  };
  std::unique_ptr<std::FILE, Closer> file_;
};

}  // namespace millwright::sim
