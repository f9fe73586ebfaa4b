#include "hub/labels/baselines.h"

namespace millwright::hub {
namespace {

constexpr int kServicesMax = 1000;

}  // namespace

Result<MachineBaselines> LoadBaselines(store::Database& database, std::string_view site,
                                       std::string_view asset) {
  MachineBaselines out;
  MW_TRY(const bool found,
         database.First("SELECT device FROM assets WHERE site = $1 AND asset = $2", {site, asset},
                        [](const store::Row& /*row*/) {}));
  if (!found)
    return Fail(Errc::kNotFound,
                "there is no machine " + std::string(asset) + " at " + std::string(site));
  out.versions.push_back({.version = 1});
  MW_TRY(database.Each(
      "SELECT id, kind, who, note, done_ns FROM services WHERE site = $1 AND asset = $2 ORDER BY "
      "CASE WHEN done_ns IS NULL THEN 1 ELSE 0 END, done_ns, at_ns LIMIT $3",
      {site, asset, kServicesMax}, [&](const store::Row& row) {
        if (row.IsNull(4)) {
          out.pending.emplace_back(row.Text(0));
          return;
        }
        out.versions.back().to = row.Int(4);
        out.versions.push_back({.version = out.versions.back().version + 1,
                                .from = row.Int(4),
                                .service = std::string(row.Text(0)),
                                .kind = std::string(row.Text(1)),
                                .who = std::string(row.Text(2)),
                                .note = std::string(row.Text(3))});
      }));
  MW_TRY(database.Each(
      "SELECT file, learned_ns FROM baseline_history WHERE site = $1 AND asset = $2 ORDER BY "
      "learned_ns",
      {site, asset}, [&](const store::Row& row) {
        const Nanos learned = row.Int(1);
        for (BaselineVersion& version : out.versions) {
          if ((version.from && learned <= *version.from) || (version.to && learned > *version.to))
            continue;
          version.learned = learned;
          version.file = row.Text(0);
        }
      }));
  return out;
}

}  // namespace millwright::hub
