#include "hub/api/params.h"

#include <algorithm>
#include <charconv>

namespace millwright::hub {

std::optional<std::string_view> Params::Get(std::string_view name) {
  asked_.emplace_back(name);
  return request_.Query(name);
}

void Params::Fault(std::string_view name, std::string_view what) {
  if (!problem_) problem_ = http::BadParameter(name, std::string(name) + " " + std::string(what));
}

int64_t Params::Integer(std::string_view name, int64_t fallback, int64_t min, int64_t max) {
  const auto text = Get(name);
  if (!text) return fallback;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc{} && end == text->data() + text->size() && value >= min && value <= max)
    return value;
  Fault(name, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return fallback;
}

std::string Params::OneOf(std::string_view name, std::string_view fallback,
                          const std::vector<std::string_view>& allowed) {
  const auto text = Get(name);
  if (!text) return std::string(fallback);
  if (std::find(allowed.begin(), allowed.end(), *text) != allowed.end()) return std::string(*text);
  std::string words;
  for (const std::string_view word : allowed)
    words += (words.empty() ? "" : ", ") + std::string(word);
  Fault(name, "must be one of " + words);
  return std::string(fallback);
}

std::string Params::Text(std::string_view name, std::string_view fallback, size_t length_max) {
  const auto text = Get(name);
  if (!text) return std::string(fallback);
  if (text->size() <= length_max) return std::string(*text);
  Fault(name, "is longer than " + std::to_string(length_max) + " characters");
  return std::string(fallback);
}

std::vector<std::string> Params::List(std::string_view name, size_t count_max, size_t length_max) {
  std::string_view rest = Get(name).value_or("");
  std::vector<std::string> items;
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string_view item = rest.substr(0, comma);
    if (item.empty() || item.size() > length_max || items.size() == count_max) {
      Fault(name, "must be at most " + std::to_string(count_max) + " names, separated by commas");
      return {};
    }
    items.emplace_back(item);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return items;
}

std::optional<http::Response> Params::Finish() {
  for (const auto& [name, value] : request_.query)
    if (std::find(asked_.begin(), asked_.end(), name) == asked_.end())
      Fault(name, "is no parameter of this route");
  return std::move(problem_);
}

}  // namespace millwright::hub
