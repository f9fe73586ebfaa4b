#include "hub/rollout/trial_points.h"

#include <cmath>
#include <locale>
#include <sstream>

namespace millwright::hub {
namespace {

constexpr double kBeyond = 1e6;  // no figure of a trial comes near it

bool IsFigure(double value) { return std::isfinite(value) && std::abs(value) <= kBeyond; }

TrialPoint ReadPoint(const store::Row& row) {
  return {.phase = std::string(row.Text(1)),
          .windows = row.Int(2),
          .at = row.Int(3),
          .confidence_change = row.Real(4),
          .log10_e = row.Real(5),
          .log10_limit = row.Real(6)};
}

// Every other point goes, counted from the newest: the curve stays, half as fine, with its end.
Result<void> Thin(store::Database& database, std::string_view rollout, std::string_view device,
                  std::string_view phase) {
  int64_t points = 0;
  MW_TRY(database.First(
      "SELECT COUNT(*) FROM trial_points WHERE rollout_id = $1 AND device = $2 "
      "AND phase = $3",
      {rollout, device, phase}, [&](const store::Row& row) { points = row.Int(0); }));
  if (points <= kPhasePointsMax) return {};
  return database
      .Run(
          "DELETE FROM trial_points WHERE rollout_id = $1 AND device = $2 AND phase = $3 AND "
          "windows IN (SELECT windows FROM (SELECT windows, ROW_NUMBER() OVER (ORDER BY windows "
          "DESC) AS place FROM trial_points WHERE rollout_id = $4 AND device = $5 AND phase = $6) "
          "AS placed WHERE place % 2 = 0)",
          {rollout, device, phase, rollout, device, phase})
      .transform([](int64_t) {});
}

}  // namespace

std::optional<TrialPoint> ReadTrialPoint(std::string_view text) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  TrialPoint out;
  std::string rest;
  if (!(in >> out.phase >> out.windows >> out.confidence_change >> out.log10_e >> out.log10_limit))
    return std::nullopt;
  const bool known = out.phase == "shadow" || out.phase == "probation";
  const bool sound = out.windows > 0 && std::abs(out.confidence_change) <= 1 &&
                     IsFigure(out.log10_e) && IsFigure(out.log10_limit);
  if (!known || !sound || in >> rest) return std::nullopt;
  return out;
}

Result<void> SaveTrialPoint(store::Database& database, std::string_view rollout,
                            std::string_view device, const TrialPoint& point) {
  MW_TRY(
      database.Run("DELETE FROM trial_points WHERE rollout_id = $1 AND device = $2 AND "
                   "phase = $3 AND windows >= $4 AND at_ns < $5",
                   {rollout, device, point.phase, point.windows, point.at}));
  MW_TRY(const int64_t added,
         database.Run("INSERT INTO trial_points (rollout_id, device, phase, windows, at_ns, "
                      "confidence, log10_e, log10_limit) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) "
                      "ON CONFLICT DO NOTHING",
                      {rollout, device, point.phase, point.windows, point.at,
                       point.confidence_change, point.log10_e, point.log10_limit}));
  if (added == 0) return {};
  return Thin(database, rollout, device, point.phase);
}

Result<void> PurgeTrials(store::Database& database, Nanos before) {
  return database
      .Run(
          "DELETE FROM trial_points WHERE rollout_id IN "
          "(SELECT id FROM rollouts WHERE ended_ns IS NOT NULL AND ended_ns < $1)",
          {before})
      .transform([](int64_t) {});
}

Result<std::vector<DeviceTrial>> LoadTrials(store::Database& database, std::string_view rollout,
                                            std::string_view device, int64_t limit) {
  std::vector<DeviceTrial> out;
  const auto take = [&](const store::Row& row) {
    if (out.empty() || out.back().device != row.Text(0))
      out.push_back({.device = std::string(row.Text(0)), .points = {}});
    out.back().points.push_back(ReadPoint(row));
  };
  const std::string columns =
      "SELECT device, phase, windows, at_ns, confidence, log10_e, log10_limit FROM trial_points "
      "WHERE rollout_id = $1 AND device ";
  const std::string order = " ORDER BY device, CASE phase WHEN 'shadow' THEN 0 ELSE 1 END, windows";
  if (!device.empty()) {
    MW_TRY(database.Each(columns + "= $2" + order, {rollout, device}, take));
  } else {
    MW_TRY(database.Each(columns +
                             "IN (SELECT device FROM trial_points WHERE rollout_id = $2 GROUP BY "
                             "device ORDER BY MAX(at_ns) DESC, device LIMIT $3)" +
                             order,
                         {rollout, rollout, limit}, take));
  }
  return out;
}

}  // namespace millwright::hub
