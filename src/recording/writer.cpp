// Samples go to one raw file a channel, the readings of a channel to a CSV file of their own (their
// times differ).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>

#include "core/log.h"
#include "os/files.h"
#include "recording/layouts.h"
#include "recording/recording.h"

namespace millwright::recording {
namespace {

struct Closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using Handle = std::unique_ptr<std::FILE, Closer>;

std::string_view FormatName(FileFormat format) {
  switch (format) {
    case FileFormat::kCsv:
      return "csv";
    case FileFormat::kF32le:
      return "f32le";
    case FileFormat::kI16le:
      return "i16le";
  }
  return "csv";
}

// Shortest text that reads back as the same number.
std::string Number(double value) {
  char text[40];
  for (int digits = 6; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return text;
}

int16_t Clipped(float value, double scale) {
  const double steps = std::round(static_cast<double>(value) / scale);
  return static_cast<int16_t>(std::clamp(steps, -32768.0, 32767.0));
}

class FolderWriter final : public Writer {
 public:
  FolderWriter(std::string folder, const RecordingInfo& info, std::vector<WriterChannel> channels)
      : folder_(std::move(folder)), info_(info), channels_(std::move(channels)) {}

  Result<void> OpenFiles() {
    for (const WriterChannel& channel : channels_) {
      const std::string path = folder_ + "/" + FileName(channel);
      Handle file(std::fopen(path.c_str(), "wbe"));
      if (file == nullptr) return Fail(Errc::kIo, path + ": " + std::strerror(errno));
      if (channel.format == FileFormat::kCsv)
        std::fprintf(file.get(), "t,%s\n", channel.spec.name.c_str());
      files_.push_back(std::move(file));
    }
    return {};
  }

  Result<void> Reading(int channel, Nanos ts, float value) override {
    std::FILE* file = files_[static_cast<size_t>(channel)].get();
    const Nanos since = ts - info_.start_ns;
    const int written =
        std::fprintf(file, "%.6f,%.9g\n", Seconds(since), static_cast<double>(value));
    return written > 0 ? Result<void>() : Full(channel);
  }

  Result<void> Block(int channel, std::span<const float> samples) override {
    const WriterChannel& spec = channels_[static_cast<size_t>(channel)];
    const bool i16 = spec.format == FileFormat::kI16le;
    bytes_.resize(samples.size() * (i16 ? 2 : 4));
    for (size_t i = 0; i < samples.size(); ++i) {
      if (i16) {
        const int16_t stored = Clipped(samples[i], spec.scale);
        std::memcpy(bytes_.data() + 2 * i, &stored, 2);
      } else {
        const float stored = static_cast<float>(static_cast<double>(samples[i]) / spec.scale);
        std::memcpy(bytes_.data() + 4 * i, &stored, 4);
      }
    }
    const size_t done =
        std::fwrite(bytes_.data(), 1, bytes_.size(), files_[static_cast<size_t>(channel)].get());
    return done == bytes_.size() ? Result<void>() : Full(channel);
  }

  Result<void> Finish(std::span<const Label> labels) override {
    for (size_t c = 0; c < files_.size(); ++c) {
      std::FILE* file = files_[c].release();
      if (std::fclose(file) != 0) return Full(static_cast<int>(c));
    }
    files_.clear();
    std::string text = HeadText();
    for (const WriterChannel& channel : channels_) text += ChannelText(channel);
    for (const Label& label : labels) text += LabelText(label);
    os::RealFiles files;
    return files.WriteFast(folder_ + "/" + std::string(kTomlName), os::AsBytes(text));
  }

 private:
  static std::string FileName(const WriterChannel& channel) {
    return channel.spec.name + "." + std::string(FormatName(channel.format));
  }
  Result<void> Full(int channel) const {
    return Fail(errno == ENOSPC ? Errc::kExhausted : Errc::kIo,
                folder_ + "/" + FileName(channels_[static_cast<size_t>(channel)]) + ": " +
                    std::strerror(errno));
  }

  [[nodiscard]] std::string HeadText() const {
    const dsp::MachineSpec& m = info_.machine;
    std::string text = "[recording]\nname = " + JsonQuote(info_.name) +
                       "\nsite = " + JsonQuote(info_.site) + "\nasset = " + JsonQuote(info_.asset) +
                       "\nsource = " + JsonQuote(info_.source) +
                       "\nlicence = " + JsonQuote(info_.licence) + "\nstart = \"" +
                       FormatUtc(info_.start_ns) + "\"\n\n";
    text +=
        "[machine]\nshaft_hz = " + Number(m.shaft_hz) + "\nrated_kw = " + Number(m.rated_kw) + "\n";
    if (m.bpfo > 0)
      text += "bearing = { bpfo = " + Number(m.bpfo) + ", bpfi = " + Number(m.bpfi) +
              ", bsf = " + Number(m.bsf) + ", ftf = " + Number(m.ftf) + " }\n";
    return text;
  }
  static std::string ChannelText(const WriterChannel& channel) {
    std::string text = "\n[[channel]]\nname = " + JsonQuote(channel.spec.name) +
                       "\nunit = " + JsonQuote(channel.spec.unit) +
                       "\nfile = " + JsonQuote(FileName(channel)) + "\nformat = \"" +
                       std::string(FormatName(channel.format)) +
                       "\"\nrate_hz = " + Number(channel.spec.rate_hz) + "\n";
    if (channel.format == FileFormat::kCsv) {
      text += "column = " + JsonQuote(channel.spec.name) +
              "\ntime_column = \"t\"\ntime_format = \"seconds\"\n";
      text += "kind = \"reading\"\n";
    } else {
      text += "scale = " + Number(channel.scale) + "\n";
    }
    return text;
  }
  static std::string LabelText(const Label& label) {
    std::string text = "\n[[label]]\nstart_s = " + Number(label.start_s) +
                       "\nend_s = " + Number(label.end_s) + "\nrating = \"" +
                       std::string(Name(label.rating)) + "\"\n";
    if (!label.fault.empty()) text += "fault = " + JsonQuote(label.fault) + "\n";
    return text;
  }

  std::string folder_;
  RecordingInfo info_;
  std::vector<WriterChannel> channels_;
  std::vector<Handle> files_;
  std::vector<std::byte> bytes_;
};

}  // namespace

Result<std::unique_ptr<Writer>> Writer::Create(const std::string& folder, const RecordingInfo& info,
                                               std::vector<WriterChannel> channels) {
  os::RealFiles files;
  if (files.Exists(folder + "/" + std::string(kTomlName)))
    return Fail(Errc::kConflict, folder + ": holds a recording already");
  for (const WriterChannel& channel : channels) {
    const bool csv = channel.format == FileFormat::kCsv;
    if (csv != (channel.spec.kind == dsp::ChannelKind::kReading))
      return Fail(Errc::kInvalid, "recording: channel " + channel.spec.name +
                                      ": readings are csv, samples are not");
    if (!(channel.scale > 0))
      return Fail(Errc::kInvalid,
                  "recording: channel " + channel.spec.name + ": scale must be above 0");
  }
  MW_TRY(files.MakeFolders(folder));
  auto writer = std::make_unique<FolderWriter>(folder, info, std::move(channels));
  MW_TRY(writer->OpenFiles());
  return std::unique_ptr<Writer>(std::move(writer));
}

}  // namespace millwright::recording
