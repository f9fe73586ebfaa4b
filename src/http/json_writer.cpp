#include "http/json_writer.h"

#include <charconv>
#include <cmath>

#include "core/log.h"

namespace millwright::http {
namespace {

bool IsPlain(std::string_view text) {
  for (const char c : text)
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
      return false;  // also every byte of 0x80 and above
  return true;
}

template <typename T>
void AppendNumber(std::string& out, T number) {
  char buffer[40];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
}

}  // namespace

void JsonWriter::Separate() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

JsonWriter& JsonWriter::Open(char bracket) {
  Separate();
  text_ += bracket;
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::Close(char bracket) {
  text_ += bracket;
  needs_comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::Key(std::string_view key) {
  String(key);
  text_ += ':';
  needs_comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::String(std::string_view text) {
  Separate();
  if (IsPlain(text))
    text_.append("\"").append(text).append("\"");
  else
    text_ += JsonQuote(text);
  return *this;
}

JsonWriter& JsonWriter::Integer(int64_t number) {
  Separate();
  AppendNumber(text_, number);
  return *this;
}

JsonWriter& JsonWriter::Number(double number) {
  if (!std::isfinite(number)) return Null();
  Separate();
  AppendNumber(text_, number);
  return *this;
}

JsonWriter& JsonWriter::Float(float number) {
  if (!std::isfinite(number)) return Null();
  Separate();
  AppendNumber(text_, number);
  return *this;
}

JsonWriter& JsonWriter::Bool(bool value) { return Raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::Null() { return Raw("null"); }

JsonWriter& JsonWriter::Raw(std::string_view json) {
  Separate();
  text_ += json;
  return *this;
}

}  // namespace millwright::http
