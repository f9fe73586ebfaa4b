#include "agent/memory.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/log.h"

namespace millwright::agent {
namespace {

using nlohmann::json;

constexpr int kBaselineFormat = 1;
constexpr uint64_t kWindowsMagic = 0x0131'5749'4e44'4d57;  // "WMDNIW1" and the format's number
constexpr size_t kStateBytesMax = size_t{64} << 20;

// Each schema has its own, so that a machine that goes back to the model before needs not learn
// again.
std::string BaselineName(const Plan& plan, size_t asset) {
  return plan.assets[asset].settings->id.value() + "." + plan.schema_hash.substr(0, 12) +
         (plan.assets[asset].tuning.empty() ? "" : "." + plan.assets[asset].tuning) + ".json";
}

std::string BaselinePath(const Plan& plan, size_t asset) {
  return plan.settings.state_folder + "/baselines/" + BaselineName(plan, asset);
}

// Where the versions before wrote it.
std::string OldBaselinePath(const Plan& plan, size_t asset) {
  return plan.settings.state_folder + "/baselines/" + plan.assets[asset].settings->id.value() +
         ".json";
}

// FNV-1a, 64 bit: tells torn and foreign files, not attackers (who could write anything here
// anyway).
uint64_t Checksum(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// What a snapshot belongs to: another model or another list of machines cannot use it.
uint64_t Owner(const Plan& plan) {
  std::string text = plan.manifest.model.sha256 + plan.schema_hash;
  for (const AssetPlan& asset : plan.assets)
    text += "/" + asset.settings->id.value() + (asset.tuning.empty() ? "" : "@" + asset.tuning);
  return Checksum(text);
}

template <typename T>
void Put(std::string& out, const T& value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <typename T>
  bool Get(T& value) {
    if (rest_.size() < sizeof value) return false;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return true;
  }
  template <typename T>
  bool GetAll(std::vector<T>& out, size_t count) {
    if (count > rest_.size() / sizeof(T)) return false;
    out.resize(count);
    if (count > 0) std::memcpy(out.data(), rest_.data(), count * sizeof(T));
    rest_.remove_prefix(count * sizeof(T));
    return true;
  }

 private:
  std::string_view rest_;
};

Result<Baseline> ParseBaseline(const Plan& plan, std::string_view text) {
  const auto bad = [](const std::string& what) {
    return Fail(Errc::kInvalid, "baseline: " + what);
  };
  const json doc = json::parse(text, nullptr, false);
  if (!doc.is_object()) return bad("no JSON object");
  if (doc.value("format", 0) != kBaselineFormat) return bad("of another format");
  if (doc.value("schema", "") != plan.schema_hash)
    return bad("learned under another feature schema");
  const auto mean = doc.value("mean", std::vector<float>());
  const auto deviation = doc.value("deviation", std::vector<float>());
  const size_t features = plan.manifest.schema.features.size();
  if (mean.size() != features || deviation.size() != features) return bad("has another length");
  for (size_t f = 0; f < features; ++f)
    if (!std::isfinite(mean[f]) || !std::isfinite(deviation[f]) || !(deviation[f] > 0))
      return bad("holds a number that is none");
  Baseline out;
  out.standardizer = dsp::Standardizer(mean, deviation);
  out.learned_at = doc.value("learned_at", Nanos{0});
  out.amplitudes = doc.value("amplitudes", std::map<std::string, float>());
  return out;
}

}  // namespace

BaselineCopy CopyOf(const Plan& plan, size_t asset, const Baseline& baseline) {
  const json doc = {{"format", kBaselineFormat},
                    {"asset", plan.assets[asset].settings->id.value()},
                    {"schema", plan.schema_hash},
                    {"learned_at", baseline.learned_at},
                    {"mean", baseline.standardizer.mean()},
                    {"deviation", baseline.standardizer.deviation()},
                    {"amplitudes", baseline.amplitudes}};
  return {.file = BaselineName(plan, asset),
          .document = doc.dump(1) + "\n",
          .learned_at = baseline.learned_at};
}

Result<void> SaveBaseline(const Plan& plan, size_t asset, const Baseline& baseline,
                          os::Files& files) {
  MW_TRY(files.MakeFolders(plan.settings.state_folder + "/baselines"));
  return files.WriteDurably(BaselinePath(plan, asset),
                            os::AsBytes(CopyOf(plan, asset, baseline).document));
}

std::optional<Baseline> LoadBaseline(const Plan& plan, size_t asset, os::Files& files) {
  std::string path = BaselinePath(plan, asset);
  const bool own = plan.assets[asset].tuning.empty();
  if (own && !files.Exists(path) && files.Exists(OldBaselinePath(plan, asset)))
    path = OldBaselinePath(plan, asset);
  const auto bytes = files.Read(path, kStateBytesMax);
  if (!bytes) {
    if (bytes.error().code != Errc::kNotFound)
      log::Failure("agent", bytes.error(), {{"file", path}});
    return std::nullopt;
  }
  // nlohmann throws on values of the wrong type.
  Result<Baseline> parsed = Fail(Errc::kInvalid, "baseline: a value has the wrong type");
  try {
    parsed = ParseBaseline(plan, os::AsText(*bytes));
  } catch (const json::exception&) {
  }
  if (parsed) return std::move(*parsed);
  log::Warning("agent", "a baseline is not used: the machine learns anew",
               {{"file", path}, {"why", parsed.error().what}});
  return std::nullopt;
}

Result<void> RemoveBaselines(const Plan& plan, size_t asset, os::Files& files) {
  const std::string folder = plan.settings.state_folder + "/baselines";
  if (!files.Exists(folder)) return {};
  // An id may hold dots: "P-1" must not take the files of "P-1.2" along. What follows the id is
  // 12 hex digits of the schema, perhaps 12 of the tuning, and ".json".
  constexpr size_t kHashChars = 13, kEnding = 5;
  const std::string prefix = plan.assets[asset].settings->id.value() + ".";
  MW_TRY(const std::vector<std::string> names, files.List(folder));
  for (const std::string& name : names) {
    if (!name.starts_with(prefix) || !name.ends_with(".json")) continue;
    const size_t rest = name.size() + 1 - prefix.size() - kEnding;
    if (rest == 0 || rest == kHashChars || rest == 2 * kHashChars || name == prefix + "json")
      MW_TRY(files.Remove(folder + "/" + name));
  }
  return {};
}

std::string WindowsPath(const Plan& plan) { return plan.settings.state_folder + "/windows.bin"; }

std::string EncodeWindows(const Plan& plan, std::span<const WindowState> windows) {
  std::string out;
  Put(out, kWindowsMagic);
  Put(out, Owner(plan));
  for (const WindowState& w : windows) {
    Put(out, w.step_end);
    Put(out, static_cast<int64_t>(w.filled));
    Put(out, static_cast<uint64_t>(w.window.size()));
    Put(out, static_cast<uint64_t>(w.history.size()));
    out.append(reinterpret_cast<const char*>(w.window.data()), w.window.size());
    out.append(reinterpret_cast<const char*>(w.history.data()), w.history.size() * sizeof(float));
  }
  Put(out, Checksum(out));
  return out;
}

std::vector<WindowState> DecodeWindows(const Plan& plan, std::span<const std::byte> bytes) {
  std::vector<WindowState> none(plan.assets.size());
  const std::string_view text = os::AsText(bytes);
  uint64_t checksum = 0;
  if (text.size() < sizeof checksum) return none;
  const std::string_view body = text.substr(0, text.size() - sizeof checksum);
  std::memcpy(&checksum, text.data() + body.size(), sizeof checksum);
  if (checksum != Checksum(body)) return none;
  Reader reader(body);
  uint64_t magic = 0;
  uint64_t owner = 0;
  if (!reader.Get(magic) || magic != kWindowsMagic || !reader.Get(owner) || owner != Owner(plan))
    return none;
  std::vector<WindowState> out(plan.assets.size());
  for (WindowState& w : out) {
    int64_t filled = 0;
    uint64_t window = 0;
    uint64_t history = 0;
    if (!reader.Get(w.step_end) || !reader.Get(filled) || !reader.Get(window) ||
        !reader.Get(history) || !reader.GetAll(w.window, window) ||
        !reader.GetAll(w.history, history))
      return none;
    w.filled = static_cast<int>(filled);
  }
  return out;
}

std::string CoverageKey(const AssetSettings& asset) { return "cover/" + asset.id.value(); }
std::string AlarmKey(const AssetSettings& asset) { return "alarm/" + asset.id.value(); }
std::string ServiceKey(const AssetSettings& asset) { return "service/" + asset.id.value(); }

std::string EncodePositions(const AssetSettings& asset,
                            std::span<const Restored::Position> positions) {
  std::string out;
  for (const Restored::Position& p : positions) {
    if (p.last == 0) continue;
    out += asset.channels[p.channel].spec.name + " " + std::to_string(p.last) + " " +
           std::to_string(p.last_seq) + "\n";
  }
  return out;
}

std::vector<Restored::Position> DecodePositions(const AssetSettings& asset, std::string_view text) {
  std::vector<Restored::Position> out;
  std::istringstream lines{std::string(text)};
  std::string name;
  Nanos last = 0;
  uint64_t seq = 0;
  while (lines >> name >> last >> seq)
    for (size_t c = 0; c < asset.channels.size(); ++c)
      if (asset.channels[c].spec.name == name) out.push_back({c, last, seq});
  return out;
}

std::string EncodeAlarm(const OpenAlarm& alarm) {
  if (alarm.level == model::Level::kNone) return "";
  return std::to_string(static_cast<int>(alarm.level)) + " " + alarm.key;
}

std::optional<OpenAlarm> DecodeAlarm(std::string_view text) {
  int level = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  const auto rest = text.substr(static_cast<size_t>(end - text.data()));
  if (error != std::errc{} || level < 1 || level > 3 || rest.size() < 2) return std::nullopt;
  return OpenAlarm{std::string(rest.substr(1)), static_cast<model::Level>(level)};
}

std::string BaselineKey(const BaselineCopy& copy) { return "baseline/" + copy.file; }

Result<Memory> Remember(const Plan& plan, os::Files& files, outbox::Outbox& outbox) {
  Memory out;
  out.machines.resize(plan.assets.size());
  out.alarms.resize(plan.assets.size());
  out.amplitudes.resize(plan.assets.size());
  out.untold.resize(plan.assets.size());
  std::vector<WindowState> windows(plan.assets.size());
  if (const auto bytes = files.Read(WindowsPath(plan), kStateBytesMax))
    windows = DecodeWindows(plan, *bytes);
  for (size_t a = 0; a < plan.assets.size(); ++a) {
    const AssetSettings& asset = *plan.assets[a].settings;
    Restored& machine = out.machines[a];
    machine.window = std::move(windows[a].window);
    machine.history = std::move(windows[a].history);
    machine.filled = windows[a].filled;
    machine.step_end = windows[a].step_end;
    MW_TRY(const auto covered, outbox.GetMark(CoverageKey(asset)));
    if (covered) machine.covered = DecodePositions(asset, *covered);
    MW_TRY(const auto open, outbox.GetMark(AlarmKey(asset)));
    if (open) out.alarms[a] = DecodeAlarm(*open).value_or(OpenAlarm{});
    machine.level = out.alarms[a].level;
    if (auto baseline = LoadBaseline(plan, a, files)) {
      BaselineCopy copy = CopyOf(plan, a, *baseline);
      MW_TRY(const auto told, outbox.GetMark(BaselineKey(copy)));
      if (told != std::to_string(copy.learned_at)) out.untold[a] = std::move(copy);
      machine.baseline = std::move(baseline->standardizer);
      out.amplitudes[a] = std::move(baseline->amplitudes);
    }
  }
  return out;
}

}  // namespace millwright::agent
