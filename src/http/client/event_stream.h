// Takes a text/event-stream apart as it arrives, in pieces of any size. Source: WHATWG HTML,
// server-sent events.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace millwright::http {

class EventStreamParser {
 public:
  /// `on_event(name, data)` returns false to stop.
  explicit EventStreamParser(std::function<bool(std::string_view, std::string_view)> on_event)
      : on_event_(std::move(on_event)) {}

  /// False once a callback has asked to stop, or where a line is longer than a mebibyte.
  [[nodiscard]] bool Push(std::string_view piece);

 private:
  [[nodiscard]] bool TakeLine(std::string_view line);

  std::function<bool(std::string_view, std::string_view)> on_event_;
  std::string rest_;
  std::string name_;
  std::string data_;
};

}  // namespace millwright::http
