// A hub of one machine for tests: it answers the questions of a back-test as docs/formats/api.md
// says, from values that are computed.
#pragma once

#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "history.h"

namespace millwright::cli {

struct FakeHub {
  MachineId machine{.site = "alder", .asset = "P-1"};
  Nanos begin = 1'795'000'020 * kSecond;  // a whole minute
  size_t steps = 600;                     // of one second
  size_t learning = 5;                    // the first ones
  double rate_hz = 1;
  bool constant = false;
  size_t purged_before = 0;  // steps that are only in the minutes
  std::vector<nlohmann::json> alarms;
  std::map<std::string, std::pair<size_t, size_t>> absent;
  int series_asked = 0;

  [[nodiscard]] HistoryRange Range() const {
    return {.from = begin, .to = begin + static_cast<Nanos>(steps) * kSecond, .step = kSecond};
  }
  [[nodiscard]] static dsp::Schema Schema() {
    dsp::Schema schema;
    schema.channels = {{.name = "temperature", .unit = "degC", .rate_hz = 1},
                       {.name = "pressure", .unit = "bar", .rate_hz = 1}};
    schema.step = kSecond;
    return schema;
  }
  void Absent(const std::string& channel, size_t from, size_t to) { absent[channel] = {from, to}; }
  void AddAlarm(int from_s, int to_s, const char* level) {
    const int64_t at = begin / kMillisecond;
    alarms.push_back({{"site", machine.site},
                      {"asset", machine.asset},
                      {"raised_ms", at + from_s * 1000},
                      {"cleared_ms", nullptr},
                      {"level", level},
                      {"fault", "outer_race"},
                      {"model_name", "old"},
                      {"model_hash", "0123"}});
    if (to_s != 0) alarms.back()["cleared_ms"] = at + to_s * 1000;
  }
  [[nodiscard]] float Value(const std::string& channel, size_t step) const {
    if (constant) return 40;
    const double base = channel == "temperature" ? 40 : 3;
    return static_cast<float>(base + std::sin(static_cast<double>(step) * 1.7));
  }

  [[nodiscard]] AskFunction Asker() {
    return [this](const std::string& path) { return Ask(path); };
  }
  [[nodiscard]] Result<nlohmann::json> Ask(const std::string& path) {
    if (path.starts_with("/api/v1/alarms")) return Alarms(path);
    if (path.find("/series?") != std::string::npos) return Series(path);
    if (path != "/api/v1/machines/" + machine.text())
      return Fail(Errc::kNotFound, "there is no such machine");
    nlohmann::json channels = nlohmann::json::array();
    for (const auto& spec : Schema().channels)
      channels.push_back(
          {{"name", spec.name}, {"unit", spec.unit}, {"kind", "reading"}, {"rate_hz", rate_hz}});
    return nlohmann::json{{"channels", std::move(channels)}};
  }

 private:
  [[nodiscard]] static int64_t Parameter(const std::string& path, const std::string& name) {
    const size_t at = path.find(name + "=");
    return std::strtoll(path.c_str() + at + name.size() + 1, nullptr, 10);
  }

  // One alarm a page.
  [[nodiscard]] Result<nlohmann::json> Alarms(const std::string& path) const {
    const auto at = static_cast<size_t>(
        path.find("cursor=") == std::string::npos ? 0 : Parameter(path, "cursor"));
    nlohmann::json page = {{"alarms", nlohmann::json::array()}, {"next", nullptr}};
    if (at < alarms.size()) page["alarms"].push_back(alarms[at]);
    if (at + 1 < alarms.size()) page["next"] = std::to_string(at + 1);
    return page;
  }

  [[nodiscard]] bool Has(const std::string& channel, size_t step) const {
    const auto hole = absent.find(channel);
    return hole == absent.end() || step < hole->second.first || step >= hole->second.second;
  }

  [[nodiscard]] Result<nlohmann::json> Series(const std::string& path) {
    ++series_asked;
    const int64_t from = Parameter(path, "from_ms"), to = Parameter(path, "to_ms");
    const int64_t points = Parameter(path, "points");
    const bool minutes = to - from > 2 * 3'600'000;
    const int64_t bucket = (to - from) / points;
    nlohmann::json t = nlohmann::json::array(), state = t, level = t, columns = t;
    std::map<std::string, nlohmann::json> values{{"temperature", t}, {"pressure", t}};
    for (int64_t i = 0; i < points; ++i) {
      const int64_t at = from + i * bucket;
      const int64_t step = (at - begin / kMillisecond) / 1000;
      const bool known = at >= begin / kMillisecond && step < static_cast<int64_t>(steps) &&
                         (minutes || step >= static_cast<int64_t>(purged_before));
      const auto s = static_cast<size_t>(step);
      t.push_back(at);
      state.push_back(nullptr);
      level.push_back(nullptr);
      for (auto& [name, column] : values) column.push_back(nullptr);
      if (!known) continue;
      state.back() = s < learning ? "learning" : "running";
      level.back() = "none";
      for (auto& [name, column] : values)
        if (Has(name, s)) column.back() = Value(name, s);
    }
    for (const auto& [name, column] : values)
      columns.push_back(
          {{"name", name}, {"unit", ""}, {"mean", column}, {"min", column}, {"max", column}});
    return nlohmann::json{{"t_ms", t}, {"series", columns}, {"state", state}, {"level", level}};
  }
};

}  // namespace millwright::cli
