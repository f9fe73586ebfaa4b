#include "trainer/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "config/config.h"
#include "crypto/sha256.h"
#include "trainer/series.h"

namespace millwright::trainer {
namespace {

using recording::Rating;
using recording::RecordingInfo;

struct Unit {
  std::string name;
  std::string order;  // hash of the name: mixes seeds and folders without a random number
  std::vector<size_t> members{};
  std::set<std::string> faults{};
  bool labelled = false;
};

std::string Folder(const std::string& id) {
  const size_t slash = id.rfind('/');
  return slash == std::string::npos ? "" : id.substr(0, slash);
}

std::vector<Unit> MakeUnits(std::span<const RecordingInfo> recordings, bool by_machine) {
  std::map<std::string, Unit> units;
  for (size_t i = 0; i < recordings.size(); ++i) {
    const RecordingInfo& info = recordings[i];
    Unit& unit = units[by_machine ? AssetKey(info) : info.id];
    unit.members.push_back(i);
    unit.labelled |= info.labelled;
    for (const recording::Label& label : info.labels)
      if (label.rating == Rating::kAnomaly)
        unit.faults.insert(label.fault.empty() ? "?" : label.fault);
  }
  std::vector<Unit> out;
  for (auto& [name, unit] : units) {
    unit.name = name;
    unit.order = crypto::Sha256Hex(name);
    out.push_back(std::move(unit));
  }
  return out;
}

std::string Stratum(const Unit& unit, std::span<const RecordingInfo> recordings, bool by_machine) {
  std::string key = unit.labelled ? "" : "unlabelled";
  for (const std::string& fault : unit.faults) key += fault + ",";
  // Runs of one folder belong together (one experiment); machines are told apart by their faults
  // alone.
  if (!by_machine) key += "|" + Folder(recordings[unit.members.front()].id);
  return key;
}

void Put(const Unit& unit, bool held_out, Split& split) {
  auto& list = held_out ? split.held_out : split.train;
  list.insert(list.end(), unit.members.begin(), unit.members.end());
  (held_out ? split.held_out_units : split.train_units).push_back(unit.name);
}

Split SplitByGroup(std::span<const RecordingInfo> recordings) {
  Split split{.unit = "group"};
  for (size_t i = 0; i < recordings.size(); ++i) {
    const std::string& group = recordings[i].group;
    if (group == "validation")
      split.held_out.push_back(i);
    else if (group == "train")
      split.train.push_back(i);
  }
  for (const size_t i : split.train) split.train_units.push_back(recordings[i].id);
  for (const size_t i : split.held_out) split.held_out_units.push_back(recordings[i].id);
  return split;
}

// Where each fault is in one unit only, none would be held out and nothing could be judged. Such
// units then share one stratum: what trains has not seen the faults that are held out.
void PoolLoneFaults(std::map<std::string, std::vector<Unit>>& strata) {
  std::vector<Unit> lone;
  for (auto& [key, units] : strata) {
    if (units.front().faults.empty()) continue;
    if (units.size() > 1) return;
    lone.push_back(units.front());
  }
  if (lone.size() < 2) return;
  std::erase_if(strata, [](const auto& stratum) { return !stratum.second.front().faults.empty(); });
  strata["faults that only one unit has"] = std::move(lone);
}

Result<Split> Checked(Split split) {
  std::ranges::sort(split.train);
  std::ranges::sort(split.held_out);
  std::ranges::sort(split.train_units);
  std::ranges::sort(split.held_out_units);
  if (split.train.empty())
    return Fail(Errc::kInvalid,
                "trainer: no recording is left to train on (split by " + split.unit + ")");
  if (split.held_out.empty())
    return Fail(
        Errc::kInvalid,
        "trainer: no recording can be held out: at least two runs with the same faults are needed "
        "(split by " +
            split.unit + "), or groups in dataset.toml");
  return split;
}

}  // namespace

Result<Split> SplitRecordings(std::span<const RecordingInfo> recordings, double share,
                              LoneFaults lone_faults) {
  const bool grouped =
      std::ranges::any_of(recordings, [](const auto& r) { return r.group == "train"; }) &&
      std::ranges::any_of(recordings, [](const auto& r) { return r.group == "validation"; });
  if (grouped) return Checked(SplitByGroup(recordings));

  std::set<std::string> assets;
  for (const RecordingInfo& info : recordings) assets.insert(AssetKey(info));
  // Few machines: their runs are the units, or one machine would decide everything.
  const bool by_machine = assets.size() >= 6 && assets.size() < recordings.size();
  std::map<std::string, std::vector<Unit>> strata;
  for (Unit& unit : MakeUnits(recordings, by_machine)) {
    const std::string key = Stratum(unit, recordings, by_machine);
    strata[key].push_back(std::move(unit));
  }
  if (lone_faults == LoneFaults::kShared) PoolLoneFaults(strata);
  Split split{.unit = by_machine ? "machine" : "run"};
  for (auto& [key, units] : strata) {
    std::ranges::sort(units, {}, &Unit::order);
    size_t out = static_cast<size_t>(std::llround(share * static_cast<double>(units.size())));
    if (units.size() >= 2)
      out = std::clamp<size_t>(out, 1, units.size() - 1);
    else
      out = 0;
    for (size_t i = 0; i < units.size(); ++i) Put(units[i], units[i].labelled && i < out, split);
  }
  return Checked(std::move(split));
}

Result<std::vector<RecordingInfo>> PickRuns(std::vector<RecordingInfo> recordings,
                                            std::span<const std::string> ids) {
  if (ids.empty()) return recordings;
  std::vector<std::string> known;
  for (const RecordingInfo& r : recordings) known.push_back(r.id);
  for (const std::string& id : ids) {
    if (std::ranges::find(known, id) != known.end()) continue;
    const auto nearest = config::Nearest(id, known);
    return Fail(Errc::kNotFound, "trainer: the data set has no run \"" + id + "\"" +
                                     (nearest ? "; did you mean \"" + *nearest + "\"?" : ""));
  }
  std::erase_if(recordings,
                [&](const RecordingInfo& r) { return std::ranges::find(ids, r.id) == ids.end(); });
  return recordings;
}

}  // namespace millwright::trainer
