#include "aws/limits.h"

#include <algorithm>
#include <string>

namespace millwright::aws {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) { return IsLower(c) || (c >= 'A' && c <= 'Z') || IsDigit(c); }

tl::unexpected<Error> Wrong(std::string_view key, std::string_view text, const std::string& what) {
  const bool lengthy = text.size() > 60;
  return Fail(Errc::kInvalid, "aws: " + std::string(key) + " \"" + std::string(text.substr(0, 60)) +
                                  (lengthy ? "..." : "") + "\": " + what);
}

std::string Shortly(double value) {
  std::string text = std::to_string(value);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// Takes one number without a leading zero off the front.
bool TakeNumber(std::string_view& text) {
  size_t digits = 0;
  while (digits < text.size() && IsDigit(text[digits])) ++digits;
  if (digits == 0 || digits > 6 || (digits > 1 && text.front() == '0')) return false;
  text.remove_prefix(digits);
  return true;
}

bool TakeDot(std::string_view& text) {
  if (!text.starts_with('.')) return false;
  text.remove_prefix(1);
  return true;
}

bool IsSuffix(std::string_view text) {
  if (text.empty()) return true;
  return text.size() > 1 && text.front() == '-' && !text.ends_with('.') &&
         text.find("..") == std::string_view::npos && std::ranges::all_of(text, [](char c) {
           return IsAlphanumeric(c) || c == '-' || c == '.';
         });
}

}  // namespace

Result<void> CheckName(std::string_view key, std::string_view text, const NameRule& rule) {
  if (text.size() < rule.size_min || text.size() > rule.size_max)
    return Wrong(key, text,
                 "has " + std::to_string(text.size()) + " characters, not " +
                     std::to_string(rule.size_min) + " to " + std::to_string(rule.size_max));
  const auto* odd = std::ranges::find_if(
      text, [&](char c) { return !IsAlphanumeric(c) && rule.others.find(c) == rule.others.npos; });
  if (odd == text.end()) return {};
  return Wrong(key, text,
               "only letters, digits and any of \"" + std::string(rule.others) + "\" are taken");
}

Result<void> CheckNumber(std::string_view key, double value, double low, double high) {
  if (value >= low && value <= high) return {};
  return Wrong(key, Shortly(value), "is not " + Shortly(low) + " to " + Shortly(high));
}

Result<void> CheckSize(std::string_view key, uint64_t bytes, uint64_t bytes_max) {
  if (bytes <= bytes_max) return {};
  return Fail(Errc::kExhausted, "aws: " + std::string(key) + " has " + std::to_string(bytes) +
                                    " bytes; " + std::to_string(bytes_max) + " are taken");
}

Result<void> CheckAccount(std::string_view key, std::string_view text) {
  if (text.size() == 12 && std::ranges::all_of(text, IsDigit)) return {};
  return Wrong(key, text, "an account is 12 digits");
}

Result<void> CheckRegion(std::string_view key, std::string_view text) {
  const bool plain =
      text.size() >= 6 && text.size() <= 32 && IsLower(text.front()) && IsDigit(text.back()) &&
      std::ranges::count(text, '-') >= 2 &&
      std::ranges::all_of(text, [](char c) { return IsLower(c) || IsDigit(c) || c == '-'; });
  if (plain) return {};
  return Wrong(key, text, "a region looks like eu-central-1");
}

Result<void> CheckBucket(std::string_view key, std::string_view text) {
  const auto fits = [](char c) { return IsLower(c) || IsDigit(c); };
  if (text.size() < 3 || text.size() > 63)
    return Wrong(key, text, "a bucket's name has 3 to 63 characters");
  const bool plain =
      fits(text.front()) && fits(text.back()) && text.find("..") == std::string_view::npos &&
      std::ranges::all_of(text, [&](char c) { return fits(c) || c == '-' || c == '.'; });
  if (plain) return {};
  return Wrong(key, text, "a bucket's name is small letters, digits, '-' and single '.' inside");
}

Result<void> CheckRole(std::string_view key, std::string_view arn) {
  if (arn.size() < 20 || arn.size() > 2048)
    return Wrong(key, arn, "a role's ARN has 20 to 2048 characters");
  const bool plain =
      arn.starts_with("arn:aws") && arn.find(":iam::") != std::string_view::npos &&
      arn.find(":role/") != std::string_view::npos &&
      std::ranges::all_of(arn, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\''; });
  if (plain) return {};
  return Wrong(key, arn, "a role's ARN looks like arn:aws:iam::123456789012:role/name");
}

Result<void> CheckVersion(std::string_view key, std::string_view text) {
  std::string_view rest = text;
  const bool whole = TakeNumber(rest) && TakeDot(rest) && TakeNumber(rest) && TakeDot(rest) &&
                     TakeNumber(rest) && IsSuffix(rest);
  if (whole && text.size() <= 64) return {};
  return Wrong(key, text,
               "a component's version is three numbers up to 999999, such as 1.4.0 or 1.4.0-rc.1, "
               "in at most 64 characters");
}

Result<void> CheckPath(std::string_view key, std::string_view text, const NameRule& rule) {
  MW_TRY(CheckName(key, text, rule));
  for (std::string_view rest = text;;) {
    const size_t slash = rest.find('/');
    const std::string_view level = rest.substr(0, slash);
    if (level.empty() || level == "." || level == "..")
      return Wrong(key, text, "has an empty level, \".\" or \"..\"");
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace millwright::aws
