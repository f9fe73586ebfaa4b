#include "hub/api/body.h"

#include <algorithm>

namespace millwright::hub {

Body::Body(std::string_view text)
    : object_(text.empty() ? nlohmann::json::object()
                           : nlohmann::json::parse(text, nullptr, false)) {
  if (!object_.is_object()) {
    fault_ = "the body is no JSON object";
    object_ = nlohmann::json::object();
  }
}

const nlohmann::json* Body::Get(const char* key) {
  asked_.emplace_back(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

void Body::Fault(const char* key, std::string_view what) {
  if (fault_.empty()) fault_ = std::string(key) + " " + std::string(what);
}

std::string Body::Text(const char* key, size_t length_max) {
  if (!object_.contains(key)) Fault(key, "is missing");
  return Text(key, length_max, "");
}

std::string Body::Text(const char* key, size_t length_max, std::string_view fallback) {
  const nlohmann::json* value = Get(key);
  if (value == nullptr) return std::string(fallback);
  if (!value->is_string()) {
    Fault(key, "is no text");
    return {};
  }
  auto text = value->get<std::string>();
  if (text.size() > length_max) Fault(key, "is too long");
  return text.size() > length_max ? std::string() : text;
}

int64_t Body::Integer(const char* key, int64_t fallback, int64_t min, int64_t max) {
  const nlohmann::json* value = Get(key);
  if (value == nullptr) return fallback;
  const bool good =
      value->is_number_integer() && value->get<int64_t>() >= min && value->get<int64_t>() <= max;
  if (good) return value->get<int64_t>();
  Fault(key, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  return fallback;
}

std::vector<std::string> Body::Texts(const char* key, size_t count_max, size_t length_max) {
  std::vector<std::string> out;
  const nlohmann::json* value = Get(key);
  if (value == nullptr) return out;
  if (!value->is_array() || value->size() > count_max) {
    Fault(key, "must be a list of at most " + std::to_string(count_max) + " texts");
    return out;
  }
  for (const nlohmann::json& one : *value) {
    if (one.is_string() && one.get_ref<const std::string&>().size() <= length_max)
      out.push_back(one.get<std::string>());
    else
      Fault(key, "holds what is no text, or a text that is too long");
  }
  return out;
}

bool Body::Flag(const char* key, bool fallback) {
  const nlohmann::json* value = Get(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) Fault(key, "must be true or false");
  return value->is_boolean() && value->get<bool>();
}

Result<void> Body::Finish() {
  for (const auto& [key, value] : object_.items())
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end())
      Fault(key.c_str(), "is no key of this request");
  if (!fault_.empty()) return Fail(Errc::kInvalid, fault_);
  return {};
}

}  // namespace millwright::hub
