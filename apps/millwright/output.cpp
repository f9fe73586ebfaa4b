#include "output.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "core/log.h"
#include "core/time.h"

namespace millwright::cli {
namespace {

std::string JsonText(bool value) { return value ? "true" : "false"; }
std::string JsonText(int64_t value) { return std::to_string(value); }
std::string JsonText(const std::string& value) { return JsonQuote(value); }
std::string JsonText(double value) {
  if (!std::isfinite(value)) return "0";
  char buffer[32];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return error == std::errc() ? std::string(buffer, end) : "0";
}
template <typename T>
std::string JsonText(const std::vector<T>& values) {
  std::string text = "[";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += ", ";
    const T& value = values[i];  // of bools: a copy that lives on
    text += JsonText(value);
  }
  return text + "]";
}

// Columns a terminal gives a text: continuation bytes of UTF-8 take none.
size_t Width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

bool FlatJson::Has(std::string_view key) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](const auto& e) { return e.first == key; });
}

FlatJson& FlatJson::SetValue(std::string_view key, Value value) {
  entries_.emplace_back(std::string(key), std::move(value));
  return *this;
}

std::string FlatJson::Text() const {
  FlatJson whole = *this;
  if (!Has("ok")) whole.Set("ok", true);
  if (!Has("not_measured")) whole.Set("not_measured", std::vector<std::string>());
  std::string text = "{";
  for (const auto& [key, value] : whole.entries_) {
    if (text.size() > 1) text += ", ";
    text += JsonQuote(key) + ": " + std::visit([](const auto& v) { return JsonText(v); }, value);
  }
  return text + "}";
}

void FlatJson::Print() const { std::printf("%s\n", Text().c_str()); }

std::string Painted(std::string_view text, Tone tone, bool color) {
  if (!color || tone == Tone::kPlain) return std::string(text);
  const char* code = tone == Tone::kGood        ? "32"
                     : tone == Tone::kAttention ? "33"
                     : tone == Tone::kBad       ? "1;31"
                                                : "2";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string TextTable::Text(bool color) const {
  std::vector<size_t> widths;
  for (const auto& title : titles_) widths.push_back(Width(title));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], Width(row[i].text));
  }
  std::string text;
  const auto add = [&](size_t column, const std::string& plain, Tone tone) {
    text += Painted(plain, tone, color);
    if (column + 1 < widths.size()) text.append(widths[column] - Width(plain) + 2, ' ');
  };
  for (size_t i = 0; i < titles_.size(); ++i) add(i, titles_[i], Tone::kFaint);
  text += '\n';
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size() && i < widths.size(); ++i) add(i, row[i].text, row[i].tone);
    text += '\n';
  }
  return text;
}

std::string Age(int64_t now_ms, int64_t then_ms) {
  if (then_ms <= 0) return "-";
  const int64_t seconds = std::max<int64_t>(0, (now_ms - then_ms) / 1000);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 120 * 60) return std::to_string(seconds / 60) + " min";
  if (seconds < 48 * 3600) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " d";
}

std::string ShortUtc(int64_t utc_ms) {
  return utc_ms > 0 ? FormatUtc(utc_ms * kMillisecond).substr(0, 19) + "Z" : "-";
}

Tone LevelTone(std::string_view level) {
  if (level == "act") return Tone::kBad;
  return level == "warning" || level == "watch" ? Tone::kAttention : Tone::kPlain;
}

std::string ScoreText(double score) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f", score);
  return text;
}

bool TerminalHasColor() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  if (term != nullptr && std::string_view(term) == "dumb") return false;
  return ::isatty(STDOUT_FILENO) == 1;
}

ExitCode ExitCodeOf(Errc code) {
  switch (code) {
    case Errc::kNotFound:
      return kNotFound;
    case Errc::kUnavailable:
      return kUnavailable;
    default:
      return kFailure;
  }
}

void FailWith(Context& context, const Error& error, std::string_view hint) {
  context.exit_code = ExitCodeOf(error.code);
  if (context.json) {
    FlatJson json;
    json.Set("ok", false).Set("error", error.what).Set("code", Name(error.code));
    if (!hint.empty()) json.Set("hint", hint);
    json.Print();
    return;
  }
  std::fprintf(stderr, "millwright: %s\n", error.what.c_str());
  if (!hint.empty()) std::fprintf(stderr, "  %.*s\n", static_cast<int>(hint.size()), hint.data());
}

}  // namespace millwright::cli
