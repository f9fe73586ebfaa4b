#include "agent/offer_note.h"

#include <nlohmann/json.hpp>

namespace millwright::agent {
namespace {

constexpr size_t kNoteBytesMax = 4096;

}  // namespace

Result<void> SaveNote(os::Files& files, const std::string& path, const OfferNote& note) {
  const nlohmann::ordered_json json = {
      {"job", note.job},     {"digest", note.digest},           {"line", note.line},
      {"floor", note.floor}, {"windows_min", note.windows_min}, {"time_min_ns", note.time_min_ns}};
  return files.WriteDurably(path, os::AsBytes(json.dump(1) + "\n"));
}

Result<OfferNote> LoadNote(os::Files& files, const std::string& path) {
  MW_TRY(const os::Bytes bytes, files.Read(path, kNoteBytesMax));
  const auto json = nlohmann::json::parse(os::AsText(bytes), nullptr, false);
  if (!json.is_object()) return Fail(Errc::kInvalid, "models: " + path + " is damaged");
  OfferNote note;
  // nlohmann throws on values of the wrong type.
  try {
    note = {.job = json.value("job", ""),
            .digest = json.value("digest", ""),
            .line = json.value("line", ""),
            .floor = json.value("floor", int64_t{0}),
            .windows_min = json.value("windows_min", int64_t{0}),
            .time_min_ns = json.value("time_min_ns", int64_t{0})};
  } catch (const nlohmann::json::exception&) {
    return Fail(Errc::kInvalid, "models: " + path + " is damaged");
  }
  return note;
}

}  // namespace millwright::agent
