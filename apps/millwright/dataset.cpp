#include "dataset.h"

#include <algorithm>
#include <set>

#include "hub_query.h"
#include "os/files.h"
#include "trainer/data_hash.h"
#include "trainer/split.h"

namespace millwright::cli {
namespace {

using recording::Rating;

struct Said {
  bool fault = false, two_faults = false, neutral = false, healthy = false, alarm = false;
  std::string code{};
};

Said SaidAt(Nanos at, const History& history, std::span<const JudgedSpan> judged) {
  Said said;
  for (const JudgedSpan& span : judged) {
    if (at < span.from || at >= span.to) continue;
    said.neutral = said.neutral || span.rating == Rating::kNeutral;
    said.healthy = said.healthy || span.rating == Rating::kNoAnomaly;
    if (span.rating != Rating::kAnomaly) continue;
    said.two_faults = said.two_faults || (said.fault && said.code != span.fault);
    said.fault = true;
    said.code = span.fault;
  }
  for (const LiveAlarm& alarm : history.alarms)
    said.alarm = said.alarm || (at >= alarm.begin && (alarm.end == 0 || at < alarm.end));
  return said;
}

// Nothing: no label.
std::optional<recording::Label> Verdict(const Said& said) {
  recording::Label label;
  label.rating = Rating::kNeutral;
  if (said.fault && !said.two_faults) {
    label.rating = Rating::kAnomaly;
    label.fault = said.code;
  } else if (said.healthy && !said.fault && !said.neutral) {
    label.rating = Rating::kNoAnomaly;
  } else if (!said.fault && !said.neutral && !said.alarm) {
    return std::nullopt;
  }
  return label;
}

using Runs = std::vector<recording::RecordingInfo>;

// Takes a share of the runs out of `from`, faults among them.
Result<Runs> TakeOut(Runs& from, double share) {
  MW_TRY(const trainer::Split split,
         trainer::SplitRecordings(from, share, trainer::LoneFaults::kShared));
  Runs out, left;
  for (const size_t i : split.held_out) out.push_back(from[i]);
  for (const size_t i : split.train) left.push_back(from[i]);
  from = std::move(left);
  return out;
}

std::string GroupLine(const char* name, const Runs& runs) {
  std::string line = std::string(name) + " = [";
  for (const auto& run : runs) line += (line.ends_with('[') ? "\"" : ", \"") + run.id + "\"";
  return line + "]\n";
}

}  // namespace

Result<std::vector<JudgedSpan>> JudgedSpansOf(const std::vector<nlohmann::json>& labels,
                                              const MachineId& machine) {
  std::vector<JudgedSpan> out;
  for (const nlohmann::json& label : labels) {
    if (TextOf(label, "site") != machine.site || TextOf(label, "asset") != machine.asset) continue;
    JudgedSpan span{.from = IntegerOf(label, "from_ms") * kMillisecond,
                    .to = IntegerOf(label, "to_ms") * kMillisecond};
    const std::string rating = TextOf(label, "rating");
    if (rating == "ANOMALY") {
      span.rating = Rating::kAnomaly;
      span.fault = TextOf(label, "fault");
    } else if (rating == "NO_ANOMALY") {
      span.rating = Rating::kNoAnomaly;
    } else if (rating != "NEUTRAL") {
      return Fail(Errc::kUnsupported, "label: the rating \"" + rating + "\" is not known here");
    }
    out.push_back(std::move(span));
  }
  return out;
}

std::vector<recording::Label> LabelsOf(const History& history, std::span<const JudgedSpan> judged) {
  const HistoryRange& range = history.range;
  std::set<Nanos> cuts = {range.from, range.to};
  const auto cut = [&](Nanos at) {
    if (at > range.from && at < range.to) cuts.insert(at);
  };
  for (const JudgedSpan& span : judged) {
    cut(span.from);
    cut(span.to);
  }
  for (const LiveAlarm& alarm : history.alarms) {
    cut(alarm.begin);
    cut(alarm.end);
  }
  std::vector<recording::Label> labels;
  for (auto at = cuts.begin(); std::next(at) != cuts.end(); ++at) {
    auto label = Verdict(SaidAt(*at, history, judged));
    if (!label) continue;
    label->start_s = Seconds(*at - range.from);
    label->end_s = Seconds(*std::next(at) - range.from);
    const bool goes_on = !labels.empty() && labels.back().end_s == label->start_s &&
                         labels.back().rating == label->rating &&
                         labels.back().fault == label->fault;
    if (goes_on)
      labels.back().end_s = label->end_s;
    else
      labels.push_back(std::move(*label));
  }
  return labels;
}

Result<void> HoldOut(const std::string& folder, double share) {
  MW_TRY(Runs train, recording::OpenDataset(folder));
  MW_TRY(const Runs test, TakeOut(train, share));
  MW_TRY(const Runs validation, TakeOut(train, share));
  const std::string text = "[groups]\n" + GroupLine("train", train) +
                           GroupLine("validation", validation) + GroupLine("test", test);
  os::RealFiles files;
  return files.WriteDurably(folder + "/dataset.toml", os::AsBytes(text));
}

Result<std::string> DigestOfFolder(const std::string& folder) {
  MW_TRY(const auto recordings, recording::OpenDataset(folder));
  return trainer::HashData(recordings);
}

}  // namespace millwright::cli
