#include "importer/windows.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include "importer/cursor.h"

namespace millwright::importer {
namespace {

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& name, const WindowLimits& limits)
      : bytes_(bytes), name_(name), limits_(limits) {}

  Result<Windows> Npy();
  Result<Windows> Csv();

 private:
  tl::unexpected<Error> Bad(const std::string& what) const {
    return Fail(Errc::kInvalid, "windows: " + name_ + ": " + what);
  }
  Result<void> NpyHeader(std::string_view header);
  Result<void> CsvRow(std::string_view row, size_t line);
  Result<void> CheckShape();
  Result<void> EndWindow(size_t line);

  std::span<const std::byte> bytes_;
  const std::string& name_;
  const WindowLimits& limits_;
  Windows out_{};
  size_t width_ = 0;                       // bytes of one .npy value
  size_t rows_ = 0;                        // of the CSV window that is being read
  std::optional<std::string_view> key_{};  // its first column
};

// What stands behind 'key': in a .npy header, up to the next key.
std::string_view ValueOf(std::string_view header, std::string_view key) {
  const size_t at = header.find(key);
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + key.size());
  const size_t start = rest.find_first_not_of(": ");
  return start == std::string_view::npos ? std::string_view{} : rest.substr(start);
}

template <typename T>
bool Parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// Cuts the text before the next `mark` off `rest`.
std::string_view CutAt(std::string_view& rest, char mark) {
  const size_t at = rest.find(mark);
  const std::string_view out = rest.substr(0, at);
  rest = at == std::string_view::npos ? "" : rest.substr(at + 1);
  return out;
}

Result<void> Reader::CheckShape() {
  const std::string shape = "[" + std::to_string(out_.count) + "," + std::to_string(out_.steps) +
                            "," + std::to_string(out_.features) + "]";
  if (out_.count == 0 || out_.steps == 0 || out_.features == 0)
    return Bad("holds no window: " + shape);
  if (out_.steps > limits_.steps || out_.features > limits_.features)
    return Fail(Errc::kExhausted, "windows: " + name_ + ": " + shape + " is more than " +
                                      std::to_string(limits_.steps) + " steps x " +
                                      std::to_string(limits_.features) + " features");
  return {};
}

Result<void> Reader::NpyHeader(std::string_view header) {
  const std::string_view type = ValueOf(header, "'descr'");
  if (type.starts_with("'<f4'")) width_ = 4;
  if (type.starts_with("'<f8'")) width_ = 8;
  if (width_ == 0)
    return Fail(Errc::kUnsupported,
                "windows: " + name_ + " holds " +
                    std::string(type.substr(0, std::min(type.find(','), size_t{16}))) +
                    "; float32 ('<f4') and float64 ('<f8') are taken");
  if (!ValueOf(header, "'fortran_order'").starts_with("False"))
    return Fail(Errc::kUnsupported,
                "windows: " + name_ + " is in column order; save numpy.ascontiguousarray(x)");
  std::string_view shape = ValueOf(header, "'shape'");
  if (!shape.starts_with('(')) return Bad("has no shape");
  shape = shape.substr(1, shape.find(')') - 1);
  std::vector<size_t> axes;
  while (!Trim(shape).empty()) {
    size_t n = 0;
    if (!Parse(Trim(CutAt(shape, ',')), n) || axes.size() == 8) return Bad("has a broken shape");
    axes.push_back(n);
  }
  if (axes.size() != 3)
    return Bad("has " + std::to_string(axes.size()) +
               " axes; windows are [windows, steps, features]");
  out_ = {axes[0], axes[1], axes[2]};
  return CheckShape();
}

Result<Windows> Reader::Npy() {
  Cursor c(bytes_);
  if (!c.TakeText("\x93NUMPY")) return Bad("is no .npy file");
  const uint64_t version = c.Number(1);
  c.Skip(1);
  if (version < 1 || version > 3) return Bad("is a .npy file of an unknown version");
  const auto header = c.Take(c.Number(version == 1 ? 2 : 4));
  if (!c.ok()) return Bad("breaks off in its header");
  MW_TRY(NpyHeader({reinterpret_cast<const char*>(header.data()), header.size()}));
  // Steps and features are bounded by CheckShape, so their product cannot overflow.
  if (out_.count != c.left() / (out_.window_values() * width_) ||
      c.left() % (out_.window_values() * width_) != 0)
    return Bad("holds " + std::to_string(c.left()) + " bytes, which is not what its shape says");
  out_.values.resize(out_.count * out_.window_values());
  for (size_t i = 0; i < out_.values.size(); ++i) {
    const uint64_t bits = c.Number(width_);
    out_.values[i] = width_ == 4 ? std::bit_cast<float>(static_cast<uint32_t>(bits))
                                 : static_cast<float>(std::bit_cast<double>(bits));
    if (!std::isfinite(out_.values[i]))
      return Bad("window " + std::to_string(i / out_.window_values()) +
                 " holds a value that is not finite");
  }
  return std::move(out_);
}

