// Topics of the AWS IoT Jobs and MQTT file-stream contracts. Off AWS the prefix is a setting, since
// some brokers refuse topics that begin with '$'.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace millwright::jobs {

inline constexpr std::string_view kDefaultPrefix = "$aws/things";
inline constexpr size_t kPayloadBytesMax = 131072;  // of any AWS IoT message
inline constexpr size_t kTopicBytesMax = 256;

/// <prefix>/<thing>/jobs/<rest> taken apart.
struct JobsAddress {
  std::string_view thing;
  std::string_view job_id;  // empty for thing-wide requests; "$next" is one
  std::string_view verb;    // "get", "start-next", "update"; with a job id "get" describes it
};
[[nodiscard]] std::optional<JobsAddress> ParseJobsTopic(std::string_view prefix,
                                                        std::string_view topic);

/// <prefix>/<thing>/streams/<id>/{describe|get}/{json|cbor} taken apart.
struct StreamAddress {
  std::string_view thing, stream;
  bool describe = false;  // else get
  bool cbor = false;      // else JSON
};
[[nodiscard]] std::optional<StreamAddress> ParseStreamTopic(std::string_view prefix,
                                                            std::string_view topic);

/// <prefix>/<thing>/jobs/<rest>.
[[nodiscard]] std::string JobsTopic(std::string_view prefix, std::string_view thing,
                                    std::string_view rest);
/// <prefix>/<thing>/streams/<id>/<rest>.
[[nodiscard]] std::string StreamTopic(std::string_view prefix, std::string_view thing,
                                      std::string_view stream, std::string_view rest);

/// Letters, digits, '-', '_': what AWS takes as a job or stream id; 1 to 64 of them.
[[nodiscard]] bool IsId(std::string_view id);
/// The same and ':' ; 1 to 128 of them.
[[nodiscard]] bool IsThingName(std::string_view name);

}  // namespace millwright::jobs
