#include "core/log.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "core/time.h"

namespace millwright {
namespace {

// Length of the valid UTF-8 sequence at the front of `text`, 0 where it is broken.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  size_t length = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF)
    length = 2;
  else if (lead >= 0xE0 && lead <= 0xEF)
    length = 3;
  else if (lead >= 0xF0 && lead <= 0xF4)
    length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if (lead == 0xE0 && byte(1) < 0xA0) return 0;
  if (lead == 0xED && byte(1) > 0x9F) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;
  if (lead == 0xF4 && byte(1) > 0x8F) return 0;
  return length;
}

}  // namespace

std::string JsonQuote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const char c = text.front();
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

namespace log {
namespace {

std::atomic<Level> g_level{Level::kInfo};

constexpr std::array kNames = {"debug", "info", "warning", "error"};

std::string Text(const Field& field) {
  struct Visitor {
    std::string operator()(const std::string& v) const { return JsonQuote(v); }
    std::string operator()(int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const {
      if (!std::isfinite(v)) return "null";
      std::array<char, 32> text{};
      std::snprintf(text.data(), text.size(), "%.9g", v);
      return text.data();
    }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
  };
  return std::visit(Visitor{}, field.value);
}

}  // namespace

void SetLevel(Level level) { g_level = level; }

void Write(Level level, std::string_view component, std::string_view message, Fields fields) {
  if (level < g_level.load(std::memory_order_relaxed)) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const Nanos utc = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  std::string line = "{\"ts\":\"" + FormatUtc(utc) + "\",\"level\":\"" +
                     kNames[static_cast<size_t>(level)] +
                     "\",\"component\":" + JsonQuote(component) + ",\"msg\":" + JsonQuote(message);
  for (const Field& field : fields) line += "," + JsonQuote(field.key) + ":" + Text(field);
  line += "}\n";
  // One write per line: lines of several threads and processes stay whole.
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace log
}  // namespace millwright
