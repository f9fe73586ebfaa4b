#include "hub/retrain/judgement.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace millwright::hub::retrain {
namespace {

using nlohmann::json;

std::string Percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", 100 * share);
  return text;
}

Result<double> ErrorIn(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number())
    return Fail(Errc::kInvalid, std::string("comparison: has no figure ") + key);
  const auto value = found->get<double>();
  if (!(value >= 0 && value <= 1))
    return Fail(Errc::kInvalid, std::string("comparison: ") + key + " lies outside 0 to 1");
  return value;
}

Result<int64_t> CountIn(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned() ||
      found->get<uint64_t>() > uint64_t{1} << 40)
    return Fail(Errc::kInvalid, std::string("comparison: has no count ") + key);
  return found->get<int64_t>();
}

}  // namespace

Result<Figures> ReadFigures(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return Fail(Errc::kInvalid, "comparison: is no JSON object");
  Figures out;
  MW_TRY(out.live, ErrorIn(object, "live_error"));
  MW_TRY(out.candidate, ErrorIn(object, "candidate_error"));
  MW_TRY(out.t2, ErrorIn(object, "t2_error"));
  MW_TRY(out.rms, ErrorIn(object, "rms_error"));
  MW_TRY(out.always, ErrorIn(object, "always_error"));
  MW_TRY(out.runs, CountIn(object, "runs"));
  MW_TRY(out.runs_better, CountIn(object, "runs_better"));
  MW_TRY(out.runs_worse, CountIn(object, "runs_worse"));
  MW_TRY(out.events, CountIn(object, "events_total"));
  return out;
}

Judgement Judge(const Figures& f) {
  const std::string has = "an error of " + Percent(f.candidate);
  if (f.events == 0)
    return {.words = "what was held out holds no fault, so that nothing can be compared"};
  if (!(f.candidate < f.live))
    return {.words = has + " does not beat the live model's " + Percent(f.live)};
  const struct {
    const char* name;
    double error;
  } simple[] = {{"Hotelling's T2", f.t2}, {"a threshold on RMS", f.rms}, {"always", f.always}};
  for (const auto& [name, error] : simple)
    if (!(f.candidate < error))
      return {.words = has + " does not beat " + name + " with " + Percent(error)};
  if (f.runs_worse > f.runs_better)
    return {.words = has + " is better in all, but worse on " + std::to_string(f.runs_worse) +
                     " of " + std::to_string(f.runs) + " runs and better on " +
                     std::to_string(f.runs_better)};
  return {.promote = true, .words = has + " beats the live model's " + Percent(f.live)};
}

}  // namespace millwright::hub::retrain
