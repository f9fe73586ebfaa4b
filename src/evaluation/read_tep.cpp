#include "evaluation/read_tep.h"

#include <cstdio>

namespace millwright::evaluation {
namespace tep {
namespace {

TextTable Transpose(const TextTable& table) {
  TextTable out{.width = table.rows()};
  out.values.reserve(table.values.size());
  for (size_t c = 0; c < table.width; ++c)
    for (size_t r = 0; r < table.rows(); ++r) out.values.push_back(table.At(r, c));
  return out;
}

}  // namespace
}  // namespace tep

Result<std::vector<TepRun>> ReadTep(const std::filesystem::path& folder) {
  std::vector<TepRun> out;
  for (int state = 0; state < kTepStates; ++state)
    for (const bool test : {false, true}) {
      char name[16];
      std::snprintf(name, sizeof name, "d%02d%s.dat", state, test ? "_te" : "");
      const auto path = FindFile(folder, name);
      if (!path) continue;
      TepRun run{.state = state, .onset = test && state > 0 ? kTepOnset : 0, .name = name};
      MW_TRY(run.rows, ReadTable(*path, {}));
      if (run.rows.width != kTepVariables && run.rows.rows() == kTepVariables)
        run.rows = tep::Transpose(run.rows);
      if (run.rows.width != kTepVariables)
        return Fail(Errc::kInvalid, path->string() + ": " + std::to_string(run.rows.width) +
                                        " columns; the process has " +
                                        std::to_string(kTepVariables));
      out.push_back(std::move(run));
    }
  if (out.empty())
    return Fail(Errc::kNotFound,
                "tep: no run (d00.dat, d01.dat, d01_te.dat and so on) in " + folder.string());
  return out;
}

}  // namespace millwright::evaluation