Result<void> Reader::EndWindow(size_t line) {
  if (out_.count == 0) out_.steps = rows_;
  if (rows_ != out_.steps)
    return Bad("line " + std::to_string(line) + ": the window before it has " +
               std::to_string(rows_) + " rows, the first one " + std::to_string(out_.steps));
  ++out_.count;
  rows_ = 0;
  return {};
}

Result<void> Reader::CsvRow(std::string_view row, size_t line) {
  const std::string_view key = Trim(CutAt(row, ','));
  if (key_ && *key_ != key) {
    MW_TRY(EndWindow(line));
  }
  key_ = key;
  if (++rows_ > limits_.steps)
    return Fail(Errc::kExhausted, "windows: " + name_ + ": a window of more than " +
                                      std::to_string(limits_.steps) + " rows");
  size_t columns = 0;
  while (!row.empty()) {
    float value = 0;
    if (!Parse(Trim(CutAt(row, ',')), value) || !std::isfinite(value))
      return Bad("line " + std::to_string(line) + ", column " + std::to_string(columns + 2) +
                 ": not a finite number");
    out_.values.push_back(value);
    ++columns;
  }
  if (columns != out_.features)
    return Bad("line " + std::to_string(line) + " has " + std::to_string(columns) +
               " features, the header " + std::to_string(out_.features));
  return {};
}

Result<Windows> Reader::Csv() {
  std::string_view rest(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  const std::string_view header = Trim(CutAt(rest, '\n'));
  out_.features = static_cast<size_t>(std::ranges::count(header, ','));
  if (out_.features == 0 || !header.starts_with("window"))
    return Bad("the first line is not \"window,FEATURE,...\"");
  if (out_.features > limits_.features) return Bad("has too many columns");
  size_t line = 1;
  while (!rest.empty()) {
    const std::string_view row = Trim(CutAt(rest, '\n'));
    ++line;
    if (row.empty()) continue;
    MW_TRY(CsvRow(row, line));
  }
  if (rows_ > 0) {
    MW_TRY(EndWindow(line));
  }
  MW_TRY(CheckShape());
  return std::move(out_);
}

}  // namespace

Result<Windows> ReadWindows(std::span<const std::byte> bytes, const std::string& name,
                            const WindowLimits& limits) {
  if (bytes.size() > limits.bytes)
    return Fail(Errc::kExhausted,
                "windows: " + name + " is larger than " + std::to_string(limits.bytes) + " bytes");
  Reader reader(bytes, name, limits);
  if (name.ends_with(".npy")) return reader.Npy();
  if (name.ends_with(".csv")) return reader.Csv();
  return Fail(Errc::kUnsupported,
              "windows: " + name + " is neither .npy nor .csv; see docs/formats/import.md");
}

std::vector<std::byte> WriteNpy(std::span<const float> values, size_t columns) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(values.size() / columns) + ", " + std::to_string(columns) +
                       "), }";
  // Magic, version and length are 10 bytes; all of it ends on a multiple of 64.
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  const std::string start = std::string("\x93NUMPY\x01\x00", 8) +
                            static_cast<char>(header.size() & 0xff) +
                            static_cast<char>(header.size() >> 8) + header;
  std::vector<std::byte> out(start.size() + values.size_bytes());
  std::memcpy(out.data(), start.data(), start.size());
  std::memcpy(out.data() + start.size(), values.data(), values.size_bytes());
  return out;
}

Windows Thin(const Windows& windows, size_t most) {
  if (windows.count <= most) return windows;
  Windows out{most, windows.steps, windows.features};
  for (size_t i = 0; i < most; ++i) {
    const auto window = windows.window(most == 1 ? 0 : i * (windows.count - 1) / (most - 1));
    out.values.insert(out.values.end(), window.begin(), window.end());
  }
  return out;
}

}  // namespace millwright::importer
