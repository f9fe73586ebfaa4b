// The manifest as JSON: reading with the path of each key in its errors, writing in a fixed order.

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "model/manifest.h"

namespace millwright::model {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// A value with its path. The first fault is kept; getters return empty values from then on, so that
// reading needs no branch per key.
class Node {
 public:
  Node(const Json& json, std::string path, std::optional<Error>& fault)
      : json_(&json), path_(std::move(path)), fault_(&fault) {}

  [[nodiscard]] Node operator[](const char* key) const {
    static const Json kNull;
    const std::string path = path_.empty() ? key : path_ + "." + key;
    if (!json_->is_object()) {
      Note(path_.empty() ? "(root)" : path_, "not an object");
      return {kNull, path, *fault_};
    }
    const auto it = json_->find(key);
    if (it == json_->end()) Note(path, "missing");
    return {it == json_->end() ? kNull : *it, path, *fault_};
  }
  [[nodiscard]] bool Has(const char* key) const {
    return json_->is_object() && json_->contains(key);
  }

  void Get(std::string& out) const {
    if (json_->is_string())
      out = json_->get<std::string>();
    else
      Note(path_, "not a string");
  }
  void Get(bool& out) const {
    if (json_->is_boolean())
      out = json_->get<bool>();
    else
      Note(path_, "not true or false");
  }
  void Get(double& out) const {
    if (json_->is_number())
      out = json_->get<double>();
    else
      Note(path_, "not a number");
  }
  void Get(float& out) const {
    double value = 0;
    Get(value);
    if (!(std::abs(value) <= 3e38)) return Note(path_, "not a finite number");
    out = static_cast<float>(value);
  }
  void Get(int& out) const {
    if (json_->is_number_integer() && std::abs(json_->get<double>()) < 2e9)
      out = json_->get<int>();
    else
      Note(path_, "not a whole number of at most 2e9");
  }
  void Get(uint64_t& out) const {
    if (json_->is_number_unsigned())
      out = json_->get<uint64_t>();
    else
      Note(path_, "not a whole number from 0");
  }
  // A length of time given in units of `unit` nanoseconds.
  void GetLength(Nanos& out, Nanos unit) const {
    double value = 0;
    Get(value);
    const double length = value * static_cast<double>(unit);
    if (!(std::abs(length) < 9e18)) return Note(path_, "too long");
    out = static_cast<Nanos>(std::llround(length));
  }
  template <typename T, typename Read>
  void List(std::vector<T>& out, Read read) const {
    if (!json_->is_array()) return Note(path_, "not a list");
    if (json_->size() > 100'000) return Note(path_, "too long a list");
    for (size_t i = 0; i < json_->size() && !*fault_; ++i) {
      const Node item((*json_)[i], path_ + "[" + std::to_string(i) + "]", *fault_);
      out.emplace_back();
      read(item, out.back());
    }
  }
  void Get(std::vector<float>& out) const {
    List(out, [](const Node& node, float& value) { node.Get(value); });
  }
  void Get(std::map<std::string, double>& out) const {
    if (!json_->is_object()) return Note(path_, "not an object");
    for (const auto& [key, value] : json_->items())
      Node(value, path_ + "." + key, *fault_).Get(out[key]);
  }
  void Note(const std::string& key, const std::string& what) const {
    if (!*fault_) *fault_ = Error{Errc::kInvalid, key + ": " + what};
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  const Json* json_;
  std::string path_;
  std::optional<Error>* fault_;
};

void ReadSchema(const Node& node, dsp::Schema& schema) {
  node["channels"].List(schema.channels, [](const Node& item, dsp::ChannelSpec& channel) {
    item["name"].Get(channel.name);
    item["unit"].Get(channel.unit);
    std::string kind;
    item["kind"].Get(kind);
    if (kind != "samples" && kind != "reading")
      item.Note(item.path() + ".kind", "\"" + kind + "\" is neither \"samples\" nor \"reading\"");
    channel.kind = kind == "samples" ? dsp::ChannelKind::kSamples : dsp::ChannelKind::kReading;
    item["rate_hz"].Get(channel.rate_hz);
  });
  node["features"].List(schema.features, [](const Node& item, dsp::FeatureSpec& feature) {
    item["name"].Get(feature.name);
    item["channel"].Get(feature.channel);
    item["kind"].Get(feature.kind);
    if (item.Has("params")) item["params"].Get(feature.params);
  });
  node["step_ms"].GetLength(schema.step, kMillisecond);
  node["steps"].Get(schema.steps);
  node["sample_window_ms"].GetLength(schema.sample_window, kMillisecond);
  node["late_max_ms"].GetLength(schema.late_max, kMillisecond);
  node["hold_max_ms"].GetLength(schema.hold_max, kMillisecond);
  node["clip"].Get(schema.clip);
  node["speed_min_hz"].Get(schema.speed_min_hz);
  if (!node.Has("squash")) return;
  std::string squash;
  node["squash"].Get(squash);
  if (squash != "log" && squash != "none")
    node.Note("schema.squash", "\"" + squash + "\" is neither \"log\" nor \"none\"");
  schema.log_squash = squash == "log";
}

void ReadHead(const Node& root, Manifest& m) {
  root["format"].Get(m.format);
  root["name"].Get(m.name);
  root["version"].Get(m.version);
  std::string created;
  root["created"].Get(created);
  if (const auto utc = ParseUtc(created))
    m.created = *utc;
  else
    root.Note("created", "\"" + created + "\" is no RFC 3339 time");
  root["task"].Get(m.task);
  const Node model = root["model"];
  model["file"].Get(m.model.file);
  model["sha256"].Get(m.model.sha256);
  model["bytes"].Get(m.model.bytes);
  model["steps"].Get(m.model.steps);
  model["features"].Get(m.model.features);
  root["classes"].List(m.classes, [](const Node& item, FaultClass& c) {
    item["code"].Get(c.code);
    item["name"].Get(c.name);
    item["healthy"].Get(c.healthy);
    if (item.Has("action")) item["action"].Get(c.action);
  });
}

void ReadStandardiser(const Node& node, Manifest::Standardiser& s) {
  std::string mode;
  node["mode"].Get(mode);
  if (mode != "asset" && mode != "global")
    node.Note("standardiser.mode", "\"" + mode + "\" is neither \"asset\" nor \"global\"");
  s.per_asset = mode == "asset";
  node["commissioning_s"].GetLength(s.commissioning, kSecond);
  node["mean"].Get(s.mean);
  node["deviation"].Get(s.deviation);
  node["deviation_floor"].Get(s.deviation_floor);
  if (node.Has("deviation_pooled")) node["deviation_pooled"].Get(s.deviation_pooled);
}

void ReadDecision(const Node& node, DecisionLimits& limits) {
  node["watch_from"].Get(limits.watch_from);
  node["warning_from"].Get(limits.warning_from);
  node["act_from"].Get(limits.act_from);
  node["persistence"].Get(limits.persistence);
  node["of"].Get(limits.of);
  node["clear_below"].Get(limits.clear_below);
  node["clear_after"].Get(limits.clear_after);
  if (node.Has("name_from")) node["name_from"].Get(limits.name_from);
}

void ReadTail(const Node& root, Manifest& m) {
  const Node calibration = root["calibration"];
  calibration["temperature"].Get(m.calibration.temperature);
  calibration["folded"].Get(m.calibration.folded);
  const Node golden = root["golden"];
  golden["file"].Get(m.golden.file);
  golden["sha256"].Get(m.golden.sha256);
  golden["count"].Get(m.golden.count);
  root["files"].List(m.files, [](const Node& item, ListedFile& file) {
    item["path"].Get(file.path);
    item["sha256"].Get(file.sha256);
    item["bytes"].Get(file.bytes);
  });
  const Node lineage = root["lineage"];
  lineage["data_hash"].Get(m.lineage.data_hash);
  lineage["code_version"].Get(m.lineage.code_version);
  lineage["seed"].Get(m.lineage.seed);
  lineage["parent"].Get(m.lineage.parent);
  lineage["trainer"].Get(m.lineage.trainer);
}

// The shortest decimal that reads back as the same float, instead of the float's exact value in 17
// digits.
double Short(float value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  double out = 0;
  std::from_chars(text.data(), end, out);
  return out;
}

OrderedJson ToJson(const std::vector<float>& values) {
  OrderedJson out = OrderedJson::array();
  for (const float value : values) out.push_back(Short(value));
  return out;
}

// Whole numbers stay whole numbers: 200, not 200.0.
OrderedJson Number(double value) {
  if (std::abs(value) < 1e15 && value == std::floor(value)) return static_cast<int64_t>(value);
  return value;
}

OrderedJson Length(Nanos length, Nanos unit) {
  return Number(static_cast<double>(length) / static_cast<double>(unit));
}

OrderedJson ToJson(const dsp::Schema& schema) {
  OrderedJson channels = OrderedJson::array();
  for (const dsp::ChannelSpec& c : schema.channels)
    channels.push_back({{"name", c.name},
                        {"unit", c.unit},
                        {"kind", c.kind == dsp::ChannelKind::kSamples ? "samples" : "reading"},
                        {"rate_hz", Number(c.rate_hz)}});
  OrderedJson features = OrderedJson::array();
  for (const dsp::FeatureSpec& f : schema.features) {
    OrderedJson params = OrderedJson::object();
    for (const auto& [key, value] : f.params) params[key] = Number(value);
    features.push_back(
        {{"name", f.name}, {"channel", f.channel}, {"kind", f.kind}, {"params", params}});
  }
  return {{"channels", channels},
          {"features", features},
          {"step_ms", Length(schema.step, kMillisecond)},
          {"steps", schema.steps},
          {"sample_window_ms", Length(schema.sample_window, kMillisecond)},
          {"late_max_ms", Length(schema.late_max, kMillisecond)},
          {"hold_max_ms", Length(schema.hold_max, kMillisecond)},
          {"clip", Number(schema.clip)},
          {"speed_min_hz", Number(schema.speed_min_hz)},
          {"squash", schema.log_squash ? "log" : "none"}};
}

OrderedJson ToJson(const Manifest::Standardiser& s) {
  return {{"mode", s.per_asset ? "asset" : "global"},
          {"commissioning_s", Length(s.commissioning, kSecond)},
          {"mean", ToJson(s.mean)},
          {"deviation", ToJson(s.deviation)},
          {"deviation_floor", ToJson(s.deviation_floor)},
          {"deviation_pooled", ToJson(s.deviation_pooled)}};
}

OrderedJson ToJson(const DecisionLimits& d) {
  return {{"watch_from", d.watch_from},
          {"warning_from", d.warning_from},
          {"act_from", d.act_from},
          {"persistence", d.persistence},
          {"of", d.of},
          {"clear_below", d.clear_below},
          {"clear_after", d.clear_after},
          {"name_from", d.name_from}};
}

}  // namespace

Result<Manifest> ReadManifest(std::span<const std::byte> bytes, std::string_view file) {
  const std::string prefix = std::string(file) + ": ";
  const std::string_view text = os::AsText(bytes);
  // A nesting bomb would overflow the parser's recursion in other libraries; this one is iterative,
  // but its destructor is bounded too only by size, hence the limit.
  if (text.size() > (size_t{4} << 20)) return Fail(Errc::kInvalid, prefix + "larger than 4 MiB");
  const Json json = Json::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_discarded()) return Fail(Errc::kInvalid, prefix + "not JSON");
  std::optional<Error> fault;
  const Node root(json, "", fault);
  Manifest m;
  ReadHead(root, m);
  if (!fault && m.format != kManifestFormat)
    return Fail(Errc::kUnsupported, prefix + "format: " + std::to_string(m.format) +
                                        ", this program reads " + std::to_string(kManifestFormat));
  ReadSchema(root["schema"], m.schema);
  ReadStandardiser(root["standardiser"], m.standardiser);
  ReadDecision(root["decision"], m.decision);
  ReadTail(root, m);
  if (fault) return Fail(fault->code, prefix + fault->what);
  if (const auto checked = CheckManifest(m); !checked)
    return Fail(checked.error().code, prefix + checked.error().what);
  return m;
}

std::string WriteManifest(const Manifest& m) {
  OrderedJson classes = OrderedJson::array();
  for (const FaultClass& c : m.classes)
    classes.push_back(
        {{"code", c.code}, {"name", c.name}, {"healthy", c.healthy}, {"action", c.action}});
  OrderedJson files = OrderedJson::array();
  for (const ListedFile& f : m.files)
    files.push_back({{"path", f.path}, {"sha256", f.sha256}, {"bytes", f.bytes}});
  const OrderedJson json = {
      {"format", m.format},
      {"name", m.name},
      {"version", m.version},
      {"created", FormatUtc(m.created)},
      {"task", m.task},
      {"model",
       {{"file", m.model.file},
        {"sha256", m.model.sha256},
        {"bytes", m.model.bytes},
        {"steps", m.model.steps},
        {"features", m.model.features}}},
      {"classes", classes},
      {"schema", ToJson(m.schema)},
      {"standardiser", ToJson(m.standardiser)},
      {"calibration",
       {{"temperature", m.calibration.temperature}, {"folded", m.calibration.folded}}},
      {"decision", ToJson(m.decision)},
      {"golden", {{"file", m.golden.file}, {"sha256", m.golden.sha256}, {"count", m.golden.count}}},
      {"files", files},
      {"lineage",
       {{"data_hash", m.lineage.data_hash},
        {"code_version", m.lineage.code_version},
        {"seed", m.lineage.seed},
        {"parent", m.lineage.parent},
        {"trainer", m.lineage.trainer}}}};
  // Text from outside (names, actions) may hold broken UTF-8; it is replaced, not thrown about.
  return json.dump(1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace millwright::model
