// What a study found: flat keys, bars, notes and predictions.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "evaluation/samples.h"

namespace millwright::evaluation {

struct Prediction {
  Place place{};
  std::string truth;  // class name, or a number for regression; empty: not known
  std::string guess;
  double probability = 0;  // of the guess; regression: 1
};

/// What had to hold.
struct JudgedBar {
  std::string key;
  std::string sense;  // ">=", "<=" or "is true"
  double bar = 0;
  bool held = false;
};

/// A model as it would ship; of several seeds the last one.
struct ShippedModel {
  std::string name;
  std::vector<std::byte> tflite{};
  double worth = std::numeric_limits<double>::quiet_NaN();  // larger is better, within one study
};

class Outcome {
 public:
  using Value = std::variant<double, int64_t, bool, std::string, std::vector<double>,
                             std::vector<std::string>>;

  void Set(const std::string& key, double value);
  void Set(const std::string& key, int value);
  void Set(const std::string& key, size_t value);
  void Set(const std::string& key, bool value);
  void Set(const std::string& key, const char* value);
  void Set(const std::string& key, std::string value);
  void Set(const std::string& key, std::vector<double> value);
  void Set(const std::string& key, std::vector<std::string> value);
  /// The mean of one figure over the seeds, with `key`_min and `key`_max beside it.
  void SetSeeds(const std::string& key, std::span<const double> values);

  /// Bars on keys that are set; a key that is absent or not finite breaks its bar.
  void AtLeast(const std::string& key, double bar);
  void AtMost(const std::string& key, double bar);
  /// A bar on a flag.
  void MustHold(const std::string& key);

  /// A sentence for people: the split and its groups, what was left out, which baseline won.
  void Note(std::string text) { notes_.push_back(std::move(text)); }

  /// For the page and for choosing by a budget. A name that is known is replaced.
  void Ship(const std::string& name, std::span<const std::byte> tflite,
            double worth = std::numeric_limits<double>::quiet_NaN());

  std::vector<Prediction> predictions{};

  [[nodiscard]] bool ok() const { return broken_.empty(); }
  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
  [[nodiscard]] const std::vector<JudgedBar>& bars() const { return bars_; }
  [[nodiscard]] const std::vector<ShippedModel>& models() const { return models_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  [[nodiscard]] const std::vector<std::pair<std::string, Value>>& values() const { return values_; }
  /// NaN where the key is absent or no number.
  [[nodiscard]] double Number(const std::string& key) const;
  /// One flat JSON object: the keys in order, then ok, bars_broken, not_measured.
  [[nodiscard]] std::string Json() const;

 private:
  void Put(const std::string& key, Value value);
  std::vector<std::pair<std::string, Value>> values_;
  std::vector<std::string> broken_, notes_;
  std::vector<JudgedBar> bars_;
  std::vector<ShippedModel> models_;
};

/// recording,start_s,end_s,truth,class,probability: one line a window.
[[nodiscard]] std::string PredictionsCsv(std::span<const Prediction> predictions);

}  // namespace millwright::evaluation
