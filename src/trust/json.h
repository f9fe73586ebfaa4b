// JSON as signed metadata needs it: strict, bounded, whole numbers only, and with one canonical
// form. Two readers that disagree about a document can be made to disagree about what was signed,
// so everything that parsers are known to differ in (repeated keys, odd numbers, broken UTF-8) is
// an error here.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.h"

namespace millwright::trust {

class Json {
 public:
  using List = std::vector<Json>;
  using Object = std::map<std::string, Json, std::less<>>;

  Json() = default;
  Json(const char* text) : value_(std::string(text)) {}       // NOLINT: a value, not a conversion
  Json(std::string text) : value_(std::move(text)) {}         // NOLINT
  Json(std::string_view text) : value_(std::string(text)) {}  // NOLINT
  Json(List list) : value_(std::move(list)) {}                // NOLINT
  template <std::same_as<bool> T>
  Json(T truth) : value_(truth) {}  // NOLINT
  template <std::integral T>
  requires(!std::same_as<T, bool>) Json(T number)  // NOLINT
      : value_(static_cast<int64_t>(number)) {}
  // Not inline: GCC 12 at -O2 sees uninitialized parts of the variant that are not there.
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();
  [[nodiscard]] static Json EmptyObject();

  // Each gives nullptr where the value is of another kind.
  [[nodiscard]] const bool* AsBool() const { return std::get_if<bool>(&value_); }
  [[nodiscard]] const int64_t* AsInteger() const { return std::get_if<int64_t>(&value_); }
  [[nodiscard]] const std::string* AsText() const { return std::get_if<std::string>(&value_); }
  [[nodiscard]] const List* AsList() const { return std::get_if<List>(&value_); }
  [[nodiscard]] List* AsList() { return std::get_if<List>(&value_); }
  [[nodiscard]] const Object* AsObject() const { return std::get_if<Object>(&value_); }

  /// The member; nullptr where there is none or this is no object.
  [[nodiscard]] const Json* Find(std::string_view key) const;
  [[nodiscard]] Json* Find(std::string_view key);
  /// The member, made (null) where it was missing. Turns anything but an object into one.
  Json& operator[](std::string_view key);
  void Remove(std::string_view key);

  [[nodiscard]] bool operator==(const Json& other) const;

 private:
  friend class JsonReader;
  std::variant<std::monostate, bool, int64_t, std::string, List, Object> value_;
};

struct JsonLimits {
  int depth = 32;
  size_t values = 500'000;  // about 20 MiB of memory
};

/// kInvalid with the byte where it went wrong, kExhausted beyond a limit.
[[nodiscard]] Result<Json> ReadJson(std::string_view text, const JsonLimits& limits = {});

/// OLPC canonical JSON: sorted keys, no blanks, only quote and backslash escaped. What signatures
/// and key ids are made over.
[[nodiscard]] std::string Canonical(const Json& json);
/// The same document for people: indented by one blank, as python-tuf writes it.
[[nodiscard]] std::string Pretty(const Json& json);

}  // namespace millwright::trust
