#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/text.h"
#include "trainer/page_style.h"
#include "trainer/report.h"
#include "trainer/svg.h"

namespace millwright::trainer {
namespace {

constexpr const char* kBlue = "#1f6f9f";
constexpr const char* kRed = "#b3372e";
constexpr const char* kGrey = "#8a8f98";
constexpr const char* kFault = "#f6d9d5";
constexpr const char* kUnsure = "#efefef";
constexpr size_t kPlotPointsMax = 600;

std::string Number(double value, int digits = 3) {
  if (!std::isfinite(value)) return "none";
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string Row(const std::string& name, const std::string& value) {
  return "<tr><td>" + EscapeMarkup(name) + "</td><td class=\"n\">" + EscapeMarkup(value) +
         "</td></tr>";
}

std::string Join(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& item : list) out += (out.empty() ? "" : ", ") + item;
  return out.empty() ? "none" : out;
}

std::string Summary(const Trained& t) {
  const Detection& d = t.detection;
  std::string out = "<h2>What it can do</h2><p class=\"sub\">All figures are of held-out " +
                    EscapeMarkup(t.split.unit) + "s and of the INT8 model that ships.</p><table>";
  out += Row("macro F1 over windows", Number(t.validation.macro_f1));
  out +=
      Row("balanced accuracy (a majority guess has accuracy " + Number(t.majority_accuracy) + ")",
          Number(t.validation.balanced_accuracy));
  out += Row("area under precision and recall, any fault", Number(t.validation.pr_auc));
  out += Row("expected calibration error", Number(t.validation.calibration_error));
  out +=
      Row("events found", std::to_string(d.events_found) + " of " + std::to_string(d.events_total));
  out += Row("events with the right fault named at their end", std::to_string(t.fault_named_right));
  if (std::isfinite(t.naming.right_always))
    out += Row("alarmed moments whose fault is named (the rest says unknown)",
               Number(t.naming.named * 100, 1) + " %, " + Number(t.naming.right * 100, 1) +
                   " % of them rightly (" + Number(t.naming.right_always * 100, 1) +
                   " % if it always named one)");
  out += Row("median delay", Number(d.delay_s_median, 1) + " s");
  out += Row("alarms in " + Number(d.healthy_s, 0) + " s of healthy time",
             std::to_string(d.false_alarms));
  out += Row("false-alarm rate (share of healthy steps)", Number(d.far, 4));
  out += Row("missed-alarm rate (share of anomalous steps)", Number(d.mar, 4));
  out += Row("same class as the float net", Number(t.parity.agreement * 100, 2) + " %");
  return out +
         Row("largest difference of scores to the float net", Number(t.parity.score_error_max)) +
         "</table>";
}

std::string LossPlot(const Trained& t) {
  svg::Line train{.name = "training", .colour = kGrey}, held{.name = "held out", .colour = kBlue};
  for (size_t e = 0; e < t.history.size(); ++e) {
    train.points.emplace_back(static_cast<double>(e + 1), t.history[e].train_loss);
    held.points.emplace_back(static_cast<double>(e + 1), t.history[e].validation_loss);
  }
  const double best = t.best_epoch + 1;
  return svg::Draw({.title = "Loss",
                    .x_label = "epoch",
                    .y_label = "weighted cross entropy",
                    .lines = {train, held},
                    .bands = {{best - 0.06, best + 0.06, kFault}},
                    .y_min = 0,
                    .y_max = 0});
}

std::string CalibrationPlot(const Trained& t) {
  svg::Line line{.name = "model", .colour = kBlue};
  for (const Bin& bin : t.validation.calibration)
    if (bin.count > 0) line.points.emplace_back(bin.confidence, bin.accuracy);
  const svg::Line ideal{
      .name = "ideal", .colour = kGrey, .points = {{0, 0}, {1, 1}}, .dashed = true};
  return svg::Draw({.title = "Calibration",
                    .x_label = "confidence",
                    .y_label = "accuracy",
                    .lines = {ideal, line}});
}

std::string RecallPlot(const Trained& t) {
  const svg::Line line{.name = "", .colour = kBlue, .points = t.validation.pr_curve};
  const svg::Line frame{.name = "", .colour = "none", .points = {{0, 0}, {1, 1}}};
  return svg::Draw({.title = "Any fault: precision against recall",
                    .x_label = "recall",
                    .y_label = "precision",
                    .lines = {frame, line}});
}

// Score over time, labels behind it, the watch limit across it, and where the decision rule spoke.
std::string RunPlot(const Trained& t, const ScoredRun& run) {
  const size_t classes = t.manifest.classes.size();
  svg::Line score{.name = "score", .colour = kBlue}, alarm{.name = "alarm", .colour = kRed};
  svg::Plot plot{.title = run.id, .x_label = "s", .y_label = "score", .width = 940, .height = 190};
  const auto at = [&](size_t i) { return Seconds(run.ts[i] - run.ts.front()); };
  const size_t stride = std::max<size_t>(1, run.ts.size() / kPlotPointsMax);
  int fault = 0;
  for (size_t i = 0; i < run.ts.size(); i += stride) {
    score.points.emplace_back(at(i), 1 - static_cast<double>(run.probabilities[i * classes]));
    alarm.points.emplace_back(
        at(i), run.levels[i] == model::Level::kNone ? 0.0 : static_cast<double>(run.levels[i]) / 3);
    fault = std::max(fault, run.labels[i]);
  }
  for (size_t i = 0; i < run.ts.size();) {
    size_t end = i;
    while (end < run.ts.size() && run.labels[end] == run.labels[i]) ++end;
    if (run.labels[i] != 0)
      plot.bands.push_back({at(i), at(end - 1), run.labels[i] > 0 ? kFault : kUnsure});
    i = end;
  }
  const double limit = t.manifest.decision.watch_from;
  if (fault > 0) plot.title += ": " + t.manifest.classes[static_cast<size_t>(fault)].name;
  plot.lines = {alarm,
                score,
                {.name = "",
                 .colour = kGrey,
                 .points = {{at(0), limit}, {at(run.ts.size() - 1), limit}},
                 .dashed = true}};
  return svg::Draw(plot);
}

std::string Classes(const Trained& t) {
  std::string out =
      "<h2>Classes</h2><table><tr><th>code</th><th>windows trained on</th><th>recall, held "
      "out</th><th>F1</th><th>action</th></tr>";
  for (size_t c = 0; c < t.manifest.classes.size(); ++c)
    out += "<tr><td>" + EscapeMarkup(t.manifest.classes[c].code) + "</td><td class=\"n\">" +
           std::to_string(t.class_windows[c]) + "</td><td class=\"n\">" +
           Number(t.validation.recall[c]) + "</td><td class=\"n\">" + Number(t.validation.f1[c]) +
           "</td><td>" + EscapeMarkup(t.manifest.classes[c].action) + "</td></tr>";
  return out + "</table>";
}

std::string Data(const Trained& t) {
  const model::Manifest& m = t.manifest;
  std::string out = "<h2>Data</h2><p>Split by " + EscapeMarkup(t.split.unit) + ".</p><table>";
  out += "<tr><td>trained on</td><td>" + EscapeMarkup(Join(t.split.train_units)) + "</td></tr>";
  out += "<tr><td>held out</td><td>" + EscapeMarkup(Join(t.split.held_out_units)) + "</td></tr>";
  std::vector<std::string> channels, features;
  for (const auto& c : m.schema.channels) channels.push_back(c.name + " (" + c.unit + ")");
  for (const auto& f : m.schema.features) features.push_back(f.name);
  out += "<tr><td>channels</td><td>" + EscapeMarkup(Join(channels)) + "</td></tr>";
  out += "<tr><td>features</td><td>" + EscapeMarkup(Join(features)) + "</td></tr>";
  out += "<tr><td>window</td><td>" + std::to_string(m.schema.steps) + " steps of " +
         std::to_string(m.schema.step / kMillisecond) + " ms</td></tr>";
  out += "<tr><td>commissioning</td><td>" + Number(Seconds(m.standardiser.commissioning), 0) +
         " s of each machine's own healthy time</td></tr>";
  for (const std::string& note : t.notes)
    out += "<tr><td>note</td><td>" + EscapeMarkup(note) + "</td></tr>";
  return out + "</table>";
}

std::string Lineage(const model::Manifest& m) {
  return "<h2>Where it comes from</h2><table><tr><td>model</td><td><code>" + m.model.sha256 +
         "</code></td></tr><tr><td>data</td><td><code>" + m.lineage.data_hash +
         "</code></td></tr><tr><td>seed</td><td>" + std::to_string(m.lineage.seed) +
         "</td></tr><tr><td>trainer</td><td>" + EscapeMarkup(m.lineage.trainer) + " " +
         EscapeMarkup(m.lineage.code_version) + "</td></tr><tr><td>made</td><td>" +
         FormatUtc(m.created) + "</td></tr></table>";
}

std::string SearchTable(const SearchRecord& s) {
  std::string out = "<h2>Search</h2><p class=\"sub\">" + std::to_string(s.trials.size()) +
                    " trials in " + Number(s.spent_s, 0) + " s of " + Number(s.budget_s, 0) +
                    " s; the first has the options that training has without a search.";
  if (s.judged_macro_f1)
    out += " On units that no trial saw (" + EscapeMarkup(Join(s.judge_units)) +
           ") the chosen one has macro F1 " + Number(*s.judged_macro_f1) +
           (s.judged_first_macro_f1 ? ", the first " + Number(*s.judged_first_macro_f1) : "") + ".";
  out +=
      "</p><div class=\"wide\"><table><thead><tr><th>trial</th><th>units</th><th>layers</th>"
      "<th>steps</th><th>rate</th><th>decay</th><th>dropout</th><th>noise</th><th>batch</th>"
      "<th>macro F1</th><th>bytes</th><th>s</th></tr></thead>";
  for (size_t i = 0; i < s.trials.size(); ++i) {
    const Trial& t = s.trials[i];
    out += "<tr><td>" + std::to_string(i + 1) + (i == s.chosen ? " <b>chosen</b>" : "") + "</td>";
    const std::vector<std::string> cells = {std::to_string(t.units),
                                            std::to_string(t.layers),
                                            std::to_string(t.steps),
                                            Number(t.learning_rate, 5),
                                            Number(t.weight_decay, 5),
                                            Number(t.dropout, 2),
                                            Number(t.input_noise, 2),
                                            std::to_string(t.batch),
                                            t.ended.empty() ? Number(t.macro_f1) : t.ended,
                                            t.ended.empty() ? std::to_string(t.model_bytes) : "",
                                            Number(t.seconds, 1)};
    for (const std::string& cell : cells) out += "<td class=\"n\">" + EscapeMarkup(cell) + "</td>";
    out += "</tr>";
  }
  return out + "</table></div>";
}

}  // namespace

std::string ReportHtml(const Trained& t) {
  const model::Manifest& m = t.manifest;
  std::vector<std::string> names;
  for (const auto& c : m.classes) names.push_back(c.code);
  std::string out =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>Model " +
      EscapeMarkup(m.name) + "</title>" + kPageStyle + "<h1>" + EscapeMarkup(m.name) +
      " <span class=\"sub\">version " + EscapeMarkup(m.version) + "</span></h1>";
  out += Summary(t);
  out += "<h2>Learning</h2>" + LossPlot(t) + CalibrationPlot(t) + RecallPlot(t) +
         svg::DrawMatrix("Truth (rows) against guess (columns), shares of each row", names,
                         t.validation.confusion);
  out += Classes(t);
  if (t.search) out += SearchTable(*t.search);
  out +=
      "<h2>Held-out runs over time</h2><p class=\"sub\">Blue: score. Red: level (a third each for "
      "watch, warning, "
      "act). Behind: labelled anomalies red, neutral grey. Dashed: the watch limit.</p>";
  for (const ScoredRun& run : t.examples) out += RunPlot(t, run);
  return out + Data(t) + Lineage(m) + "</html>\n";
}

}  // namespace millwright::trainer
