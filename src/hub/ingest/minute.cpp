#include "hub/ingest/minute.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace millwright::hub {
namespace {

constexpr uint8_t kFormat = 1;
constexpr size_t kSeriesMax = 256;

template <typename T>
void Put(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void PutText(std::string& out, std::string_view text) {
  const size_t size = std::min<size_t>(text.size(), 255);
  Put(out, static_cast<uint8_t>(size));
  out.append(text.substr(0, size));
}

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  T Take() {
    T value{};
    if (bytes_.size() < sizeof value) {
      good_ = false;
      return value;
    }
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_ = bytes_.subspan(sizeof value);
    return value;
  }

  std::string TakeText() {
    const size_t size = Take<uint8_t>();
    if (bytes_.size() < size) {
      good_ = false;
      return {};
    }
    std::string text(reinterpret_cast<const char*>(bytes_.data()), size);
    bytes_ = bytes_.subspan(size);
    return text;
  }

  [[nodiscard]] bool good() const { return good_; }

 private:
  std::span<const std::byte> bytes_;
  bool good_ = true;
};

}  // namespace

void MinuteSeries::Add(float value) {
  least = count == 0 ? value : std::min(least, value);
  greatest = count == 0 ? value : std::max(greatest, value);
  sum += static_cast<double>(value);
  ++count;
}

void Minute::Add(std::string_view name, std::string_view unit, float value) {
  if (!std::isfinite(value)) return;
  auto found = series.find(name);
  if (found == series.end()) {
    if (series.size() >= kSeriesMax) return;
    found = series.emplace(name, MinuteSeries{.unit = std::string(unit)}).first;
  }
  found->second.Add(value);
}

void Minute::Merge(const Minute& other) {
  states = static_cast<uint8_t>(states | other.states);
  level_max = std::max(level_max, other.level_max);
  for (const auto& [name, theirs] : other.series) {
    const auto [found, fresh] = series.try_emplace(name, theirs);
    if (fresh || theirs.count == 0) continue;
    MinuteSeries& ours = found->second;
    ours.least = ours.count == 0 ? theirs.least : std::min(ours.least, theirs.least);
    ours.greatest = ours.count == 0 ? theirs.greatest : std::max(ours.greatest, theirs.greatest);
    ours.sum += theirs.sum;
    ours.count += theirs.count;
  }
}

std::string Minute::Pack() const {
  std::string out;
  Put(out, kFormat);
  Put(out, states);
  Put(out, level_max);
  Put(out, static_cast<uint16_t>(series.size()));
  for (const auto& [name, one] : series) {
    PutText(out, name);
    PutText(out, one.unit);
    Put(out, one.count);
    Put(out, one.sum);
    Put(out, one.least);
    Put(out, one.greatest);
  }
  return out;
}

Minute Minute::Unpack(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  if (reader.Take<uint8_t>() != kFormat) return {};
  Minute minute;
  minute.states = reader.Take<uint8_t>();
  minute.level_max = reader.Take<uint8_t>();
  const size_t count = reader.Take<uint16_t>();
  for (size_t i = 0; i < count && reader.good(); ++i) {
    std::string name = reader.TakeText();
    MinuteSeries one;
    one.unit = reader.TakeText();
    one.count = reader.Take<uint32_t>();
    one.sum = reader.Take<double>();
    one.least = reader.Take<float>();
    one.greatest = reader.Take<float>();
    minute.series.emplace(std::move(name), std::move(one));
  }
  return reader.good() ? minute : Minute{};
}

}  // namespace millwright::hub
