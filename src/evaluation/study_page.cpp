#include "evaluation/study_page.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "core/text.h"
#include "model/tflite.h"
#include "nn/cost_model.h"
#include "trainer/page_style.h"
#include "trainer/svg.h"

namespace millwright::evaluation {
namespace page {
namespace {

constexpr const char* kBlue = "#1f6f9f";
constexpr const char* kGrey = "#8a8f98";
constexpr size_t kClassesMax = 24;  // more are no matrix that anybody reads
constexpr size_t kExamples = 8;
constexpr size_t kBins = 10;
constexpr double kLongest = 120;  // characters of a list in a table

std::string Number(double value) {
  if (!std::isfinite(value)) return "not measured";
  char text[48];
  std::snprintf(text, sizeof text, std::abs(value) >= 1e5 ? "%.0f" : "%.4g", value);
  return text;
}

std::string Table(const std::string& caption, const std::vector<std::string>& heads,
                  const std::string& rows) {
  std::string out = "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"" +
                    EscapeMarkup(caption) + "\"><table><caption>" + EscapeMarkup(caption) +
                    "</caption><thead><tr>";
  for (size_t i = 0; i < heads.size(); ++i)
    out += std::string("<th scope=\"col\"") + (i > 0 ? " class=\"n\">" : ">") +
           EscapeMarkup(heads[i]) + "</th>";
  return out + "</tr></thead><tbody>" + rows + "</tbody></table></div>";
}

// The first cell names the row; the others are to its right.
std::string Row(const std::vector<std::string>& cells) {
  std::string out = "<tr><th scope=\"row\">" + EscapeMarkup(cells[0]) + "</th>";
  for (size_t i = 1; i < cells.size(); ++i)
    out += "<td class=\"n\">" + EscapeMarkup(cells[i]) + "</td>";
  return out + "</tr>";
}

std::string RangeOf(const Outcome& outcome, const std::string& key) {
  const double low = outcome.Number(key + "_min"), high = outcome.Number(key + "_max");
  return std::isfinite(low) && std::isfinite(high) ? Number(low) + " to " + Number(high) : "";
}

std::string Bars(const Outcome& outcome) {
  if (outcome.bars().empty()) return "";
  std::string rows;
  for (const JudgedBar& bar : outcome.bars()) {
    const bool flag = bar.sense == "is true";
    rows += "<tr><th scope=\"row\">" + EscapeMarkup(bar.key) + "</th><td class=\"n\">" +
            (flag ? std::string(bar.held ? "true" : "false") : Number(outcome.Number(bar.key))) +
            "</td><td class=\"n\">" + RangeOf(outcome, bar.key) + "</td><td class=\"n\">" +
            EscapeMarkup(flag ? bar.sense : bar.sense + " " + Number(bar.bar)) +
            "</td><td class=\"n " + (bar.held ? "good\">held" : "bad\">not held") + "</td></tr>";
  }
  return "<h2>What had to hold</h2>" + Table("Bars, fixed before the data were seen",
                                             {"figure", "mean", "over seeds", "bar", ""}, rows);
}

std::string ListText(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& item : list) {
    if (static_cast<double>(out.size()) > kLongest) return out + ", ...";
    out += (out.empty() ? "" : ", ") + item;
  }
  return out;
}

struct ValueText {
  std::string operator()(double v) const { return Number(v); }
  std::string operator()(int64_t v) const { return std::to_string(v); }
  std::string operator()(bool v) const { return v ? "true" : "false"; }
  std::string operator()(const std::string& v) const { return v; }
  std::string operator()(const std::vector<std::string>& v) const { return ListText(v); }
  std::string operator()(const std::vector<double>& v) const {
    std::vector<std::string> words;
    words.reserve(v.size());
    for (const double x : v) words.push_back(Number(x));
    return ListText(words);
  }
};

std::string Figures(const Outcome& outcome) {
  std::set<std::string> told;
  for (const JudgedBar& bar : outcome.bars()) told.insert(bar.key);
  std::string rows;
  for (const auto& entry : outcome.values()) {
    const std::string& key = entry.first;
    const bool edge = (key.ends_with("_min") || key.ends_with("_max")) &&
                      std::isfinite(outcome.Number(key.substr(0, key.size() - 4)));
    if (edge || told.contains(key)) continue;
    rows += Row({key, std::visit(ValueText(), entry.second), RangeOf(outcome, key)});
  }
  return rows.empty()
             ? ""
             : "<h2>All figures</h2>" + Table("Means", {"figure", "mean", "over seeds"}, rows);
}

std::string Models(const Outcome& outcome) {
  std::string rows;
  for (const ShippedModel& shipped : outcome.models()) {
    const auto graph = model::ReadTflite(shipped.tflite);
    if (!graph) continue;
    rows += Row({shipped.name, std::to_string(shipped.tflite.size()),
                 Number(nn::PredictedMs(*graph, nn::kRaspberryPi4)),
                 Number(nn::PredictedMs(*graph, nn::kJetsonNano))});
  }
  if (rows.empty()) return "";
  return "<h2>What would ship</h2>" +
         Table("INT8 .tflite files of the last seed; time of one decision, predicted",
               {"model", "bytes", "ms, Raspberry Pi 4", "ms, Jetson Nano"}, rows);
}

// Predictions with a truth, as classes; empty where they are values or too many classes.
struct Classes {
  std::vector<std::string> names{};
  std::vector<std::vector<double>> counts{};  // [truth][guess]
};

bool AreValues(const std::vector<Prediction>& all) {
  std::set<std::string> truths;
  bool sure = true;
  for (const Prediction& p : all) {
    truths.insert(p.truth);
    sure = sure && p.probability == 1;
  }
  return sure && truths.size() > kClassesMax;
}

Classes CountClasses(const std::vector<Prediction>& all) {
  std::map<std::string, size_t> index;
  for (const Prediction& p : all) {
    if (p.truth.empty()) continue;
    index.try_emplace(p.truth, 0);
    index.try_emplace(p.guess, 0);
  }
  Classes out;
  if (index.size() > kClassesMax) return out;
  for (auto& [name, at] : index) {
    at = out.names.size();
    out.names.push_back(name);
  }
  out.counts.assign(index.size(), std::vector<double>(index.size()));
  for (const Prediction& p : all)
    if (!p.truth.empty()) out.counts[index[p.truth]][index[p.guess]] += 1;
  return out;
}

std::string Confusion(const Classes& classes) {
  if (classes.names.empty()) return "";
  std::string rows;
  const size_t k = classes.names.size();
  for (size_t c = 0; c < k; ++c) {
    double truth = 0, guess = 0;
    for (size_t other = 0; other < k; ++other) {
      truth += classes.counts[c][other];
      guess += classes.counts[other][c];
    }
    const double right = classes.counts[c][c];
    rows += Row({classes.names[c], Number(truth), truth > 0 ? Number(right / truth) : "none",
                 guess > 0 ? Number(right / guess) : "never said"});
  }
  std::vector<std::vector<double>> shares = classes.counts;
  for (std::vector<double>& row : shares) {
    double sum = 0;
    for (const double n : row) sum += n;
    for (double& n : row) n = sum > 0 ? n / sum : 0;
  }
  return "<h2>Which for which</h2>" +
         trainer::svg::DrawMatrix("Truth (rows) against guess (columns), shares of each row",
                                  classes.names, shares) +
         Table("Classes, of one seed", {"class", "windows", "recall", "precision"}, rows);
}

std::string Calibration(const std::vector<Prediction>& all) {
  std::array<double, kBins> sure{}, right{}, count{};
  double n = 0, error = 0;
  for (const Prediction& p : all) {
    if (p.truth.empty()) continue;
    const auto bin = std::min(kBins - 1, static_cast<size_t>(std::max(0.0, p.probability) * kBins));
    sure[bin] += p.probability;
    right[bin] += p.truth == p.guess ? 1 : 0;
    count[bin] += 1;
    n += 1;
  }
  if (n == 0) return "";
  trainer::svg::Line line{.name = "model", .colour = kBlue};
  for (size_t b = 0; b < kBins; ++b) {
    if (count[b] == 0) continue;
    line.points.emplace_back(sure[b] / count[b], right[b] / count[b]);
    error += std::abs(sure[b] - right[b]) / n;
  }
  const trainer::svg::Line ideal{
      .name = "ideal", .colour = kGrey, .points = {{0, 0}, {1, 1}}, .dashed = true};
  return "<h2>Calibration</h2><p class=\"sub\">How often it is right, by how sure it is. Expected "
         "calibration error " +
         Number(error) + ".</p>" +
         trainer::svg::Draw({.title = "Calibration",
                             .x_label = "confidence",
                             .y_label = "accuracy",
                             .lines = {ideal, line}});
}

// Values: the mean guess along the truth.
std::string Values(const std::vector<Prediction>& all) {
  std::vector<std::pair<double, double>> points;
  points.reserve(all.size());
  for (const Prediction& p : all)
    points.emplace_back(std::atof(p.truth.c_str()), std::atof(p.guess.c_str()));
  std::ranges::sort(points);
  constexpr size_t kPoints = 40;
  trainer::svg::Line line{.name = "mean guess", .colour = kBlue};
  double square = 0;
  for (const auto& [truth, guess] : points) square += (truth - guess) * (truth - guess);
  for (size_t first = 0; first < points.size();) {
    const size_t last =
        std::min(points.size(), first + std::max<size_t>(1, points.size() / kPoints));
    double truth = 0, guess = 0;
    for (size_t i = first; i < last; ++i) {
      truth += points[i].first;
      guess += points[i].second;
    }
    const auto n = static_cast<double>(last - first);
    line.points.emplace_back(truth / n, guess / n);
    first = last;
  }
  const double low = points.front().first, high = points.back().first;
  const trainer::svg::Line ideal{
      .name = "ideal", .colour = kGrey, .points = {{low, low}, {high, high}}, .dashed = true};
  return "<h2>Guess against truth</h2><p class=\"sub\">Root mean square error " +
         Number(std::sqrt(square / static_cast<double>(points.size()))) + ", of one seed.</p>" +
         trainer::svg::Draw({.title = "Guess against truth",
                             .x_label = "truth",
                             .y_label = "guess",
                             .lines = {ideal, line},
                             .y_min = 0,
                             .y_max = 0});
}

std::string ExampleRow(const Prediction& p) {
  char place[64];
  std::snprintf(place, sizeof place, ", %.6g to %.6g s", p.place.start_s, p.place.end_s);
  return Row({p.place.recording + (p.place.end_s > p.place.start_s ? place : ""), p.truth, p.guess,
              Number(p.probability)});
}

std::string Examples(const std::vector<Prediction>& all) {
  std::vector<const Prediction*> right, wrong;
  for (const Prediction& p : all)
    if (!p.truth.empty()) (p.truth == p.guess ? right : wrong).push_back(&p);
  const auto surer = [](const Prediction* a, const Prediction* b) {
    return a->probability > b->probability;
  };
  std::ranges::stable_sort(wrong, surer);
  std::ranges::stable_sort(right, surer);
  const std::vector<std::string> heads = {"window", "truth", "guess", "probability"};
  std::string out, rows;
  for (size_t i = 0; i < std::min(kExamples, wrong.size()); ++i) rows += ExampleRow(*wrong[i]);
  if (!rows.empty()) out += Table("Wrong, and surest of it", heads, rows);
  rows.clear();
  for (size_t i = 0; i < std::min(kExamples, right.size()); ++i)
    rows += ExampleRow(*right[right.size() - 1 - i]);
  if (!rows.empty()) out += Table("Right, and least sure of it", heads, rows);
  return out.empty() ? "" : "<h2>Windows to look at</h2>" + out;
}

std::string Notes(const Outcome& outcome) {
  std::string out;
  for (const std::string& note : outcome.notes()) out += "<li>" + EscapeMarkup(note) + "</li>";
  return out.empty() ? "" : "<h2>How it was judged</h2><ul>" + out + "</ul>";
}

}  // namespace
}  // namespace page

std::string StudyPage(const PageAbout& about, const Outcome& outcome) {
  const std::vector<Prediction>& all = outcome.predictions;
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><title>Study " +
      EscapeMarkup(about.name) + "</title>" + trainer::kPageStyle + "</head><body><main><h1>" +
      EscapeMarkup(about.name) + "</h1><p>" + EscapeMarkup(about.what) + "</p><p class=\"" +
      (outcome.ok() ? "good\">All bars hold." : "bad\">Not all bars hold.") +
      "</p><p class=\"sub\">" + EscapeMarkup(about.data) + "; " + std::to_string(about.seeds) +
      (about.seeds == 1 ? " seed" : " seeds") + (about.quick ? ", a quick slice" : "") +
      "; all figures are of the INT8 engine on groups that were never seen.</p>";
  out += page::Bars(outcome) + page::Models(outcome);
  if (!all.empty() && page::AreValues(all)) {
    out += page::Values(all);
  } else if (!all.empty()) {
    out += page::Confusion(page::CountClasses(all)) + page::Calibration(all) + page::Examples(all);
  }
  return out + page::Figures(outcome) + page::Notes(outcome) + "</main></body></html>\n";
}

}  // namespace millwright::evaluation
