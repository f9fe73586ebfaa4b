#include "baseline_files.h"

#include <string_view>

#include "core/time.h"
#include "hub_query.h"

namespace millwright::cli {
namespace {

constexpr size_t kNameMax = 160;
constexpr size_t kBaselineFileMax = size_t{1} << 20;
constexpr std::string_view kNameCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

bool IsBaselineName(const std::string& name) {
  return name.size() <= kNameMax && name.ends_with(".json") && name.front() != '.' &&
         name.front() != '-' && name.find_first_not_of(kNameCharacters) == std::string::npos;
}

// When the file that lies there was learned; 0 where there is none, or none that can be read.
int64_t LearnedMs(os::Files& files, const std::string& path) {
  const auto bytes = files.Read(path, kBaselineFileMax);
  if (!bytes) return 0;
  const auto document = nlohmann::json::parse(os::AsText(*bytes), nullptr, false);
  return document.is_object() ? IntegerOf(document, "learned_at") / kMillisecond : 0;
}

}  // namespace

Result<size_t> TakeBaselines(os::Files& files, const std::string& state,
                             const nlohmann::json& answer) {
  const std::vector<nlohmann::json> baselines = ObjectsOf(answer, "baselines");
  if (baselines.empty()) return size_t{0};
  const std::string folder = state + "/baselines";
  MW_TRY(files.MakeFolders(folder));
  size_t taken = 0;
  for (const nlohmann::json& each : baselines) {
    const std::string name = TextOf(each, "file");
    if (!IsBaselineName(name))
      return Fail(Errc::kInvalid, "enroll: the hub names a baseline \"" + name + "\"");
    const std::string path = folder + "/" + name;
    if (LearnedMs(files, path) > IntegerOf(each, "learned_ms")) continue;
    MW_TRY(files.WriteDurably(path, os::AsBytes(TextOf(each, "document"))));
    ++taken;
  }
  return taken;
}

}  // namespace millwright::cli
