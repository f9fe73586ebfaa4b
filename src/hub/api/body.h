// JSON bodies of requests, read with care: the first key that is wrong is named. Only for .cpp
// files.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::hub {

/// One flat JSON object. Getters note the first fault and give an empty value from then on.
class Body {
 public:
  explicit Body(std::string_view text);

  [[nodiscard]] std::string Text(const char* key, size_t length_max);
  [[nodiscard]] std::string Text(const char* key, size_t length_max, std::string_view fallback);
  [[nodiscard]] int64_t Integer(const char* key, int64_t fallback, int64_t min, int64_t max);
  /// A list of at most `count_max` texts; empty where the key is missing.
  [[nodiscard]] std::vector<std::string> Texts(const char* key, size_t count_max,
                                               size_t length_max);
  [[nodiscard]] bool Flag(const char* key, bool fallback);
  /// kInvalid: the first fault, or a key that no getter asked for.
  [[nodiscard]] Result<void> Finish();

 private:
  [[nodiscard]] const nlohmann::json* Get(const char* key);
  void Fault(const char* key, std::string_view what);

  nlohmann::json object_;
  std::vector<std::string> asked_;
  std::string fault_;
};

}  // namespace millwright::hub
