#include "evaluation/read_bearing.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "dsp/analyzer.h"
#include "dsp/bearing_features.h"
#include "recording/recording.h"

namespace millwright::evaluation {
namespace {

constexpr double kChunk_s = 30;
constexpr int kWindowsPerChunk = 8;
constexpr int kSkip = -2;  // NEUTRAL, or the label changes within the block

// Words of a code: letters and digits, in lower case.
std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalpha(u) != 0)
      out.back() += static_cast<char>(std::tolower(u));
    else if (!out.back().empty())
      out.emplace_back();
  }
  return out;
}

bool IsSpeed(const dsp::ChannelSpec& c) { return c.name == "speed"; }

// A motor's current or a torque is a wave too, but no vibration.
bool IsWave(const dsp::ChannelSpec& c) {
  constexpr std::string_view kOthers[] = {"A",  "mA",   "rpm", "Hz", "Nm", "N",
                                          "kN", "degC", "C",   "W",  "kW"};
  return c.kind == dsp::ChannelKind::kSamples && !IsSpeed(c) && c.rate_hz >= 2000 &&
         std::ranges::find(kOthers, c.unit) == std::end(kOthers);
}

// Accelerations; where no channel says that it is one, those without a unit, else all waves.
std::vector<int> WaveChannels(const recording::RecordingInfo& info) {
  std::vector<int> accelerations, unitless, all;
  for (size_t c = 0; c < info.channels.size(); ++c) {
    const dsp::ChannelSpec& spec = info.channels[c];
    if (!IsWave(spec)) continue;
    const int index = static_cast<int>(c);
    all.push_back(index);
    if (dsp::AccelerationFactor(spec.unit) > 0) accelerations.push_back(index);
    if (spec.unit.empty()) unitless.push_back(index);
  }
  if (!accelerations.empty()) return accelerations;
  return unitless.empty() ? all : unitless;
}

// Outer and inner race lie near 0.4 and 0.6 of the number of elements: of the bearings that might
// sit there, the one whose lines stand out most.
dsp::BearingOrders GuessOrders(std::span<const float> samples, double rate_hz, double shaft_hz) {
  const size_t length = std::min(samples.size(), static_cast<size_t>(2 * rate_hz));
  dsp::BearingDescriber describer(length, rate_hz);
  dsp::BearingOrders best{};
  double most = -1;
  for (int n = 6; n <= 18; ++n)
    for (const double ratio : {0.16, 0.2, 0.24, 0.28}) {
      const auto orders = dsp::CompleteOrders(
          {.bpfo = n * (1 - ratio) / 2, .bpfi = n * (1 + ratio) / 2, .bsf = 0, .ftf = 0});
      if (!orders) continue;
      const auto row = describer.Describe(samples.first(length), shaft_hz, *orders);
      if (!row) return {};
      const auto score = static_cast<double>(std::max((*row)[1], (*row)[5]));
      if (score <= most) continue;
      most = score;
      best = *orders;
    }
  return best;
}

class RecordingWindows {
 public:
  RecordingWindows(const recording::RecordingInfo& info, int group, BearingWindows& windows)
      : info_(info), group_(group), windows_(windows), shaft_hz_(info.machine.shaft_hz) {
    const auto orders = dsp::CompleteOrders({.bpfo = info.machine.bpfo,
                                             .bpfi = info.machine.bpfi,
                                             .bsf = info.machine.bsf,
                                             .ftf = info.machine.ftf});
    if (orders) orders_ = *orders;
    for (const int c : WaveChannels(info)) chunks_.push_back({.channel = c});
  }

