#include "wire/reading.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "wire/json_text.h"

namespace millwright::wire {
namespace {

tl::unexpected<Error> BadReading(std::string_view what) {
  return Fail(Errc::kInvalid, "reading: " + std::string(what));
}

// A scanner over one flat JSON object. It borrows the text and never allocates.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void SkipBlank() {
    while (!text_.empty() &&
           (text_[0] == ' ' || text_[0] == '\t' || text_[0] == '\n' || text_[0] == '\r'))
      text_.remove_prefix(1);
  }
  bool Take(char c) {
    SkipBlank();
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // The raw characters of a string, escapes left as they are: good enough to compare plain keys.
  std::optional<std::string_view> String() {
    if (!Take('"')) return std::nullopt;
    for (size_t i = 0; i < text_.size(); ++i) {
      if (static_cast<unsigned char>(text_[i]) < 0x20) return std::nullopt;
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '"') {
        const std::string_view inside = text_.substr(0, i);
        text_.remove_prefix(i + 1);
        return inside;
      }
    }
    return std::nullopt;
  }
  // The characters up to the next comma, brace or blank: a number or a literal.
  std::string_view Word() {
    SkipBlank();
    const size_t end = text_.find_first_of(",}] \t\r\n\"{[:");
    const std::string_view word = text_.substr(0, end);
    text_.remove_prefix(word.size());
    return word;
  }
  [[nodiscard]] char Peek() {
    SkipBlank();
    return text_.empty() ? '\0' : text_[0];
  }
  [[nodiscard]] bool AtEnd() {
    SkipBlank();
    return text_.empty();
  }

 private:
  std::string_view text_;
};

// std::from_chars takes more than JSON's grammar does (inf, nan, leading zeros and dots).
bool LooksLikeJsonNumber(std::string_view word) {
  if (word.starts_with('-')) word.remove_prefix(1);
  if (word.empty() || word[0] < '0' || word[0] > '9') return false;
  return word.size() == 1 || word[0] != '0' || word[1] < '0' || word[1] > '9';
}

template <typename T>
std::optional<T> Number(std::string_view word) {
  T value{};
  if (!LooksLikeJsonNumber(word)) return std::nullopt;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

struct Found {
  bool ts = false, value = false;
};

Result<void> TakeNumber(std::string_view key, std::string_view word, Reading& out, Found& found) {
  if (key == "v") {
    const auto value = Number<double>(word);
    if (!value || !std::isfinite(*value)) return BadReading("v is no finite number");
    if (std::fabs(*value) > static_cast<double>(std::numeric_limits<float>::max()))
      return BadReading("v is beyond any sensor");
    out.value = *value;
    found.value = true;
  } else if (key == "ts" || key == "sent") {
    const auto time = Number<int64_t>(word);
    if (!time || *time < 0)
      return BadReading(std::string(key) + " is no integer of UTC nanoseconds");
    (key == "ts" ? out.ts : out.sent) = *time;
    found.ts = found.ts || key == "ts";
  } else if (key == "seq") {
    const auto seq = Number<uint64_t>(word);
    if (!seq) return BadReading("seq is no unsigned integer");
    out.seq = *seq;
  } else if (word != "true" && word != "false" && word != "null" && !Number<double>(word)) {
    return BadReading("a value is neither number, string nor literal");
  }
  return {};
}

}  // namespace

Result<Reading> DecodeReading(std::span<const std::byte> payload) {
  if (payload.size() > kReadingBytesMax) return BadReading("longer than any reading");
  Scanner scan({reinterpret_cast<const char*>(payload.data()), payload.size()});
  if (!scan.Take('{')) return BadReading("no JSON object");
  Reading reading;
  Found found;
  if (!scan.Take('}')) {
    do {
      const auto key = scan.String();
      if (!key || !scan.Take(':')) return BadReading("a key and ':' were expected");
      if (scan.Peek() == '"') {
        if (*key == "ts" || *key == "v" || *key == "seq" || *key == "sent")
          return BadReading(std::string(*key) + " is a string, not a number");
        if (!scan.String()) return BadReading("a string does not end");
      } else {
        MW_TRY(TakeNumber(*key, scan.Word(), reading, found));
      }
    } while (scan.Take(','));
    if (!scan.Take('}')) return BadReading("the object does not end");
  }
  if (!scan.AtEnd()) return BadReading("something follows the object");
  if (!found.ts) return BadReading("ts is missing");
  if (!found.value) return BadReading("v is missing");
  return reading;
}

void EncodeReading(const Reading& reading, std::string& out) {
  out.assign("{\"ts\":");
  AppendInteger(out, reading.ts);
  out.append(",\"v\":");
  AppendNumber(out, reading.value);
  if (reading.seq != 0) {
    out.append(",\"seq\":");
    AppendInteger(out, static_cast<int64_t>(reading.seq));
  }
  if (reading.sent != 0) {
    out.append(",\"sent\":");
    AppendInteger(out, reading.sent);
  }
  out.push_back('}');
}

}  // namespace millwright::wire
