#include "trust/utf8.h"

namespace millwright::trust {

std::optional<char32_t> NextCodePoint(std::string_view text, size_t& at) {
  struct Form {
    unsigned char mask, lead;
    int more;
    char32_t least;  // below it a shorter form exists
  };
  constexpr Form kForms[] = {
      {0x80, 0x00, 0, 0}, {0xe0, 0xc0, 1, 0x80}, {0xf0, 0xe0, 2, 0x800}, {0xf8, 0xf0, 3, 0x10000}};
  if (at >= text.size()) return std::nullopt;
  const auto first = static_cast<unsigned char>(text[at]);
  for (const Form& form : kForms) {
    if ((first & form.mask) != form.lead) continue;
    if (text.size() - at <= static_cast<size_t>(form.more)) return std::nullopt;
    auto point = static_cast<char32_t>(first & static_cast<unsigned char>(~form.mask));
    for (int i = 1; i <= form.more; ++i) {
      const auto next = static_cast<unsigned char>(text[at + static_cast<size_t>(i)]);
      if ((next & 0xc0) != 0x80) return std::nullopt;
      point = (point << 6) | (next & 0x3fU);
    }
    if (point < form.least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      return std::nullopt;
    at += static_cast<size_t>(form.more) + 1;
    return point;
  }
  return std::nullopt;
}

void AppendUtf8(char32_t point, std::string& out) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    out += static_cast<char>(0xe0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace millwright::trust
