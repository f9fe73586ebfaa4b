#include "model/manifest.h"

#include <algorithm>
#include <set>

#include "crypto/sha256.h"

namespace millwright::model {
namespace {

constexpr size_t kFeaturesMax = 512;
constexpr size_t kClassesMax = 64;
constexpr size_t kChannelsMax = 32;  // Step::missing is a 32-bit set
constexpr int kWindowStepsMax = 4096;
constexpr Nanos kHour = 3600 * kSecond;

tl::unexpected<Error> Wrong(const std::string& key, const std::string& what) {
  return Fail(Errc::kInvalid, key + ": " + what);
}

std::string At(std::string_view list, size_t i) {
  return std::string(list) + "[" + std::to_string(i) + "]";
}

Result<void> CheckSize(const std::string& key, size_t size, size_t min, size_t max) {
  if (size >= min && size <= max) return {};
  return Wrong(key, std::to_string(size) + " entries, wanted " + std::to_string(min) + " to " +
                        std::to_string(max));
}

Result<void> CheckLength(const std::string& key, Nanos length, Nanos min, Nanos max) {
  if (length >= min && length <= max) return {};
  return Wrong(key, std::to_string(Seconds(length)) + " s is not within " +
                        std::to_string(Seconds(min)) + ".." + std::to_string(Seconds(max)) + " s");
}

// A name inside the folder, never a way out of it.
Result<void> CheckPath(const std::string& key, const std::string& path) {
  const bool plain =
      !path.empty() && path.size() <= 128 && path.front() != '.' &&
      path.find_first_of("/\\") == std::string::npos &&
      std::all_of(path.begin(), path.end(), [](char c) { return c > ' ' && c < 127; });
  if (plain) return {};
  return Wrong(key, "\"" + path + "\" is not a plain file name");
}

Result<void> CheckHash(const std::string& key, const std::string& hash) {
  if (crypto::IsSha256Hex(hash)) return {};
  return Wrong(key, "not a SHA-256 digest (64 lower-case hex digits)");
}

Result<void> CheckClasses(const std::vector<FaultClass>& classes) {
  MW_TRY(CheckSize("classes", classes.size(), 2, kClassesMax));
  std::set<std::string> codes;
  for (size_t i = 0; i < classes.size(); ++i) {
    const std::string key = At("classes", i) + ".code";
    if (classes[i].code.empty()) return Wrong(key, "empty");
    if (!codes.insert(classes[i].code).second)
      return Wrong(key, "\"" + classes[i].code + "\" is named twice");
  }
  const auto healthy =
      std::count_if(classes.begin(), classes.end(), [](const FaultClass& c) { return c.healthy; });
  if (healthy == 1) return {};
  return Wrong("classes", std::to_string(healthy) + " classes are healthy, wanted exactly one");
}

Result<void> CheckSchema(const dsp::Schema& schema) {
  MW_TRY(CheckSize("schema.channels", schema.channels.size(), 1, kChannelsMax));
  MW_TRY(CheckSize("schema.features", schema.features.size(), 1, kFeaturesMax));
  std::set<std::string> channels;
  for (size_t i = 0; i < schema.channels.size(); ++i) {
    const dsp::ChannelSpec& channel = schema.channels[i];
    const std::string key = At("schema.channels", i);
    if (channel.name.empty()) return Wrong(key + ".name", "empty");
    if (!channels.insert(channel.name).second)
      return Wrong(key + ".name", "\"" + channel.name + "\" is named twice");
    if (!(channel.rate_hz > 0 && channel.rate_hz <= 1e6))
      return Wrong(key + ".rate_hz", "must be above 0 and at most 1e6");
  }
  std::set<std::string> features;
  for (size_t i = 0; i < schema.features.size(); ++i) {
    const dsp::FeatureSpec& feature = schema.features[i];
    const std::string key = At("schema.features", i);
    if (!features.insert(feature.name).second)
      return Wrong(key + ".name", "\"" + feature.name + "\" is named twice");
    if (!channels.contains(feature.channel))
      return Wrong(key + ".channel", "no channel is named \"" + feature.channel + "\"");
    if (feature.kind.empty()) return Wrong(key + ".kind", "empty");
  }
  if (schema.steps < 1 || schema.steps > kWindowStepsMax)
    return Wrong("schema.steps", std::to_string(schema.steps) + " is not within 1.." +
                                     std::to_string(kWindowStepsMax));
  MW_TRY(CheckLength("schema.step_ms", schema.step, kMillisecond, kHour));
  MW_TRY(CheckLength("schema.sample_window_ms", schema.sample_window, kMillisecond, kHour));
  MW_TRY(CheckLength("schema.late_max_ms", schema.late_max, 0, kHour));
  MW_TRY(CheckLength("schema.hold_max_ms", schema.hold_max, 0, 24 * kHour));
  if (!(schema.clip > 0 && schema.clip <= 1000)) return Wrong("schema.clip", "not within 0..1000");
  if (!(schema.speed_min_hz >= 0)) return Wrong("schema.speed_min_hz", "negative");
  return {};
}

Result<void> CheckStandardiser(const Manifest::Standardiser& s, size_t features) {
  MW_TRY(CheckLength("standardiser.commissioning_s", s.commissioning, 0, 24 * kHour));
  MW_TRY(CheckSize("standardiser.mean", s.mean.size(), features, features));
  MW_TRY(CheckSize("standardiser.deviation", s.deviation.size(), features, features));
  MW_TRY(CheckSize("standardiser.deviation_floor", s.deviation_floor.size(), features, features));
  if (!s.deviation_pooled.empty())
    MW_TRY(
        CheckSize("standardiser.deviation_pooled", s.deviation_pooled.size(), features, features));
  for (size_t i = 0; i < s.deviation_pooled.size(); ++i)
    if (!(s.deviation_pooled[i] >= 0 && s.deviation_pooled[i] < 1e30F))
      return Wrong(At("standardiser.deviation_pooled", i), "must be 0 or more");
  for (size_t i = 0; i < features; ++i) {
    if (!(s.deviation[i] > 0)) return Wrong(At("standardiser.deviation", i), "must be above 0");
    if (!(s.deviation_floor[i] > 0))
      return Wrong(At("standardiser.deviation_floor", i), "must be above 0");
  }
  return {};
}

Result<void> CheckModel(const Manifest& m) {
  MW_TRY(CheckPath("model.file", m.model.file));
  MW_TRY(CheckHash("model.sha256", m.model.sha256));
  if (m.model.steps != m.schema.steps)
    return Wrong("model.steps", std::to_string(m.model.steps) + ", but schema.steps is " +
                                    std::to_string(m.schema.steps));
  if (m.model.features != static_cast<int>(m.schema.features.size()))
    return Wrong("model.features", std::to_string(m.model.features) + ", but the schema has " +
                                       std::to_string(m.schema.features.size()));
  return {};
}

}  // namespace

int Manifest::healthy_class() const {
  const auto it =
      std::find_if(classes.begin(), classes.end(), [](const FaultClass& c) { return c.healthy; });
  return it == classes.end() ? 0 : static_cast<int>(it - classes.begin());
}

Result<void> CheckManifest(const Manifest& m) {
  if (m.format != kManifestFormat)
    return Fail(Errc::kUnsupported, "format: " + std::to_string(m.format) +
                                        ", this program reads " + std::to_string(kManifestFormat));
  if (m.name.empty()) return Wrong("name", "empty");
  if (m.task != "classifier")
    return Fail(Errc::kUnsupported, "task: \"" + m.task + "\", this program runs \"classifier\"");
  MW_TRY(CheckClasses(m.classes));
  MW_TRY(CheckSchema(m.schema));
  MW_TRY(CheckModel(m));
  MW_TRY(CheckStandardiser(m.standardiser, m.schema.features.size()));
  if (!(m.calibration.temperature > 0)) return Wrong("calibration.temperature", "must be above 0");
  MW_TRY(CheckLimits(m.decision));
  MW_TRY(CheckPath("golden.file", m.golden.file));
  MW_TRY(CheckHash("golden.sha256", m.golden.sha256));
  if (m.golden.count < 1 || m.golden.count > 10'000)
    return Wrong("golden.count", std::to_string(m.golden.count) + " is not within 1..10000");
  for (size_t i = 0; i < m.files.size(); ++i) {
    MW_TRY(CheckPath(At("files", i) + ".path", m.files[i].path));
    MW_TRY(CheckHash(At("files", i) + ".sha256", m.files[i].sha256));
  }
  return {};
}

}  // namespace millwright::model
