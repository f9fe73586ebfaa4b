#include "evaluation/read_skab.h"

#include <algorithm>
#include <cmath>

namespace millwright::evaluation {
namespace {

namespace fs = std::filesystem;

bool IsRun(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.ends_with(".csv") || name.ends_with(".csv.gz");
}

}  // namespace

Result<std::vector<SkabRun>> ReadSkab(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(folder, error))
    if (entry.is_regular_file() && IsRun(entry.path())) paths.push_back(entry.path());
  if (paths.empty())
    return Fail(Errc::kNotFound, "evaluation: no run (*.csv) below " + folder.string());
  std::ranges::sort(paths);
  std::vector<SkabRun> runs;
  for (const fs::path& path : paths) {
    SkabRun run{.name = fs::relative(path, folder).string()};
    MW_TRY(run.table, ReadTable(path, {.separator = ';', .header = true, .text_columns = 1}));
    run.anomalous.assign(run.table.rows(), 0);
    const auto column = run.table.Column("anomaly");
    run.labelled = column.has_value();
    for (size_t i = 0; run.labelled && i < run.anomalous.size(); ++i)
      run.anomalous[i] = run.table.At(i, *column) > 0.5F ? 1 : 0;
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace millwright::evaluation
