// One question to the hub, its answer as JSON; shared by the commands that list. Only for .cpp
// files.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "context.h"
#include "core/result.h"
#include "hub_client.h"

namespace millwright::cli {

/// What --token, --token-file and --ca say.
[[nodiscard]] inline HubTrust TrustOf(const Context& context) {
  return {.token = context.token, .ca_file = context.ca_file};
}

/// Asks and parses. kUnsupported where the answer is no JSON object.
[[nodiscard]] Result<nlohmann::json> AskHub(const Context& context, const std::string& path);
/// The same for a request that changes something; `body` is sent as JSON.
[[nodiscard]] Result<nlohmann::json> TellHub(const Context& context, const std::string& path,
                                             const nlohmann::json& body);
[[nodiscard]] Result<nlohmann::json> ParseObject(std::string_view text, std::string_view what);

/// Fields of an object from outside: what is missing, null or of another type becomes the fallback.
[[nodiscard]] std::string TextOf(const nlohmann::json& object, const char* key);
[[nodiscard]] int64_t IntegerOf(const nlohmann::json& object, const char* key);
[[nodiscard]] double NumberOf(const nlohmann::json& object, const char* key);
[[nodiscard]] bool FlagOf(const nlohmann::json& object, const char* key);
/// The objects in the array `key`.
[[nodiscard]] std::vector<nlohmann::json> ObjectsOf(const nlohmann::json& object, const char* key);

/// What to try when a hub does not answer.
inline constexpr std::string_view kHubHint =
    "is it running? name it with --hub http://HOST:PORT or MW_HUB; see millwright doctor";

/// Fails with kHubHint where the hub was not reachable; exit status 2 where it refused the
/// question.
void FailFromHub(Context& context, const Error& error);

}  // namespace millwright::cli
