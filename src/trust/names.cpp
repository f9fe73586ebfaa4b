#include "trust/names.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "core/text.h"
#include "crypto/hex.h"
#include "trust/utf8.h"

namespace millwright::trust {
namespace {

bool IsAlnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsHexDigit(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

void AppendEscaped(char c, std::string& out) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

std::u32string CodePoints(std::string_view text) {
  std::u32string points;
  for (size_t at = 0; at < text.size();) {
    const auto point = NextCodePoint(text, at);
    // Names come from checked JSON or from a command line; there a stray byte stands for itself.
    points += point ? *point : static_cast<unsigned char>(text[at++]);
  }
  return points;
}

// "[...]" at `at` of the pattern: whether it holds `c`; `at` moves behind it. A '[' without its ']'
// is an ordinary character.
bool MatchesSet(std::u32string_view pattern, size_t& at, char32_t c) {
  size_t first = at + 1;
  const bool negated = first < pattern.size() && pattern[first] == U'!';
  if (negated) ++first;
  const size_t end = pattern.find(U']', first + 1);  // a ']' in first place is a member
  if (first >= pattern.size() || end == std::u32string_view::npos) return c == pattern[at++];
  bool found = false;
  for (size_t i = first; i < end; ++i) {
    if (i + 2 < end && pattern[i + 1] == U'-') {
      found = found || (c >= pattern[i] && c <= pattern[i + 2]);
      i += 2;
    } else {
      found = found || c == pattern[i];
    }
  }
  at = end + 1;
  return found != negated;
}

bool MatchesOne(std::u32string_view pattern, size_t& at, char32_t c) {
  if (pattern[at] == U'?') {
    ++at;
    return true;
  }
  if (pattern[at] == U'[') return MatchesSet(pattern, at, c);
  return pattern[at++] == c;
}

// Backtracks to the latest '*' only, so that no pattern takes more than length times length steps.
bool MatchesSegment(std::u32string_view text, std::u32string_view pattern) {
  size_t at = 0;
  size_t in_pattern = 0;
  size_t star = std::u32string_view::npos;
  size_t star_text = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == U'*') {
      star = in_pattern++;
      star_text = at;
      continue;
    }
    size_t next = in_pattern;
    if (in_pattern < pattern.size() && MatchesOne(pattern, next, text[at])) {
      in_pattern = next;
      ++at;
      continue;
    }
    if (star == std::u32string_view::npos) return false;
    in_pattern = star + 1;
    at = ++star_text;
  }
  while (in_pattern < pattern.size() && pattern[in_pattern] == U'*') ++in_pattern;
  return in_pattern == pattern.size();
}

}  // namespace

std::string QuoteName(std::string_view name) { return PercentEncode(name); }

std::string UnquoteName(std::string_view quoted) {
  std::string out;
  for (size_t i = 0; i < quoted.size(); ++i) {
    const auto byte = quoted[i] == '%' ? crypto::FromHex(quoted.substr(i + 1, 2)) : std::nullopt;
    if (byte && byte->size() == 1) {
      out += static_cast<char>((*byte)[0]);
      i += 2;
    } else {
      out += quoted[i];
    }
  }
  return out;
}

std::optional<std::pair<int64_t, std::string>> SplitVersion(const std::string& file) {
  if (!file.ends_with(".json")) return std::nullopt;
  int64_t version = 0;
  const char* end = file.data() + file.size();
  const auto [at, error] = std::from_chars(file.data(), end, version);
  if (error != std::errc() || at == end || *at != '.') return std::nullopt;
  const auto from = static_cast<size_t>(at - file.data()) + 1;
  return std::pair(version, file.substr(from, file.size() - from - 5));
}

std::string QuotePath(std::string_view path) {
  constexpr std::string_view kPlain = "_.-~/!$&'()*+,;=:@";
  std::string out;
  for (size_t i = 0; i < path.size(); ++i) {
    const bool escape =
        path[i] == '%' && i + 2 < path.size() && IsHexDigit(path[i + 1]) && IsHexDigit(path[i + 2]);
    if (escape || IsAlnum(path[i]) || kPlain.find(path[i]) != std::string_view::npos)
      out += path[i];
    else
      AppendEscaped(path[i], out);
  }
  return out;
}

bool MatchesPattern(std::string_view path, std::string_view pattern) {
  for (;;) {
    const size_t path_end = path.find('/');
    const size_t pattern_end = pattern.find('/');
    if ((path_end == std::string_view::npos) != (pattern_end == std::string_view::npos))
      return false;
    if (!MatchesSegment(CodePoints(path.substr(0, path_end)),
                        CodePoints(pattern.substr(0, pattern_end))))
      return false;
    if (path_end == std::string_view::npos) return true;
    path.remove_prefix(path_end + 1);
    pattern.remove_prefix(pattern_end + 1);
  }
}

}  // namespace millwright::trust
