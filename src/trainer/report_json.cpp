#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "trainer/report.h"

namespace millwright::trainer {
namespace {

using Json = nlohmann::ordered_json;

// Six digits say all there is; NaN is no JSON and becomes a missing key.
double Rounded(double value) { return std::round(value * 1e6) / 1e6; }

class Flat {
 public:
  void Set(const std::string& key, double value) {
    if (std::isfinite(value))
      json_[key] = Rounded(value);
    else
      missing_.push_back(key);
  }
  void Count(const std::string& key, size_t value) { json_[key] = value; }
  void Text(const std::string& key, const std::string& value) { json_[key] = value; }
  void List(const std::string& key, const std::vector<std::string>& values) { json_[key] = values; }
  std::string Finish(bool ok) {
    json_["ok"] = ok;
    json_["not_measured"] = missing_;
    return json_.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  }

 private:
  Json json_;
  std::vector<std::string> missing_;
};

}  // namespace

namespace {

// The list of all trials is the page's.
void AddSearch(const SearchRecord& s, Flat& out) {
  out.Count("search_trials", s.trials.size());
  out.Count("search_chosen", s.chosen + 1);
  out.Set("search_budget_s", s.budget_s);
  out.Set("search_spent_s", s.spent_s);
  out.Set("search_first_macro_f1", s.trials.front().macro_f1);
  out.List("judge_units", s.judge_units);
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  out.Set("judged_macro_f1", s.judged_macro_f1.value_or(kNone));
  out.Set("judged_first_macro_f1", s.judged_first_macro_f1.value_or(kNone));
}

}  // namespace

std::string ReportJson(const Trained& t) {
  const model::Manifest& m = t.manifest;
  Flat out;
  out.Text("model", m.name);
  out.Text("model_hash", m.model.sha256);
  out.Count("model_bytes", m.model.bytes);
  out.Text("data_hash", m.lineage.data_hash);
  out.Count("seed", m.lineage.seed);
  std::vector<std::string> classes;
  for (const auto& c : m.classes) classes.push_back(c.code);
  out.List("classes", classes);
  out.Count("steps", static_cast<size_t>(m.model.steps));
  out.Count("features", static_cast<size_t>(m.model.features));
  out.Count("epochs", t.history.size());
  out.Count("best_epoch", static_cast<size_t>(t.best_epoch) + 1);
  out.Count("train_windows", t.train_windows);
  out.Count("validation_windows", t.validation_windows);
  out.Set("macro_f1", t.validation.macro_f1);
  out.Set("balanced_accuracy", t.validation.balanced_accuracy);
  out.Set("accuracy", t.validation.accuracy);
  out.Set("majority_accuracy", t.majority_accuracy);
  out.Set("calibration_error", t.validation.calibration_error);
  out.Set("pr_auc", t.validation.pr_auc);
  for (size_t c = 0; c < classes.size(); ++c)
    out.Set("recall_" + classes[c], t.validation.recall[c]);
  out.Set("temperature", m.calibration.temperature);
  out.Set("parity_agreement", t.parity.agreement);
  out.Set("parity_macro_f1_loss", t.parity.macro_f1_float - t.parity.macro_f1_int8);
  out.Set("parity_score_error_max", t.parity.score_error_max);
  out.Count("events_total", static_cast<size_t>(t.detection.events_total));
  out.Count("events_found", static_cast<size_t>(t.detection.events_found));
  out.Count("events_named_right", static_cast<size_t>(t.fault_named_right));
  out.Set("name_from", t.naming.name_from);
  out.Set("fault_named_share", t.naming.named);
  out.Set("fault_named_right_share", t.naming.right);
  out.Set("fault_right_share_always_named", t.naming.right_always);
  out.Count("false_alarms", static_cast<size_t>(t.detection.false_alarms));
  out.Set("far", t.detection.far);
  out.Set("mar", t.detection.mar);
  out.Set("delay_s_median", t.detection.delay_s_median);
  out.Set("load_s", t.load_s);
  out.Set("learn_s", t.learn_s);
  out.Text("split_unit", t.split.unit);
  out.List("train_runs", t.train_runs);
  out.List("validation_runs", t.validation_runs);
  if (t.search) AddSearch(*t.search, out);
  out.List("notes", t.notes);
  return out.Finish(t.parity.ok());
}

}  // namespace millwright::trainer
