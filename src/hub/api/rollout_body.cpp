#include "hub/api/rollout_body.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

namespace millwright::hub {
namespace {

using nlohmann::json;

Result<json> ReadObject(std::string_view body, std::initializer_list<std::string_view> known) {
  json object = body.empty() ? json::object() : json::parse(body, nullptr, false);
  if (!object.is_object()) return Fail(Errc::kInvalid, "the body is no JSON object");
  for (const auto& [key, value] : object.items())
    if (std::ranges::find(known, key) == known.end())
      return Fail(Errc::kInvalid, "\"" + key.substr(0, 40) + "\" is no key of this request");
  return object;
}

Result<std::string> TextField(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::string();
  if (!found->is_string()) return Fail(Errc::kInvalid, std::string(key) + ": is no text");
  return found->get<std::string>();
}

}  // namespace

Result<RolloutRequest> ReadRolloutRequest(std::string_view body) {
  MW_TRY(const json object, ReadObject(body, {"target", "policy", "dry_run", "sites", "devices",
                                              "hardware", "machine_classes"}));
  RolloutRequest out;
  MW_TRY(out.target, TextField(object, "target"));
  if (out.target.empty())
    return Fail(Errc::kInvalid, "target: is missing; GET /api/v1/releases names them");
  MW_TRY(out.cohort, ReadCohort(object));
  if (const auto policy = object.find("policy"); policy != object.end() && !policy->is_null()) {
    MW_TRY(out.policy, ReadPolicy(policy->dump()));
  }
  if (const auto dry = object.find("dry_run"); dry != object.end()) {
    if (!dry->is_boolean()) return Fail(Errc::kInvalid, "dry_run: is neither true nor false");
    out.dry_run = *dry;
  }
  return out;
}

Result<std::string> ReadWhy(std::string_view body) {
  MW_TRY(const json object, ReadObject(body, {"why"}));
  MW_TRY(std::string why, TextField(object, "why"));
  if (why.size() > kRolloutReasonMax)
    return Fail(Errc::kInvalid,
                "why: is longer than " + std::to_string(kRolloutReasonMax) + " bytes");
  return why;
}

}  // namespace millwright::hub
