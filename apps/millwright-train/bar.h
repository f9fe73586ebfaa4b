// Progress of long work, on standard error.
#pragma once

#include <unistd.h>

#include <iostream>
#include <string>

namespace millwright {

// One line that is redrawn on a terminal; elsewhere a line per tenth, so that logs stay short.
class Bar {
 public:
  explicit Bar(bool quiet) : quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0) {}
  void Show(const std::string& head, double share, const std::string& tail = "") {
    const int tenth = static_cast<int>(share * 10);
    if (quiet_ || (!terminal_ && head == head_ && tenth == tenth_)) return;
    if (terminal_ && !head_.empty() && head != head_) std::cerr << '\n';
    head_ = head;
    tenth_ = tenth;
    const auto filled = static_cast<size_t>(share * 30);
    const std::string bar = std::string(filled, '#') + std::string(30 - filled, '.');
    std::cerr << (terminal_ ? "\r\x1b[K" : "") << head
              << std::string(head.size() < 26 ? 26 - head.size() : 1, ' ') << '[' << bar << "] "
              << static_cast<int>(share * 100) << " %  " << tail << (terminal_ ? "" : "\n")
              << std::flush;
  }
  void End() {
    if (!quiet_ && terminal_ && !head_.empty()) std::cerr << '\n';
    head_.clear();
  }

 private:
  bool quiet_, terminal_;
  std::string head_;
  int tenth_ = -1;
};

}  // namespace millwright
