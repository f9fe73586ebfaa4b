#include "zone/posix_rule.h"

#include <cctype>
#include <charconv>
#include <chrono>
#include <string>

namespace millwright {
namespace {

constexpr int kHoursMax = 167;  // RFC 8536, 3.3.1

// Reads a rule from left to right; after the first fault everything fails.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return text_.empty(); }
  bool Take(char wanted) {
    if (!Sees(wanted)) return false;
    text_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool Sees(char wanted) const { return !text_.empty() && text_.front() == wanted; }
  void Need(char wanted) { ok_ = Take(wanted) && ok_; }
  int Number(int low, int high) {
    int value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    ok_ = ok_ && error == std::errc() && value >= low && value <= high;
    if (error == std::errc()) text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    return value;
  }
  // "CET", or "<+03>" where the name is no word.
  void Name() {
    const bool quoted = Take('<');
    size_t length = 0;
    while (length < text_.size() &&
           (quoted ? text_[length] != '>'
                   : std::isalpha(static_cast<unsigned char>(text_[length])) != 0))
      ++length;
    ok_ = ok_ && length >= 3;
    text_.remove_prefix(length);
    if (quoted) Need('>');
  }
  // "[+-]h[h][h][:mm[:ss]]".
  int32_t Time() {
    const int sign = Take('-') ? -1 : 1;
    if (sign > 0) (void)Take('+');
    int32_t seconds = 3600 * Number(0, kHoursMax);
    if (Take(':')) seconds += 60 * Number(0, 59);
    if (Take(':')) seconds += Number(0, 59);
    return sign * seconds;
  }
  PosixRule::Day Day() {
    PosixRule::Day day;
    Need(',');
    if (Take('M')) {
      day.month = Number(1, 12);
      Need('.');
      day.week = Number(1, 5);
      Need('.');
      day.weekday = Number(0, 6);
    } else if (Take('J')) {
      day.kind = PosixRule::Day::Kind::kJulian;
      day.day = Number(1, 365);
    } else {
      day.kind = PosixRule::Day::Kind::kZeroBased;
      day.day = Number(0, 365);
    }
    if (Take('/')) day.time_s = Time();
    return day;
  }

 private:
  std::string_view text_;
  bool ok_ = true;
};

}  // namespace

int64_t PosixRule::Day::In(int year) const {
  using namespace std::chrono;
  const auto y = std::chrono::year{year};
  sys_days date{y / January / 1};
  if (kind == Kind::kZeroBased) {
    date += days{day};
  } else if (kind == Kind::kJulian) {
    date += days{day - 1 + (y.is_leap() && day >= 60 ? 1 : 0)};
  } else {
    const auto in = std::chrono::month{static_cast<unsigned>(month)};
    const auto on = std::chrono::weekday{static_cast<unsigned>(weekday)};
    date = week == 5 ? sys_days{y / in / on[last]}
                     : sys_days{y / in / on[static_cast<unsigned>(week)]};
  }
  return seconds{date.time_since_epoch()}.count() + time_s;
}

Result<PosixRule> ReadPosixRule(std::string_view text) {
  RuleReader reader(text);
  PosixRule rule;
  reader.Name();
  rule.standard_s = -reader.Time();  // POSIX counts west of Greenwich
  if (!reader.done()) {
    rule.has_summer = true;
    reader.Name();
    rule.summer_s = rule.standard_s + 3600;
    if (!reader.Sees(',')) rule.summer_s = -reader.Time();
    rule.begin = reader.Day();
    rule.end = reader.Day();
  }
  if (!reader.ok() || !reader.done())
    return Fail(Errc::kInvalid, "time zone: \"" + std::string(text) + "\" is no rule");
  return rule;
}

}  // namespace millwright
