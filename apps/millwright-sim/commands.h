// Commands on standard input, one JSON object a line: inject, repair, sensor, stop.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "machines/plant.h"

namespace millwright::sim {

/// Carries one command out. True: stop. kInvalid or kNotFound says what is wrong with it.
[[nodiscard]] Result<bool> RunCommand(std::string_view line, machines::Plant& plant);

/// Lines from a descriptor without ever waiting for them.
class CommandInput {
 public:
  explicit CommandInput(int fd) : fd_(fd) {}
  /// The next whole line; false where none is there yet. At the end of input `ended` becomes true.
  [[nodiscard]] bool TakeLine(std::string& line);
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  void Fill();
  int fd_;
  std::string buffer_;
  bool ended_ = false;
};

}  // namespace millwright::sim
