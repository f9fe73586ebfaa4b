// JSON lines on stderr: {"ts","level","component","msg",...fields}. Thread-safe; never on the
// sample path.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "core/result.h"

namespace millwright::log {

enum class Level : uint8_t { kDebug, kInfo, kWarning, kError };

struct Field {
  std::string_view key;
  std::variant<std::string, int64_t, double, bool> value;

  Field(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  template <typename T>
  requires std::is_integral_v<T> Field(std::string_view k, T v)
      : key(k), value(static_cast<int64_t>(v)) {}
};
using Fields = std::initializer_list<Field>;

/// Lines below this level are dropped. Default kInfo; may change at run time.
void SetLevel(Level level);

void Write(Level level, std::string_view component, std::string_view message, Fields fields);

inline void Debug(std::string_view component, std::string_view message, Fields fields = {}) {
  Write(Level::kDebug, component, message, fields);
}
inline void Info(std::string_view component, std::string_view message, Fields fields = {}) {
  Write(Level::kInfo, component, message, fields);
}
inline void Warning(std::string_view component, std::string_view message, Fields fields = {}) {
  Write(Level::kWarning, component, message, fields);
}
inline void Failure(std::string_view component, const Error& error, Fields fields = {}) {
  Write(Level::kError, component, error.what, fields);
}

}  // namespace millwright::log

namespace millwright {

/// `text` as a JSON string with quotes; invalid UTF-8 is replaced byte by byte by U+FFFD.
[[nodiscard]] std::string JsonQuote(std::string_view text);

}  // namespace millwright
