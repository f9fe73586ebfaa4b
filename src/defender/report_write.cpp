#include <algorithm>
#include <nlohmann/json.hpp>

#include "defender/address.h"
#include "defender/member_names.h"
#include "defender/report.h"

namespace millwright::defender {
namespace {

using nlohmann::json;

std::vector<std::byte> Dump(const json& message, Encoding encoding) {
  if (encoding == Encoding::kCbor) {
    const std::vector<uint8_t> raw = json::to_cbor(message);
    const auto bytes = std::as_bytes(std::span(raw));
    return {bytes.begin(), bytes.end()};
  }
  const std::string text = message.dump(-1, ' ', false, json::error_handler_t::replace);
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

class Writer {
 public:
  explicit Writer(MemberNames names) : brief_(names == MemberNames::kShort) {}
  [[nodiscard]] const char* N(MemberName name) const { return brief_ ? name.brief : name.full; }

  [[nodiscard]] json Of(const ListeningPorts& block) const {
    json list = json::array();
    for (const Port& port : block.ports) {
      json entry = {{N(kPort), port.port}};
      if (!port.interface.empty()) entry[N(kInterface)] = port.interface;
      list.push_back(std::move(entry));
    }
    return {{N(kPorts), std::move(list)}, {N(kTotal), block.total}};
  }
  [[nodiscard]] json Of(const NetworkStats& s) const {
    return {{N(kBytesIn), s.bytes_in},
            {N(kBytesOut), s.bytes_out},
            {N(kPacketsIn), s.packets_in},
            {N(kPacketsOut), s.packets_out}};
  }
  [[nodiscard]] json Of(const Connections& block) const {
    json list = json::array();
    for (const Connection& c : block.connections) {
      json entry = {{N(kRemote), c.remote}};
      if (c.local_port > 0) entry[N(kLocalPort)] = c.local_port;
      if (!c.local_interface.empty()) entry[N(kLocalInterface)] = c.local_interface;
      list.push_back(std::move(entry));
    }
    const json established = {{N(kConnections), std::move(list)}, {N(kTotal), block.total}};
    return {{N(kEstablished), established}};
  }
  [[nodiscard]] static json Of(const MetricValue& value) {
    const char* const key =
        std::ranges::find(kCustomKinds, value.kind, &std::pair<const char*, Kind>::second)->first;
    json member = value.strings;
    if (value.kind == Kind::kNumber) member = value.number;
    if (value.kind == Kind::kNumbers) member = value.numbers;
    return json::array({json{{key, member}}});
  }

 private:
  bool brief_;
};

}  // namespace

std::vector<std::byte> WriteReport(const Report& report, Encoding encoding, MemberNames names) {
  const Writer w(names);
  json metrics = json::object();
  if (report.tcp_ports) metrics[w.N(kTcp)] = w.Of(*report.tcp_ports);
  if (report.udp_ports) metrics[w.N(kUdp)] = w.Of(*report.udp_ports);
  if (report.network) metrics[w.N(kNetwork)] = w.Of(*report.network);
  if (report.connections) metrics[w.N(kTcpConnections)] = w.Of(*report.connections);
  json root = {{w.N(kHeader), {{w.N(kReportId), report.id}, {w.N(kVersion), report.version}}},
               {w.N(kMetrics), std::move(metrics)}};
  for (const auto& [name, value] : report.custom) root[w.N(kCustom)][name] = Writer::Of(value);
  return Dump(root, encoding);
}

MetricValues Values(const Report& report) {
  MetricValues out = report.custom;
  const auto count = [&](const char* name, int64_t value) {
    out[name] = {.kind = Kind::kCount, .number = static_cast<double>(value)};
  };
  const auto ports = [&](const char* name, const char* total, const ListeningPorts& block) {
    MetricValue value{.kind = Kind::kPorts};
    for (const Port& port : block.ports) value.numbers.push_back(port.port);
    out[name] = std::move(value);
    count(total, block.total);
  };
  if (report.tcp_ports)
    ports("aws:listening-tcp-ports", "aws:num-listening-tcp-ports", *report.tcp_ports);
  if (report.udp_ports)
    ports("aws:listening-udp-ports", "aws:num-listening-udp-ports", *report.udp_ports);
  if (report.network) {
    count("aws:all-bytes-in", report.network->bytes_in);
    count("aws:all-bytes-out", report.network->bytes_out);
    count("aws:all-packets-in", report.network->packets_in);
    count("aws:all-packets-out", report.network->packets_out);
  }
  if (report.connections) {
    count("aws:num-established-tcp-connections", report.connections->total);
    MetricValue value{.kind = Kind::kCidrs};
    for (const Connection& c : report.connections->connections)
      if (const auto address = AddressOf(c.remote)) value.strings.emplace_back(*address);
    out["aws:destination-ip-addresses"] = std::move(value);
  }
  return out;
}

std::vector<std::byte> WriteAccepted(const Answer& answer, Encoding encoding) {
  return Dump({{"thingName", answer.thing},
               {"reportId", answer.report_id},
               {"status", "ACCEPTED"},
               {"timestamp", answer.at_ms}},
              encoding);
}

std::vector<std::byte> WriteRejected(const Answer& answer, const Error& error, Encoding encoding) {
  json out = {{"thingName", answer.thing},
              {"status", "REJECTED"},
              {"statusDetails", {{"ErrorCode", RejectCode(error)}, {"ErrorMessage", error.what}}},
              {"timestamp", answer.at_ms}};
  if (answer.report_id > 0) out["reportId"] = answer.report_id;
  return Dump(out, encoding);
}

std::string_view RejectCode(const Error& error) {
  if (error.code == Errc::kInvalid) return "InvalidPayload";
  return error.code == Errc::kExhausted ? "Throttled" : "InternalError";
}

}  // namespace millwright::defender
