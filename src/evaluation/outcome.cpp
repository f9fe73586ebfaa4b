#include "evaluation/outcome.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace millwright::evaluation {
namespace {

double Rounded(double value) { return std::round(value * 1e6) / 1e6; }

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

// As RFC 4180 has it.
std::string Cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + '"';
}

}  // namespace

void Outcome::Put(const std::string& key, Value value) {
  for (auto& [known, old] : values_)
    if (known == key) {
      old = std::move(value);
      return;
    }
  values_.emplace_back(key, std::move(value));
}

void Outcome::Set(const std::string& key, double value) { Put(key, value); }
void Outcome::Set(const std::string& key, int value) { Put(key, static_cast<int64_t>(value)); }
void Outcome::Set(const std::string& key, size_t value) { Put(key, static_cast<int64_t>(value)); }
void Outcome::Set(const std::string& key, bool value) { Put(key, value); }
void Outcome::Set(const std::string& key, const char* value) { Put(key, std::string(value)); }
void Outcome::Set(const std::string& key, std::string value) { Put(key, std::move(value)); }
void Outcome::Set(const std::string& key, std::vector<double> value) { Put(key, std::move(value)); }
void Outcome::Set(const std::string& key, std::vector<std::string> value) {
  Put(key, std::move(value));
}

void Outcome::SetSeeds(const std::string& key, std::span<const double> values) {
  double sum = 0;
  for (const double v : values) sum += v;
  Set(key, values.empty() ? std::nan("") : sum / static_cast<double>(values.size()));
  if (values.size() < 2) return;
  Set(key + "_min", *std::ranges::min_element(values));
  Set(key + "_max", *std::ranges::max_element(values));
}

double Outcome::Number(const std::string& key) const {
  for (const auto& [known, value] : values_) {
    if (known != key) continue;
    if (const auto* d = std::get_if<double>(&value)) return *d;
    if (const auto* i = std::get_if<int64_t>(&value)) return static_cast<double>(*i);
  }
  return std::nan("");
}

void Outcome::AtLeast(const std::string& key, double bar) {
  const bool held = Number(key) >= bar;
  bars_.push_back({.key = key, .sense = ">=", .bar = bar, .held = held});
  if (!held) broken_.push_back(key + " >= " + Short(bar));
}

void Outcome::AtMost(const std::string& key, double bar) {
  const bool held = Number(key) <= bar;
  bars_.push_back({.key = key, .sense = "<=", .bar = bar, .held = held});
  if (!held) broken_.push_back(key + " <= " + Short(bar));
}

void Outcome::MustHold(const std::string& key) {
  bool held = false;
  for (const auto& [known, value] : values_)
    held = held || (known == key && std::holds_alternative<bool>(value) && std::get<bool>(value));
  bars_.push_back({.key = key, .sense = "is true", .bar = 0, .held = held});
  if (!held) broken_.push_back(key);
}

void Outcome::Ship(const std::string& name, std::span<const std::byte> tflite, double worth) {
  auto at = std::ranges::find(models_, name, &ShippedModel::name);
  if (at == models_.end()) at = models_.insert(at, {.name = name});
  at->tflite.assign(tflite.begin(), tflite.end());
  at->worth = worth;
}

std::string Outcome::Json() const {
  using Object = nlohmann::ordered_json;
  Object json, missing = Object::array();
  for (const auto& entry : values_) {  // clang 14 does not capture structured bindings
    const std::string& key = entry.first;
    const Value& value = entry.second;
    if (const auto* number = std::get_if<double>(&value)) {
      if (std::isfinite(*number))
        json[key] = Rounded(*number);
      else
        missing.push_back(key);
    } else if (const auto* list = std::get_if<std::vector<double>>(&value)) {
      json[key] = Object::array();
      for (const double v : *list) json[key].push_back(Rounded(v));
    } else {
      std::visit([&](const auto& v) { json[key] = v; }, value);
    }
  }
  json["ok"] = ok();
  json["bars_broken"] = broken_;
  json["not_measured"] = missing;
  return json.dump() + "\n";
}

std::string PredictionsCsv(std::span<const Prediction> predictions) {
  std::string out = "recording,start_s,end_s,truth,class,probability\n";
  for (const Prediction& p : predictions) {
    char numbers[64];
    std::snprintf(numbers, sizeof numbers, ",%.6f,%.6f,", p.place.start_s, p.place.end_s);
    out += Cell(p.place.recording) + numbers + Cell(p.truth) + ',' + Cell(p.guess) + ',' +
           Short(p.probability) + '\n';
  }
  return out;
}

}  // namespace millwright::evaluation
