#include "defender/report.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "defender/address.h"
#include "defender/cbor_shape.h"
#include "defender/member_names.h"

namespace millwright::defender {
namespace {

using nlohmann::json;

constexpr int64_t kCountMax = int64_t{1} << 53;
constexpr size_t kTextMax = 256;

tl::unexpected<Error> Malformed(const std::string& what) {
  return Fail(Errc::kInvalid, "Malformed metrics report: " + what);
}

// One object of a report. Every member is asked for; one that nobody asked for is an error.
class Block {
 public:
  static Result<Block> Of(const json& node, const char* name) {
    if (!node.is_object()) return Malformed(std::string(name) + " is no object");
    return Block(node, name);
  }

  Result<const json*> Find(MemberName name) {
    const auto full = node_.find(name.full), brief = node_.find(name.brief);
    if (full != node_.end() && brief != node_.end())
      return Malformed(std::string(name.full) + " is there twice");
    if (full == node_.end() && brief == node_.end()) return nullptr;
    ++known_;
    return full != node_.end() ? &*full : &*brief;
  }
  Result<const json*> Need(MemberName name) {
    MW_TRY(const json* const found, Find(name));
    if (found == nullptr) return Malformed(std::string(name.full) + " is missing in " + name_);
    return found;
  }
  Result<int64_t> Count(MemberName name, int64_t low, int64_t high) {
    MW_TRY(const json* const found, Need(name));
    return CountOf(*found, name, low, high);
  }
  Result<int64_t> CountOr(MemberName name, int64_t low, int64_t high, int64_t otherwise) {
    MW_TRY(const json* const found, Find(name));
    if (found == nullptr) return otherwise;
    return CountOf(*found, name, low, high);
  }
  Result<std::string> TextOr(MemberName name, std::string otherwise) {
    MW_TRY(const json* const found, Find(name));
    if (found == nullptr) return otherwise;
    if (!found->is_string() || found->get_ref<const std::string&>().size() > kTextMax)
      return Malformed(std::string(name.full) + " is no text of at most 256 bytes");
    return found->get<std::string>();
  }
  /// Nothing where it is missing: a block may say its total alone.
  Result<const json*> List(MemberName name) {
    MW_TRY(const json* const found, Find(name));
    if (found == nullptr) return nullptr;
    if (!found->is_array() || found->size() > kElementsMax)
      return Malformed(std::string(name.full) + " is no list of at most 1000");
    return found;
  }
  Result<void> NothingElse() const {
    if (known_ != node_.size()) return Malformed(std::string(name_) + " has an unknown member");
    return {};
  }

