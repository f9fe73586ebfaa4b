// What a command prints: a table for people, or one flat JSON object (numbers, strings, booleans,
// arrays of these).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "context.h"

namespace millwright::cli {

/// One flat JSON object; keys keep their order. Print adds `ok` and `not_measured` where they are
/// not set.
class FlatJson {
 public:
  using Value = std::variant<bool, int64_t, double, std::string, std::vector<std::string>,
                             std::vector<double>, std::vector<int64_t>, std::vector<bool>>;

  FlatJson& Set(std::string_view key, std::string_view text) {
    return SetValue(key, std::string(text));
  }
  template <typename T>
  requires(!std::convertible_to<T, std::string_view>) FlatJson& Set(std::string_view key, T value) {
    return SetValue(key, Value(std::move(value)));
  }
  FlatJson& Count(std::string_view key, uint64_t value) {
    return SetValue(key, static_cast<int64_t>(value));
  }
  [[nodiscard]] std::string Text() const;
  void Print() const;

 private:
  FlatJson& SetValue(std::string_view key, Value value);
  [[nodiscard]] bool Has(std::string_view key) const;
  std::vector<std::pair<std::string, Value>> entries_;
};

enum class Tone : uint8_t { kPlain, kGood, kAttention, kBad, kFaint };

/// A table with aligned columns: colours only where the terminal has them.
class TextTable {
 public:
  struct Cell {
    std::string text;
    Tone tone = Tone::kPlain;
  };
  explicit TextTable(std::vector<std::string> titles) : titles_(std::move(titles)) {}
  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] std::string Text(bool color) const;

 private:
  std::vector<std::string> titles_;
  std::vector<std::vector<Cell>> rows_;
};

[[nodiscard]] std::string Painted(std::string_view text, Tone tone, bool color);

/// "12 s", "4 min", "3 h", "2 d"; "-" for a time that is not known (0 or less).
[[nodiscard]] std::string Age(int64_t now_ms, int64_t then_ms);

/// "2026-11-22T18:35:18Z"; "-" for a time that is not known (0 or less).
[[nodiscard]] std::string ShortUtc(int64_t utc_ms);

/// An alarm's level and score as every list shows them.
[[nodiscard]] Tone LevelTone(std::string_view level);
[[nodiscard]] std::string ScoreText(double score);

/// Colours belong on a terminal that nobody has asked to be plain (NO_COLOR, TERM=dumb).
[[nodiscard]] bool TerminalHasColor();

}  // namespace millwright::cli
