// Writes JSON straight into one string: an answer of a thousand machines is built without a tree of
// nodes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace millwright::http {

/// Commas and quotes are the writer's; the caller balances Begin and End and gives each object
/// value a Key.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view key);

  JsonWriter& String(std::string_view text);  // invalid UTF-8 becomes U+FFFD
  JsonWriter& Integer(int64_t number);
  JsonWriter& Number(
      double number);  // the shortest text that reads back the same; NaN and infinity: null
  JsonWriter& Float(float number);  // the same for a float: 0.1f is written 0.1
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  /// Already JSON.
  JsonWriter& Raw(std::string_view json);

  template <typename T>
  JsonWriter& Field(std::string_view key, const T& value) {
    Key(key);
    if constexpr (std::is_same_v<T, bool>)
      return Bool(value);
    else if constexpr (std::is_integral_v<T>)
      return Integer(static_cast<int64_t>(value));
    else if constexpr (std::is_same_v<T, float>)
      return Float(value);
    else if constexpr (std::is_floating_point_v<T>)
      return Number(value);
    else
      return String(value);
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string Take() { return std::move(text_); }

 private:
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);
  void Separate();

  std::string text_;
  bool needs_comma_ = false;
};

}  // namespace millwright::http
