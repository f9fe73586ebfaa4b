#include "trainer/score.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "trainer/baselines.h"

namespace millwright::trainer {
namespace {

using recording::RecordingInfo;

std::vector<std::string_view> Cells(std::string_view line) {
  std::vector<std::string_view> cells;
  while (true) {
    const size_t comma = line.find(',');
    cells.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return cells;
    line.remove_prefix(comma + 1);
  }
}

template <typename T>
bool Parse(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

constexpr std::array<std::string_view, 4> kColumns = {"asset", "step_end_ns", "score", "alarm"};

Result<std::array<size_t, 4>> FindColumns(std::string_view header, const std::string& where) {
  const auto cells = Cells(header);
  std::array<size_t, 4> at{};
  for (size_t c = 0; c < kColumns.size(); ++c) {
    const auto it = std::ranges::find(cells, kColumns[c]);
    if (it == cells.end())
      return Fail(Errc::kInvalid, where + ":1: no column \"" + std::string(kColumns[c]) + "\"");
    at[c] = static_cast<size_t>(it - cells.begin());
  }
  return at;
}

// Assets in a broker's topics hold only [A-Za-z0-9_.-]: "valve1/0" was played as "valve1-0".
std::string TopicName(std::string id) {
  for (char& c : id)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '_' && c != '-')
      c = '-';
  return id.size() > 64 ? id.substr(id.size() - 64) : id;
}

const std::vector<CollectedDecision>* FindDecisions(const Decisions& decisions,
                                                    const RecordingInfo& info) {
  for (const std::string& name : {TopicName(info.id), info.id, info.asset})
    if (const auto it = decisions.find(name); it != decisions.end()) return &it->second;
  return nullptr;
}

bool AlarmAt(const std::vector<CollectedDecision>& decisions, Nanos ts, Nanos hold) {
  const auto after = std::ranges::upper_bound(decisions, ts, {}, &CollectedDecision::step_end);
  if (after == decisions.begin()) return false;
  const CollectedDecision& last = *std::prev(after);
  return last.alarm && ts - last.step_end <= hold;
}

struct AllVerdicts {
  std::vector<Verdicts> model{}, t2{}, rms{}, always{};
};

void Judge(const RowTable& table, const BaselineAlarms& baselines,
           const std::vector<CollectedDecision>& decisions, Nanos from, Nanos hold,
           AllVerdicts& all) {
  Verdicts model{.run = table.run}, t2 = model, rms = model, always = model;
  for (size_t i = 0; i < table.size(); ++i) {
    if (table.ts[i] < from) continue;
    const Moment moment{.ts = table.ts[i], .truth = table.truth[i]};
    const auto add = [&](Verdicts& to, bool alarm) {
      to.moments.push_back(moment);
      to.moments.back().alarm = alarm;
    };
    add(model, AlarmAt(decisions, table.ts[i], hold));
    add(t2, baselines.t2[i]);
    add(rms, baselines.rms[i]);
    add(always, baselines.always[i]);
  }
  all.model.push_back(std::move(model));
  all.t2.push_back(std::move(t2));
  all.rms.push_back(std::move(rms));
  all.always.push_back(std::move(always));
}

}  // namespace

Result<Decisions> ReadDecisions(std::string_view csv, std::string_view file) {
  const std::string where(file);
  Decisions out;
  std::array<size_t, 4> at{};
  for (size_t line = 1; !csv.empty(); ++line) {
    const size_t end = csv.find('\n');
    std::string_view text = csv.substr(0, end);
    csv.remove_prefix(end == std::string_view::npos ? csv.size() : end + 1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.empty()) continue;
    if (line == 1) {
      MW_TRY(at, FindColumns(text, where));
      continue;
    }
    const auto cells = Cells(text);
    CollectedDecision d;
    int alarm = 0;
    const bool good = cells.size() > std::ranges::max(at) && Parse(cells[at[1]], d.step_end) &&
                      Parse(cells[at[2]], d.score) && Parse(cells[at[3]], alarm);
    if (!good)
      return Fail(Errc::kInvalid,
                  where + ":" + std::to_string(line) + ": not asset,step_end_ns,score,alarm");
    d.alarm = alarm != 0;
    out[std::string(cells[at[0]])].push_back(d);
  }
  for (auto& [asset, list] : out) std::ranges::stable_sort(list, {}, &CollectedDecision::step_end);
  return out;
}

Result<Scores> ScoreDecisions(std::span<const RecordingInfo> runs, const dsp::Schema& schema,
                              Nanos commissioning, const Decisions& decisions, Nanos hold) {
  Scores scores;
  AllVerdicts all;
  for (const RecordingInfo& info : runs) {
    const auto* collected = FindDecisions(decisions, info);
    if (collected == nullptr)
      return Fail(Errc::kInvalid, "score: there is no decision for run \"" + info.id +
                                      "\" (asset \"" + TopicName(info.id) + "\")");
    MW_TRY(const RowTable table, LoadRows(info, schema));
    if (table.size() == 0)
      return Fail(Errc::kInvalid, "score: run \"" + info.id + "\" has no whole row");
    const Nanos learned = table.ts.front() + commissioning;
    const auto baselines = RunBaselines(table, learned);
    if (!baselines) {
      scores.notes.push_back(baselines.error().what + "; the run is left out for all methods");
      continue;
    }
    Judge(table, *baselines, *collected, std::max(learned, collected->front().step_end), hold, all);
    scores.moments += all.model.back().moments.size();
    ++scores.runs;
  }
  scores.model = MeasureDetection(all.model);
  scores.t2 = MeasureDetection(all.t2);
  scores.rms = MeasureDetection(all.rms);
  scores.always = MeasureDetection(all.always);
  return scores;
}

}  // namespace millwright::trainer
