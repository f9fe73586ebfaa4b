// Every alarm replays: simulated machines raise alarms through real agents into the hub's database;
// then each is worked out again from its stored window and its model, and must be the same bits.
//
//   mw-replays --alarms N [--folder FOLDER] [--seed S]   figures as one JSON object at the end
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "again.h"
#include "core/log.h"
#include "models.h"
#include "plant.h"

namespace {

using namespace millwright;

constexpr int64_t kAlarmsMax = 10'000'000;

struct Options {
  int64_t alarms = 0;
  uint64_t seed = 1;
  std::string folder;
};

bool Read(int argc, char** argv, Options& out) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--alarms")
      out.alarms = std::atoll(argv[i + 1]);
    else if (flag == "--seed")
      out.seed = static_cast<uint64_t>(std::atoll(argv[i + 1]));
    else if (flag == "--folder")
      out.folder = argv[i + 1];
    else
      return false;
  }
  return argc % 2 == 1 && out.alarms > 0 && out.alarms <= kAlarmsMax;
}

double SecondsSince(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

Result<bool> Run(const Options& options, const std::string& folder) {
  const auto began = std::chrono::steady_clock::now();
  os::RealFiles files;
  replays::PlantOptions plant{.folder = folder, .bundles = {}, .seed = options.seed};
  for (uint32_t model = 1; model <= 2; ++model) {
    plant.bundles.push_back(folder + "/model-" + std::to_string(model));
    MW_TRY(replays::WriteModel(files, plant.bundles.back(), model));
  }
  const std::string database = folder + "/hub.db";
  MW_TRY(const replays::PlantFigures made, replays::RunPlant(plant, database, options.alarms));
  const double plant_s = SecondsSince(began);
  MW_TRY(const replays::AgainFigures again, replays::ReplayAll(database, plant.bundles));
  // By a model that is not its own hardly a window may come out the same: else nothing is compared.
  const bool ok = again.different == 0 && again.replayed >= options.alarms &&
                  again.windows_distinct * 10 >= again.windows * 9 &&
                  again.foreign_equal * 10 <= again.windows;
  std::printf(
      "{\"replayed\": %lld, \"different\": %lld, \"windows\": %lld, \"windows_distinct\": %lld, "
      "\"without_window\": %lld, \"foreign_equal\": %lld, \"models\": %zu, \"gateways\": %d, "
      "\"machines\": %d, \"decisions\": %llu, \"virtual_hours\": %.2f, \"plant_s\": %.1f, "
      "\"replay_s\": %.1f, \"ok\": %s}\n",
      static_cast<long long>(again.replayed), static_cast<long long>(again.different),
      static_cast<long long>(again.windows), static_cast<long long>(again.windows_distinct),
      static_cast<long long>(again.without_window), static_cast<long long>(again.foreign_equal),
      plant.bundles.size(), plant.gateways, plant.gateways * plant.machines,
      static_cast<unsigned long long>(made.decisions), made.virtual_hours, plant_s,
      SecondsSince(began) - plant_s, ok ? "true" : "false");
  return ok;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!Read(argc, argv, options)) {
    std::fprintf(stderr, "usage: mw-replays --alarms N [--folder FOLDER] [--seed S]\n");
    return 2;
  }
  log::SetLevel(log::Level::kError);
  std::string made;
  if (options.folder.empty()) {
    // Thousands of small durable writes: in memory where there is a place for that.
    const std::filesystem::path memory = "/dev/shm";
    const bool has = std::filesystem::is_directory(memory);
    made = (has ? memory : std::filesystem::temp_directory_path()) / "mw-replays-XXXXXX";
    if (mkdtemp(made.data()) == nullptr) return 1;
    options.folder = made;
  }
  const auto done = Run(options, options.folder);
  std::error_code ignored;
  if (!made.empty()) std::filesystem::remove_all(made, ignored);
  if (done) return *done ? 0 : 1;
  std::fprintf(stderr, "mw-replays: %s\n", done.error().what.c_str());
  return 1;
}
