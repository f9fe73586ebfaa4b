// A device's report, format version 1.0, as JSON or CBOR, with long or short member names. Source:
// AWS IoT Device Defender developer guide, "Sending metrics from devices" (docs/formats/defender.md
// holds the table).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "defender/metric.h"

namespace millwright::defender {

inline constexpr size_t kReportBytesMax = 131072;  // AWS IoT's limit of an MQTT payload
inline constexpr size_t kCustomMetricsMax = 100;

enum class Encoding : uint8_t { kJson, kCbor };
enum class MemberNames : uint8_t { kLong, kShort };

struct Port {
  int port = 0;              // 1 to 65535
  std::string interface {};  // empty: not said
};
/// `total` is the true count also where `ports` is a sample of them.
struct ListeningPorts {
  std::vector<Port> ports{};
  int64_t total = 0;
};
/// Since the report before.
struct NetworkStats {
  int64_t bytes_in = 0, bytes_out = 0, packets_in = 0, packets_out = 0;
};
struct Connection {
  std::string remote{};           // "ip:port" or "[v6]:port"
  int local_port = 0;             // 0: not said
  std::string local_interface{};  // empty: not said
};
struct Connections {
  std::vector<Connection> connections{};
  int64_t total = 0;
};

struct Report {
  int64_t id = 0;  // > 0, grows with every report of a device
  std::string version = "1.0";
  std::optional<ListeningPorts> tcp_ports{}, udp_ports{};
  std::optional<NetworkStats> network{};
  std::optional<Connections> connections{};
  /// kNumber, kNumbers, kStrings, and kCidrs for an ip_list.
  MetricValues custom{};
};

/// kInvalid is AWS' `InvalidPayload` and names the member; nothing of a wrong report is taken.
[[nodiscard]] Result<Report> ReadReport(std::span<const std::byte> payload, Encoding encoding);
[[nodiscard]] std::vector<std::byte> WriteReport(const Report& report, Encoding encoding,
                                                 MemberNames names = MemberNames::kLong);

/// The report as values of metrics: "aws:all-bytes-out", "aws:listening-tcp-ports", ..., and the
/// custom ones by their names.
[[nodiscard]] MetricValues Values(const Report& report);

struct Answer {
  std::string_view thing;
  int64_t report_id = 0;  // 0: not known
  int64_t at_ms = 0;
};
/// What a device is answered on .../accepted and .../rejected, in the encoding of its report.
[[nodiscard]] std::vector<std::byte> WriteAccepted(const Answer& answer, Encoding encoding);
[[nodiscard]] std::vector<std::byte> WriteRejected(const Answer& answer, const Error& error,
                                                   Encoding encoding);
/// AWS' ErrorCode of a refused report: InvalidPayload, Throttled, InternalError.
[[nodiscard]] std::string_view RejectCode(const Error& error);

}  // namespace millwright::defender
