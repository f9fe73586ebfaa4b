// Query parameters with limits. A bad one is a 400 problem that names it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace millwright::hub {

/// Collects the first fault; getters return their fallback from then on.
class Params {
 public:
  explicit Params(const http::Request& request) : request_(request) {}

  [[nodiscard]] int64_t Integer(std::string_view name, int64_t fallback, int64_t min, int64_t max);
  [[nodiscard]] std::string OneOf(std::string_view name, std::string_view fallback,
                                  const std::vector<std::string_view>& allowed);
  [[nodiscard]] std::string Text(std::string_view name, std::string_view fallback,
                                 size_t length_max);
  /// Split at commas; empty where the parameter is missing.
  [[nodiscard]] std::vector<std::string> List(std::string_view name, size_t count_max,
                                              size_t length_max);
  /// Notes a fault of the caller's own rule.
  void Fault(std::string_view name, std::string_view what);
  /// The problem to answer with, where there was a fault. Also for a parameter that no getter asked
  /// for: a misspelt one must not be ignored silently.
  [[nodiscard]] std::optional<http::Response> Finish();

 private:
  [[nodiscard]] std::optional<std::string_view> Get(std::string_view name);

  const http::Request& request_;
  std::vector<std::string> asked_;
  std::optional<http::Response> problem_;
};

}  // namespace millwright::hub
