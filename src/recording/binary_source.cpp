#include <bit>
#include <cmath>
#include <cstring>

#include "recording/sources.h"
#include "recording/text_file.h"

namespace millwright::recording {
namespace {

static_assert(std::endian::native == std::endian::little, "f32le and i16le are copied as they are");

class BinarySource final : public Source {
 public:
  BinarySource(InputFile file, const RecordingInfo& info, int channel, size_t block_samples)
      : file_(std::move(file)),
        channel_(channel),
        start_ns_(info.start_ns),
        rate_hz_(info.channels[static_cast<size_t>(channel)].rate_hz),
        scale_(info.sources[static_cast<size_t>(channel)].scale),
        is_i16_(info.sources[static_cast<size_t>(channel)].format == FileFormat::kI16le),
        bytes_(block_samples * (is_i16_ ? 2 : 4)),
        samples_(block_samples) {}

  Result<bool> Next(Item& item) override {
    MW_TRY(const size_t got, file_.Read(bytes_));
    const size_t width = is_i16_ ? 2 : 4;
    if (got % width != 0) return Fail(Errc::kInvalid, file_.path() + ": ends within a sample");
    const size_t count = got / width;
    if (count == 0) return false;
    for (size_t i = 0; i < count; ++i) samples_[i] = Decode(i);
    item = {.channel = channel_,
            .ts_ns = TimeOf(position_),
            .due_ns = TimeOf(position_ + count),
            .is_block = true,
            .rate_hz = rate_hz_,
            .samples = std::span<const float>(samples_).first(count)};
    position_ += count;
    return true;
  }

 private:
  [[nodiscard]] float Decode(size_t index) const {
    if (is_i16_) {
      int16_t value = 0;
      std::memcpy(&value, bytes_.data() + 2 * index, 2);
      return static_cast<float>(value * scale_);
    }
    float value = 0;
    std::memcpy(&value, bytes_.data() + 4 * index, 4);
    return static_cast<float>(static_cast<double>(value) * scale_);
  }
  // Counted in whole seconds and a rest, so that hours of samples keep their nanoseconds.
  [[nodiscard]] Nanos TimeOf(size_t sample) const {
    const double seconds = static_cast<double>(sample) / rate_hz_;
    const double whole = std::floor(seconds);
    return start_ns_ + static_cast<Nanos>(whole) * kSecond + std::llround((seconds - whole) * 1e9);
  }

  InputFile file_;
  int channel_;
  Nanos start_ns_;
  double rate_hz_;
  double scale_;
  bool is_i16_;
  size_t position_ = 0;
  std::vector<std::byte> bytes_;
  std::vector<float> samples_;
};

}  // namespace

Result<std::unique_ptr<Source>> OpenBinarySource(const RecordingInfo& info, int channel,
                                                 Nanos block) {
  const size_t index = static_cast<size_t>(channel);
  MW_TRY(InputFile file, InputFile::Open(info.sources[index].path));
  const double count = std::round(Seconds(block) * info.channels[index].rate_hz);
  const size_t block_samples = count < 1 ? 1 : static_cast<size_t>(count);
  std::unique_ptr<Source> made =
      std::make_unique<BinarySource>(std::move(file), info, channel, block_samples);
  return made;
}

}  // namespace millwright::recording