 private:
  Block(const json& node, const char* name) : node_(node), name_(name) {}
  static Result<int64_t> CountOf(const json& node, MemberName name, int64_t low, int64_t high) {
    const double number = node.is_number() ? node.get<double>() : -1;
    // As a double first: a whole one beyond 64 bits must not wrap.
    if (!node.is_number() || std::floor(number) != number || number < static_cast<double>(low) ||
        number > static_cast<double>(high))
      return Malformed(std::string(name.full) + " is no whole number from " + std::to_string(low) +
                       " to " + std::to_string(high));
    return static_cast<int64_t>(number);
  }
  const json& node_;
  const char* name_;
  size_t known_ = 0;
};

Result<ListeningPorts> PortsOf(const json& node, MemberName name) {
  MW_TRY(Block block, Block::Of(node, name.full));
  ListeningPorts out;
  MW_TRY(const json* const list, block.List(kPorts));
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    MW_TRY(Block entry, Block::Of((*list)[i], "an entry of ports"));
    Port port;
    MW_TRY(const int64_t number, entry.Count(kPort, 1, 65535));
    port.port = static_cast<int>(number);
    MW_TRY(port.interface, entry.TextOr(kInterface, {}));
    MW_TRY(entry.NothingElse());
    out.ports.push_back(std::move(port));
  }
  MW_TRY(out.total, block.CountOr(kTotal, 0, kCountMax, static_cast<int64_t>(out.ports.size())));
  MW_TRY(block.NothingElse());
  return out;
}

Result<NetworkStats> NetworkOf(const json& node) {
  MW_TRY(Block block, Block::Of(node, kNetwork.full));
  NetworkStats out;
  MW_TRY(out.bytes_in, block.CountOr(kBytesIn, 0, kCountMax, 0));
  MW_TRY(out.bytes_out, block.CountOr(kBytesOut, 0, kCountMax, 0));
  MW_TRY(out.packets_in, block.CountOr(kPacketsIn, 0, kCountMax, 0));
  MW_TRY(out.packets_out, block.CountOr(kPacketsOut, 0, kCountMax, 0));
  MW_TRY(block.NothingElse());
  return out;
}

Result<Connection> ConnectionOf(const json& node) {
  MW_TRY(Block block, Block::Of(node, "an entry of connections"));
  Connection out;
  MW_TRY(out.remote, block.TextOr(kRemote, {}));
  if (!AddressOf(out.remote)) return Malformed("remote_addr is no address with a port");
  MW_TRY(const int64_t port, block.CountOr(kLocalPort, 1, 65535, 0));
  out.local_port = static_cast<int>(port);
  MW_TRY(out.local_interface, block.TextOr(kLocalInterface, {}));
  MW_TRY(block.NothingElse());
  return out;
}

Result<Connections> ConnectionsOf(const json& node) {
  MW_TRY(Block outer, Block::Of(node, kTcpConnections.full));
  MW_TRY(const json* const established, outer.Need(kEstablished));
  MW_TRY(outer.NothingElse());
  MW_TRY(Block block, Block::Of(*established, kEstablished.full));
  Connections out;
  MW_TRY(const json* const list, block.List(kConnections));
  for (size_t i = 0; list != nullptr && i < list->size(); ++i) {
    MW_TRY(Connection connection, ConnectionOf((*list)[i]));
    out.connections.push_back(std::move(connection));
  }
  MW_TRY(out.total,
         block.CountOr(kTotal, 0, kCountMax, static_cast<int64_t>(out.connections.size())));
  MW_TRY(block.NothingElse());
  return out;
}

Result<void> TakeMetrics(const json& node, Report& out) {
  MW_TRY(Block block, Block::Of(node, kMetrics.full));
  MW_TRY(const json* const tcp, block.Find(kTcp));
  if (tcp != nullptr) {
    MW_TRY(out.tcp_ports, PortsOf(*tcp, kTcp));
  }
  MW_TRY(const json* const udp, block.Find(kUdp));
  if (udp != nullptr) {
    MW_TRY(out.udp_ports, PortsOf(*udp, kUdp));
  }
  MW_TRY(const json* const network, block.Find(kNetwork));
  if (network != nullptr) {
    MW_TRY(out.network, NetworkOf(*network));
  }
  MW_TRY(const json* const connections, block.Find(kTcpConnections));
  if (connections != nullptr) {
    MW_TRY(out.connections, ConnectionsOf(*connections));
  }
  return block.NothingElse();
}

Result<MetricValue> NumberOrListOf(const json& node, Kind kind, const std::string& name) {
  MetricValue out{.kind = kind};
  if (kind == Kind::kNumber) {
    if (!node.is_number() || !std::isfinite(node.get<double>()))
      return Malformed("number of " + name + " is no number");
    out.number = node.get<double>();
    return out;
  }
  if (!node.is_array() || node.size() > kElementsMax)
    return Malformed("the list of " + name + " is no list of at most 1000");
  for (const json& item : node) {
    if (kind == Kind::kNumbers) {
      if (!item.is_number() || !std::isfinite(item.get<double>()))
        return Malformed("number_list of " + name + " has something else in it");
      out.numbers.push_back(item.get<double>());
      continue;
    }
    if (!item.is_string() || item.get_ref<const std::string&>().size() > kTextMax)
      return Malformed("the list of " + name + " has something else than short texts in it");
    if (kind == Kind::kCidrs && !ParseNetwork(item.get_ref<const std::string&>()))
      return Malformed("ip_list of " + name + " has something else in it");
    out.strings.push_back(item.get<std::string>());
  }
  return out;
}

Result<void> TakeCustom(const json& node, Report& out) {
  if (!node.is_object() || node.size() > kCustomMetricsMax)
    return Malformed("custom_metrics is no object of at most 100");
  for (const auto& [name, list] : node.items()) {
    if (!IsName(name)) return Malformed("a custom metric has no name of AWS' kind");
    // A list of exactly one object: what AWS takes, though the list is of no use.
    if (!list.is_array() || list.size() != 1 || !list[0].is_object() || list[0].size() != 1)
      return Malformed(name + " is no list of one object with one member");
    const std::string& key = list[0].begin().key();
    const json& value = list[0].begin().value();
    const auto* const kind =
        std::ranges::find_if(kCustomKinds, [&](const auto& known) { return key == known.first; });
    if (kind == kCustomKinds.end()) return Malformed(name + " is of no known type");
    MW_TRY(MetricValue taken, NumberOrListOf(value, kind->second, name));
    out.custom.emplace(name, std::move(taken));
  }
  return {};
}

// "Major.Minor" of this major version.
bool IsVersion(const std::string& text) {
  return text.size() >= 3 && text.size() <= 6 && text.starts_with("1.") &&
         text.find_first_not_of("0123456789", 2) == std::string::npos;
}

// The library throws at absurd lengths even where it was asked not to, and recurses over CBOR.
Result<json> Decode(std::span<const std::byte> payload, Encoding encoding) {
  if (payload.size() > kReportBytesMax) return Malformed("more than 131072 bytes");
  const auto* begin = reinterpret_cast<const uint8_t*>(payload.data());
  const auto* end = begin + payload.size();
  json out(json::value_t::discarded);
  try {
    if (encoding == Encoding::kJson) {
      const auto bounded = [](int depth, json::parse_event_t, json&) {
        if (depth > static_cast<int>(kDepthMax)) throw std::length_error("depth");
        return true;
      };
      out = json::parse(begin, end, bounded, false);
    } else {
      MW_TRY(CheckCborShape(payload));
      out = json::from_cbor(begin, end, true, false);
    }
  } catch (const std::exception&) {
    return Malformed("it nests too deep");
  }
  if (!out.is_object())
    return Malformed(encoding == Encoding::kJson ? "no JSON object" : "no CBOR map");
  return out;
}

}  // namespace

Result<Report> ReadReport(std::span<const std::byte> payload, Encoding encoding) {
  MW_TRY(const json root, Decode(payload, encoding));
  MW_TRY(Block block, Block::Of(root, "the report"));
  MW_TRY(const json* const header, block.Need(kHeader));
  MW_TRY(const json* const metrics, block.Find(kMetrics));
  MW_TRY(const json* const custom, block.Find(kCustom));
  MW_TRY(block.NothingElse());
  MW_TRY(Block head, Block::Of(*header, kHeader.full));
  Report out;
  MW_TRY(out.id, head.Count(kReportId, 1, kCountMax));
  MW_TRY(out.version, head.TextOr(kVersion, {}));
  MW_TRY(head.NothingElse());
  if (!IsVersion(out.version)) return Malformed("version is not 1.x");
  if (metrics == nullptr && custom == nullptr)
    return Malformed("neither metrics nor custom_metrics");
  if (metrics != nullptr) MW_TRY(TakeMetrics(*metrics, out));
  if (custom != nullptr) MW_TRY(TakeCustom(*custom, out));
  return out;
}

}  // namespace millwright::defender
