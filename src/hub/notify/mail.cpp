#include "hub/notify/mail.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace millwright::hub::notify {
namespace {

constexpr size_t kLineMax = 76;
constexpr size_t kSubjectMax = 200;

std::string Hex(char c) {
  char text[4];
  std::snprintf(text, sizeof text, "=%02X", static_cast<unsigned char>(c));
  return text;
}

bool IsPlain(char c) { return c >= 32 && c < 127; }

// A sequence of UTF-8 is never cut in two: 10xxxxxx goes on with the one before.
bool GoesOn(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// "Mon, 23 Nov 2026 23:20:25 +0000".
std::string MailDate(Nanos utc) {
  using namespace std::chrono;
  const sys_seconds at{seconds{utc / kSecond}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char text[64];
  std::snprintf(text, sizeof text, "%s, %02u %s %d %02d:%02d:%02d +0000",
                kDays[weekday{day}.c_encoding()], static_cast<unsigned>(date.day()),
                kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

// Headers that readers fold: at blanks, into lines that begin with one.
std::string Folded(const std::string& name, const std::string& value) {
  std::string out = name + ":";
  size_t column = out.size();
  size_t at = 0;
  while (at < value.size()) {
    const size_t end = std::min(value.find(' ', at), value.size());
    const std::string_view word = std::string_view(value).substr(at, end - at);
    if (column + 1 + word.size() > kLineMax && column > name.size() + 1) {
      out += "\r\n";
      column = 0;
    }
    out += ' ';
    out += word;
    column += 1 + word.size();
    at = end + 1;
  }
  return out + "\r\n";
}

std::string Part(const std::string& type, const std::string& text) {
  return "Content-Type: " + type +
         "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
         QuotedPrintable(text);
}

}  // namespace

std::string MessageIdOf(std::string_view id, std::string_view from) {
  return "<" + std::string(id) + "@" + std::string(from.substr(from.find('@') + 1)) + ">";
}

std::string QuotedPrintable(std::string_view text) {
  std::string out;
  size_t column = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      out += "\r\n";
      column = 0;
      continue;
    }
    const bool line_ends = i + 1 == text.size() || text[i + 1] == '\n';
    const bool plain = IsPlain(c) && c != '=' && !(c == ' ' && line_ends);
    const std::string piece = plain ? std::string(1, c) : Hex(c);
    if (column + piece.size() > kLineMax - 1) {
      out += "=\r\n";
      column = 0;
    }
    out += piece;
    column += piece.size();
  }
  return column == 0 ? out : out + "\r\n";
}

std::string HeaderValue(std::string_view text) {
  std::string clean(text.substr(0, kSubjectMax));
  while (text.size() > kSubjectMax && !clean.empty() && GoesOn(text[clean.size()]))
    clean.pop_back();
  for (char& c : clean)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
  const bool ascii = std::ranges::all_of(clean, IsPlain);
  if (ascii && clean.find("=?") == std::string::npos) return clean;
  std::string out;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) out += (out.empty() ? "=?utf-8?Q?" : " =?utf-8?Q?") + word + "?=";
    word.clear();
  };
  for (const char c : clean) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    const std::string piece = c == ' ' ? "_" : letter ? std::string(1, c) : Hex(c);
    if (word.size() + piece.size() > 50 && !GoesOn(c)) flush();
    word += piece;
  }
  flush();
  return out;
}

std::string MimeOf(const Envelope& envelope, const Message& message) {
  const std::string boundary = "=_" + envelope.id;  // stands in no quoted-printable text
  return "Date: " + MailDate(envelope.date) + "\r\nFrom: " + envelope.from +
         "\r\nTo: " + envelope.to + "\r\nMessage-ID: " + MessageIdOf(envelope.id, envelope.from) +
         "\r\n" + Folded("Subject", HeaderValue(message.subject)) +
         "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
         "Content-Type: multipart/alternative;\r\n boundary=\"" +
         boundary + "\"\r\n\r\n--" + boundary + "\r\n" + Part("text/plain", message.text) + "--" +
         boundary + "\r\n" + Part("text/html", message.html) + "--" + boundary + "--\r\n";
}

}  // namespace millwright::hub::notify