  Result<void> Run() {
    if (chunks_.empty()) return {};
    MW_TRY(const auto reader, recording::Reader::Open(info_));
    recording::Item item;
    while (true) {
      MW_TRY(const bool more, reader->Next(item));
      if (!more) break;
      if (IsSpeed(info_.channels[static_cast<size_t>(item.channel)])) TakeSpeed(item);
      for (Chunk& chunk : chunks_)
        if (chunk.channel == item.channel && item.is_block) MW_TRY(TakeBlock(chunk, item));
    }
    for (Chunk& chunk : chunks_) MW_TRY(Flush(chunk));
    return {};
  }

  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] bool guessed() const { return guessed_; }
  [[nodiscard]] bool knows_speed() const { return shaft_hz_ > 0 || !speeds_.empty(); }
  [[nodiscard]] bool has_waves() const { return !chunks_.empty(); }

 private:
  struct Chunk {
    int channel = 0;
    double start_s = 0;
    int label = kSkip;
    std::vector<float> samples{};
  };

  [[nodiscard]] double Seconds(Nanos ts) const {
    return static_cast<double>(ts - info_.start_ns) / 1e9;
  }

  void TakeSpeed(const recording::Item& item) {
    const double factor =
        info_.channels[static_cast<size_t>(item.channel)].unit == "Hz" ? 1 : 1.0 / 60;
    double value = static_cast<double>(item.value);
    if (item.is_block) {
      value = 0;
      for (const float s : item.samples) value += static_cast<double>(s);
      value /= static_cast<double>(std::max<size_t>(1, item.samples.size()));
    }
    speeds_.emplace_back(Seconds(item.ts_ns), std::abs(value) * factor);
    if (speeds_.size() > 200'000) speeds_.erase(speeds_.begin(), speeds_.begin() + 100'000);
  }

  // The mean of what was measured meanwhile; else the last before; else what is known.
  [[nodiscard]] double ShaftHz(double start_s, double end_s) const {
    double sum = 0, count = 0, last = shaft_hz_;
    for (const auto& [at_s, hz] : speeds_) {
      if (at_s < start_s) last = hz;
      if (at_s < start_s || at_s > end_s) continue;
      sum += hz;
      count += 1;
    }
    if (count > 0) return sum / count;
    return last > 0 || speeds_.empty() ? last : speeds_.front().second;
  }

  [[nodiscard]] int ClassAt(Nanos ts) const {
    const recording::Label* label = recording::LabelAt(info_, ts);
    if (label == nullptr) return info_.labelled ? 0 : -1;
    if (label->rating == recording::Rating::kNeutral) return kSkip;
    if (label->rating == recording::Rating::kNoAnomaly) return 0;
    const int found = BearingClassOf(label->fault);
    return found == 0 ? -1 : found;  // an anomaly is not healthy, whatever it is called
  }

  Result<void> TakeBlock(Chunk& chunk, const recording::Item& item) {
    const double start_s = Seconds(item.ts_ns);
    const double step_s = 1 / item.rate_hz;
    const int label = ClassAt(item.ts_ns) == ClassAt(item.due_ns - 1) ? ClassAt(item.ts_ns) : kSkip;
    const double next_s = chunk.start_s + static_cast<double>(chunk.samples.size()) * step_s;
    const bool follows = label == chunk.label && std::abs(start_s - next_s) < 1.5 * step_s;
    const bool full = static_cast<double>(chunk.samples.size()) * step_s >= kChunk_s;
    if (!follows || full) {
      MW_TRY(Flush(chunk));
      chunk.start_s = start_s;
      chunk.label = label;
    }
    chunk.samples.insert(chunk.samples.end(), item.samples.begin(), item.samples.end());
    return {};
  }

  Result<void> Flush(Chunk& chunk) {
    const double rate_hz = info_.channels[static_cast<size_t>(chunk.channel)].rate_hz;
    const double seconds = static_cast<double>(chunk.samples.size()) / rate_hz;
    const double shaft_hz = ShaftHz(chunk.start_s, chunk.start_s + seconds);
    const bool usable = chunk.label != kSkip && shaft_hz > 0 && seconds * shaft_hz >= 8 &&
                        chunk.samples.size() >= 256;
    if (usable) {
      if (!(orders_.bpfo > 0)) {
        orders_ = GuessOrders(chunk.samples, rate_hz, shaft_hz);
        guessed_ = true;
      }
      const Waveform about{.place = {.recording = info_.id, .start_s = chunk.start_s},
                           .rate_hz = rate_hz,
                           .orders = orders_,
                           .shaft_hz = [this](double a, double b) { return ShaftHz(a, b); },
                           .label = chunk.label,
                           .group = group_};
      MW_TRY(const int count, windows_.Add(about, chunk.samples, kWindowsPerChunk));
      count_ += count;
    }
    chunk.samples.clear();
    return {};
  }

  const recording::RecordingInfo& info_;
  int group_;
  BearingWindows& windows_;
  double shaft_hz_;
  dsp::BearingOrders orders_{};
  std::vector<std::pair<double, double>> speeds_;  // seconds, Hz
  std::vector<Chunk> chunks_;
  int count_ = 0;
  bool guessed_ = false;
};

void NoteList(const std::vector<std::string>& ids, const std::string& what,
              std::vector<std::string>& notes) {
  if (ids.empty()) return;
  std::string text = std::to_string(ids.size()) + " recordings " + what + ":";
  for (size_t i = 0; i < std::min<size_t>(ids.size(), 20); ++i) text += " " + ids[i];
  notes.push_back(text + (ids.size() > 20 ? " ..." : ""));
}

}  // namespace

int BearingClassOf(const std::string& fault) {
  struct Word {
    const char* text;
    int label;
  };
  constexpr Word kWords[] = {{"healthy", 0}, {"normal", 0},  {"none", 0}, {"outer", 1}, {"or", 1},
                             {"bpfo", 1},    {"inner", 2},   {"ir", 2},   {"bpfi", 2},  {"ball", 3},
                             {"roller", 3},  {"rolling", 3}, {"bsf", 3},  {"re", 3}};
  int found = -1;
  for (const std::string& word : Words(fault))
    for (const Word& known : kWords) {
      if (word != known.text && !(known.label > 0 && word.starts_with(known.text) &&
                                  std::string_view(known.text).size() > 3))
        continue;
      if (found >= 0 && found != known.label) return -1;
      found = known.label;
    }
  return found;
}

Result<BearingFolder> ReadBearings(const std::filesystem::path& folder, const Say& say) {
  MW_TRY(const auto recordings, recording::OpenDataset(folder.string()));
  BearingFolder out;
  BearingWindows windows;
  std::vector<std::string> mute, speedless, brief, guessed;
  for (size_t i = 0; i < recordings.size(); ++i) {
    if (say) say("reading", static_cast<double>(i) / static_cast<double>(recordings.size()));
    RecordingWindows one(recordings[i], static_cast<int>(i), windows);
    MW_TRY(one.Run());
    const std::string& id = recordings[i].id;
    if (one.count() == 0)
      (!one.has_waves() ? mute : !one.knows_speed() ? speedless : brief).push_back(id);
    else if (one.guessed())
      guessed.push_back(id);
  }
  NoteList(mute, "without a vibration waveform were left out", out.notes);
  NoteList(speedless, "without a shaft speed were left out", out.notes);
  NoteList(brief, "with no stretch of one label and 8 turns of the shaft were left out", out.notes);
  NoteList(guessed, "name no bearing: its orders were searched, which is less certain", out.notes);
  out.samples = std::move(windows).Done();
  if (out.samples.size() == 0) {
    std::string why = "bearing: no recording in " + folder.string() + " can be judged";
    for (const std::string& note : out.notes) why += "; " + note;
    return Fail(Errc::kInvalid, why);
  }
  return out;
}

}  // namespace millwright::evaluation
