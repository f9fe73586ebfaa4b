#include "hub_query.h"

#include <cstdio>

#include "hub_client.h"
#include "output.h"

namespace millwright::cli {

Result<nlohmann::json> ParseObject(std::string_view text, std::string_view what) {
  auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (!parsed.is_object())
    return Fail(Errc::kUnsupported, std::string(what) + ": the answer is no JSON object");
  return parsed;
}

Result<nlohmann::json> AskHub(const Context& context, const std::string& path) {
  MW_TRY(auto hub, HubClient::Make(context.hub, TrustOf(context)));
  MW_TRY(const std::string body, hub->Get(path));
  return ParseObject(body, "hub: " + path);
}

Result<nlohmann::json> TellHub(const Context& context, const std::string& path,
                               const nlohmann::json& body) {
  MW_TRY(auto hub, HubClient::Make(context.hub, TrustOf(context)));
  MW_TRY(const std::string answer, hub->Post(path, body.dump()));
  return ParseObject(answer, "hub: " + path);
}

std::string TextOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

double NumberOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

int64_t IntegerOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) return 0;
  if (found->is_number_integer()) return found->get<int64_t>();
  const double value = found->get<double>();
  return value > -9e18 && value < 9e18 ? static_cast<int64_t>(value) : 0;
}

bool FlagOf(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::vector<nlohmann::json> ObjectsOf(const nlohmann::json& object, const char* key) {
  std::vector<nlohmann::json> out;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return out;
  for (const auto& element : *found) {
    if (element.is_object()) out.push_back(element);
  }
  return out;
}

void FailFromHub(Context& context, const Error& error) {
  FailWith(context, error, error.code == Errc::kUnavailable ? kHubHint : std::string_view());
  if (error.code == Errc::kInvalid) context.exit_code = kUsage;  // it was asked in wrong words
}

}  // namespace millwright::cli
