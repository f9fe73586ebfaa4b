#include "http/client/event_stream.h"

namespace millwright::http {
namespace {
constexpr size_t kLineBytesMax = size_t{1} << 20;
}

bool EventStreamParser::Push(std::string_view piece) {
  rest_.append(piece);
  size_t begin = 0;
  for (size_t end; (end = rest_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::string_view line = std::string_view(rest_).substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!TakeLine(line)) return false;
  }
  rest_.erase(0, begin);
  return rest_.size() <= kLineBytesMax && data_.size() <= kLineBytesMax;
}

bool EventStreamParser::TakeLine(std::string_view line) {
  if (line.empty()) {
    bool go_on = true;
    if (!data_.empty()) {
      data_.pop_back();  // the newline after the last data line
      go_on = on_event_(name_.empty() ? "message" : std::string_view(name_), data_);
    }
    name_.clear();
    data_.clear();
    return go_on;
  }
  const size_t colon = line.find(':');
  if (colon == 0) return true;  // a comment keeps the connection alive
  const std::string_view field = line.substr(0, colon);
  std::string_view value =
      colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") name_ = value;
  if (field == "data") data_.append(value).push_back('\n');
  return true;
}

}  // namespace millwright::http
