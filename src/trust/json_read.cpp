#include <algorithm>
#include <charconv>
#include <optional>

#include "trust/json.h"
#include "trust/utf8.h"

namespace millwright::trust {

// A recursive-descent reader of RFC 8259, narrowed: see json.h. The first fault ends it.
class JsonReader {
 public:
  JsonReader(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  Result<Json> Read() {
    Json json;
    if (ReadValue(json, 0)) {
      SkipBlanks();
      if (at_ != text_.size()) Note("something after the end");
    }
    if (fault_) return tl::unexpected(*fault_);
    return json;
  }

 private:
  bool Note(std::string_view what, Errc code = Errc::kInvalid) {
    if (!fault_)
      fault_ = Error{code, "json: byte " + std::to_string(at_) + ": " + std::string(what)};
    return false;
  }

  void SkipBlanks() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  // Eats `c` (after blanks) if it is next.
  bool Eat(char c) {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool ReadValue(Json& out, int depth) {
    SkipBlanks();
    if (at_ >= text_.size()) return Note("ends too early");
    if (depth > limits_.depth) return Note("nested too deeply", Errc::kExhausted);
    if (++values_ > limits_.values) return Note("too many values", Errc::kExhausted);
    switch (text_[at_]) {
      case '{':
        return ReadObject(out, depth);
      case '[':
        return ReadList(out, depth);
      case '"':
        out.value_ = std::string();
        return ReadText(std::get<std::string>(out.value_));
      default:
        return ReadWord(out);
    }
  }

  bool ReadWord(Json& out) {
    const std::string_view rest = text_.substr(at_);
    for (const auto& [word, value] : {std::pair<std::string_view, Json>{"true", Json(true)},
                                      {"false", Json(false)},
                                      {"null", Json()}}) {
      if (!rest.starts_with(word)) continue;
      at_ += word.size();
      out = value;
      return true;
    }
    return ReadNumber(out);
  }

  bool ReadNumber(Json& out) {
    const std::string_view rest = text_.substr(at_);
    const size_t sign = rest.starts_with('-') ? 1 : 0;
    size_t end = sign;
    while (end < rest.size() && rest[end] >= '0' && rest[end] <= '9') ++end;
    if (end == sign) return Note("not a value");
    if (rest[sign] == '0' && end > sign + 1) return Note("a number with leading zeros");
    if (end < rest.size() && (rest[end] == '.' || rest[end] == 'e' || rest[end] == 'E'))
      return Note("not a whole number");
    int64_t value = 0;
    if (std::from_chars(rest.data(), rest.data() + end, value).ec != std::errc())
      return Note("a number beyond 64 bits");
    at_ += end;
    out = Json(value);
    return true;
  }

  bool ReadList(Json& out, int depth) {
    Json::List list;
    ++at_;
    if (!Eat(']')) {
      do {
        if (!ReadValue(list.emplace_back(), depth + 1)) return false;
      } while (Eat(','));
      if (!Eat(']')) return Note("expected ',' or ']'");
    }
    out.value_ = std::move(list);
    return true;
  }

  bool ReadObject(Json& out, int depth) {
    Json::Object object;
    ++at_;
    if (!Eat('}')) {
      do {
        if (!ReadMember(object, depth)) return false;
      } while (Eat(','));
      if (!Eat('}')) return Note("expected ',' or '}'");
    }
    out.value_ = std::move(object);
    return true;
  }

  bool ReadMember(Json::Object& out, int depth) {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != '"') return Note("expected a key");
    std::string key;
    if (!ReadText(key)) return false;
    const auto [member, first] = out.try_emplace(std::move(key));
    if (!first) return Note("the key \"" + member->first + "\" is there twice");
    if (!Eat(':')) return Note("expected ':'");
    return ReadValue(member->second, depth + 1);
  }

  bool ReadText(std::string& out) {
    ++at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c < 0x20) return Note("a control character in a string");
      if (c == '\\') {
        if (!ReadEscape(out)) return false;
        continue;
      }
      const size_t from = at_;
      if (!NextCodePoint(text_, at_)) return Note("not UTF-8");
      out.append(text_.substr(from, at_ - from));
    }
    return Note("a string without end");
  }

  bool ReadEscape(std::string& out) {
    constexpr std::string_view kLetters = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    if (at_ + 1 >= text_.size()) return Note("a string without end");
    const char letter = text_[at_ + 1];
    if (letter == 'u') return ReadUnicode(out);
    const size_t which = kLetters.find(letter);
    if (which == std::string_view::npos) return Note("an unknown escape");
    out += kMeanings[which];
    at_ += 2;
    return true;
  }

  bool ReadUnicode(std::string& out) {
    char32_t point = 0;
    if (!ReadFourDigits(point)) return false;
    if (point >= 0xd800 && point <= 0xdbff) {
      char32_t low = 0;
      if (!text_.substr(at_).starts_with("\\u")) return Note("half of a surrogate pair");
      if (!ReadFourDigits(low)) return false;
      if (low < 0xdc00 || low > 0xdfff) return Note("half of a surrogate pair");
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xdc00 && point <= 0xdfff) {
      return Note("half of a surrogate pair");
    }
    AppendUtf8(point, out);
    return true;
  }

  // "\uXXXX" at at_.
  bool ReadFourDigits(char32_t& point) {
    const std::string_view digits = text_.substr(std::min(at_ + 2, text_.size()), 4);
    uint32_t value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4)
      return Note("an escape without four hex digits");
    point = value;
    at_ += 6;
    return true;
  }

  std::string_view text_;
  const JsonLimits& limits_;
  size_t at_ = 0;
  size_t values_ = 0;
  std::optional<Error> fault_;
};

Result<Json> ReadJson(std::string_view text, const JsonLimits& limits) {
  return JsonReader(text, limits).Read();
}

}  // namespace millwright::trust
