#include "agent/job_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "crypto/sha256.h"
#include "jobs/topics.h"

namespace millwright::agent {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr size_t kTextMax = 256;
constexpr double kTimeMaxS = 90 * 86'400.0;

tl::unexpected<Error> Wrong(const std::string& member) {
  return Fail(Errc::kInvalid, "job: " + member);
}

// A short text, or nothing where it is none.
std::optional<std::string> Text(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  auto text = found->get<std::string>();
  return text.size() <= kTextMax ? std::optional(std::move(text)) : std::nullopt;
}

// Documents of before there were configurations have no "bundle.kind": they are about models.
Result<void> ReadKind(const json& object, JobDocument& out) {
  const auto bundle = object.find("bundle");
  if (bundle == object.end() || !bundle->is_object() || !bundle->contains("kind")) return {};
  const auto kind = model::BundleKindByName(Text(*bundle, "kind").value_or(""));
  if (!kind) return Wrong("\"bundle.kind\" is neither \"model\" nor \"config\"");
  out.kind = *kind;
  return {};
}

Result<void> ReadBundle(const json& object, JobDocument& out) {
  const auto bundle = object.find("bundle");
  if (bundle == object.end() || !bundle->is_object()) return Wrong("\"bundle\" is no object");
  out.bundle.digest = Text(*bundle, "digest").value_or("");
  if (!crypto::IsSha256Hex(out.bundle.digest)) return Wrong("\"bundle.digest\" is no SHA-256");
  out.bundle.name = Text(*bundle, "name").value_or("");
  out.bundle.version = Text(*bundle, "version").value_or("");
  if (out.bundle.name.empty()) return Wrong("\"bundle.name\" is missing");
  return {};
}

Result<void> ReadTrial(const json& object, JobDocument& out) {
  const auto trial = object.find("trial");
  if (trial == object.end()) return {};
  if (!trial->is_object()) return Wrong("\"trial\" is no object");
  if (const auto windows = trial->find("windows_min"); windows != trial->end()) {
    if (!windows->is_number_integer() || windows->get<int64_t>() < 0)
      return Wrong("\"trial.windows_min\" is no count");
    out.windows_min = windows->get<int64_t>();
  }
  if (const auto time = trial->find("time_min_s"); time != trial->end()) {
    if (!time->is_number() || !(time->get<double>() >= 0 && time->get<double>() <= kTimeMaxS))
      return Wrong("\"trial.time_min_s\" is no length of time");
    out.time_min = FromSeconds(time->get<double>());
  }
  return {};
}

Result<void> ReadInstall(const json& object, JobDocument& out) {
  out.target = Text(object, "target").value_or("");
  out.metadata_stream = Text(object, "metadata_stream").value_or("");
  out.pack_stream = Text(object, "pack_stream").value_or("");
  if (out.target.empty()) return Wrong("\"target\" is missing");
  if (!jobs::IsId(out.metadata_stream)) return Wrong("\"metadata_stream\" is no stream's id");
  if (!jobs::IsId(out.pack_stream)) return Wrong("\"pack_stream\" is no stream's id");
  const auto file = object.find("pack_file");
  if (file != object.end()) {
    if (!file->is_number_integer() || file->get<int64_t>() < 0 || file->get<int64_t>() > 255)
      return Wrong("\"pack_file\" is no file's number");
    out.pack_file = file->get<int64_t>();
  }
  MW_TRY(ReadBundle(object, out));
  return ReadTrial(object, out);
}

}  // namespace

Result<JobDocument> ReadJobDocument(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return Wrong("the document is no JSON object");
  const auto format = object.find("format");
  if (format == object.end() || !format->is_number_integer() || format->get<int64_t>() != kFormat)
    return Fail(Errc::kUnsupported, "job: the document has another \"format\" than 1");
  JobDocument out;
  const std::string operation = Text(object, "operation").value_or("");
  MW_TRY(ReadKind(object, out));
  if (operation == "millwright.undo") {
    out.operation = JobDocument::Operation::kUndo;
    out.reason = Text(object, "reason").value_or("");
    return out;
  }
  if (operation != "millwright.install")
    return Fail(Errc::kUnsupported, "job: \"operation\" is \"" + operation +
                                        "\"; there are millwright.install and millwright.undo");
  MW_TRY(ReadInstall(object, out));
  return out;
}

slots::TrialOptions TrialOf(const JobDocument& document, slots::TrialOptions own) {
  own.windows_min = std::max(own.windows_min, document.windows_min.value_or(0));
  own.time_min = std::max(own.time_min, document.time_min.value_or(0));
  return own;
}

}  // namespace millwright::agent
