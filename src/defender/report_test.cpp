#include "defender/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "defender/cbor_shape.h"

namespace millwright::defender {
namespace {

using nlohmann::json;

std::span<const std::byte> Bytes(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Report Full() {
  Report out{.id = 1530304554};
  out.tcp_ports = {.ports = {{.port = 24800, .interface = "eth0"}, {.port = 22}}, .total = 9};
  out.udp_ports = {.ports = {}, .total = 0};
  out.network = {.bytes_in = 29358693495, .bytes_out = 26485035, .packets_in = 8, .packets_out = 9};
  out.connections = {
      .connections = {{.remote = "192.0.2.10:8883", .local_port = 58382, .local_interface = "eth0"},
                      {.remote = "[2001:db8::1]:443"}},
      .total = 2};
  out.custom["confidence"] = {.kind = Kind::kNumber, .number = 0.93};
  out.custom["queue"] = {.kind = Kind::kNumbers, .numbers = {1, 2.5}};
  out.custom["models"] = {.kind = Kind::kStrings, .strings = {"a", "b"}};
  out.custom["peers"] = {.kind = Kind::kCidrs, .strings = {"10.0.0.1", "fd00::1"}};
  return out;
}

json Tree(const Report& report, MemberNames names = MemberNames::kLong) {
  const auto bytes = WriteReport(report, Encoding::kJson, names);
  return json::parse(reinterpret_cast<const char*>(bytes.data()),
                     reinterpret_cast<const char*>(bytes.data()) + bytes.size());
}

Result<Report> Read(const json& tree) { return ReadReport(Bytes(tree.dump()), Encoding::kJson); }

TEST(ReportTest, ReadsWhatItWritesInBothEncodingsAndWithBothNames) {
  for (const Encoding encoding : {Encoding::kJson, Encoding::kCbor})
    for (const MemberNames names : {MemberNames::kLong, MemberNames::kShort}) {
      const auto bytes = WriteReport(Full(), encoding, names);
      const auto read = ReadReport(bytes, encoding);
      ASSERT_TRUE(read) << read.error().what;
      EXPECT_EQ(WriteReport(*read, encoding, names), bytes);
    }
}

TEST(ReportTest, ReadsTheMembersOfAwsTable) {
  const std::string text =
      R"({"hed":{"rid":1530304554,"v":"1.0"},"met":{"tp":{"pts":[{"if":"eth0","pt":24800}],"t":3},)"
      R"("ns":{"bi":1,"bo":2,"pi":3,"po":4},"tc":{"ec":{"cs":[{"lp":80,"li":"eth0",)"
      R"("rad":"192.168.0.1:8000"}],"t":10}}},"cmet":{"MyNumber":[{"number":1}]}})";
  const auto read = ReadReport(Bytes(text), Encoding::kJson);
  ASSERT_TRUE(read) << read.error().what;
  const MetricValues values = Values(*read);
  EXPECT_EQ(values.at("aws:num-listening-tcp-ports").number, 3);
  EXPECT_EQ(values.at("aws:listening-tcp-ports").numbers, std::vector<double>{24800});
  EXPECT_EQ(values.at("aws:all-bytes-out").number, 2);
  EXPECT_EQ(values.at("aws:num-established-tcp-connections").number, 10);
  EXPECT_EQ(values.at("aws:destination-ip-addresses").strings,
            std::vector<std::string>{"192.168.0.1"});
  EXPECT_EQ(values.at("MyNumber").number, 1);
  EXPECT_FALSE(values.contains("aws:listening-udp-ports")) << "what is not said has no value";
}

TEST(ReportTest, RefusesByAwsCodeAndNamesTheMember) {
  struct Case {
    const char* pointer;
    json put;
    const char* says;
  };
  const Case cases[] = {
      {"/header/report_id", 0, "report_id"},
      {"/header/report_id", -1, "report_id"},
      {"/header/report_id", 1.5, "report_id"},
      {"/header/report_id", 18446744073709551615ULL, "report_id"},
      {"/header/version", "2.0", "version"},
      {"/header/version", 1, "version"},
      {"/metrics/network_stats/bytes_in", -5, "bytes_in"},
      {"/metrics/listening_tcp_ports/ports/0/port", 65536, "port"},
      {"/metrics/listening_tcp_ports/ports/0/port", 0, "port"},
      {"/metrics/listening_tcp_ports/total", "9", "total"},
      {"/metrics/tcp_connections/established_connections/connections/0/remote_addr", "host",
       "remote_addr"},
      {"/metrics/unheard_of", 1, "unknown member"},
      {"/met", json::object(), "twice"},
      {"/custom_metrics/confidence", json{{"number", 1}}, "confidence is no list of one object"},
      {"/custom_metrics/confidence/0/number", "1", "confidence"},
      {"/custom_metrics/peers/0/ip_list/0", "10.0.0.1.2", "ip_list of peers"},
      {"/custom_metrics/a b", json::array({json{{"number", 1}}}), "name of AWS' kind"},
  };
  for (const Case& c : cases) {
    json tree = Tree(Full());
    tree[json::json_pointer(c.pointer)] = c.put;
    const auto read = Read(tree);
    ASSERT_FALSE(read) << c.pointer << " = " << c.put;
    EXPECT_EQ(RejectCode(read.error()), "InvalidPayload");
    EXPECT_NE(read.error().what.find(c.says), std::string::npos) << read.error().what;
  }
}

TEST(ReportTest, NeedsMetricsOrCustomMetrics) {
  json tree = Tree(Full());
  tree.erase("custom_metrics");
  EXPECT_TRUE(Read(tree));
  tree.erase("metrics");
  EXPECT_FALSE(Read(tree));
}

TEST(ReportTest, BoundsWhatAReportMayHold) {
  json tree = Tree(Full());
  for (int i = 0; i < 97; ++i)
    tree["custom_metrics"]["m" + std::to_string(i)] = json::array({json{{"number", i}}});
  EXPECT_FALSE(Read(tree)) << "101 custom metrics";
  json ports = json::array();
  for (int i = 1; i <= 1001; ++i) ports.push_back({{"port", i}});
  tree = Tree(Full());
  tree["metrics"]["listening_tcp_ports"]["ports"] = ports;
  EXPECT_FALSE(Read(tree)) << "1001 ports";
  EXPECT_FALSE(ReadReport(std::vector<std::byte>(kReportBytesMax + 1), Encoding::kJson));
}

TEST(CborShapeTest, EndsDeepNestingBeforeTheDecoderRecurses) {
  const std::vector<std::byte> deep(100'000, std::byte{0x81});  // arrays of one, in each other
  EXPECT_FALSE(CheckCborShape(deep));
  const std::vector<std::byte> open(100'000, std::byte{0x9F});
  EXPECT_FALSE(CheckCborShape(open));
  const std::vector<std::byte> maps(100'000, std::byte{0xBF});
  EXPECT_FALSE(ReadReport(maps, Encoding::kCbor));
  EXPECT_FALSE(ReadReport(Bytes(std::string(100'000, '[')), Encoding::kJson));
  const std::vector<std::byte> huge = {std::byte{0x9B}, std::byte{0xFF}, std::byte{0xFF},
                                       std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFF},
                                       std::byte{0xFF}, std::byte{0xFF}, std::byte{0xFE}};
  EXPECT_FALSE(CheckCborShape(huge)) << "claims 2^64 elements";
  EXPECT_TRUE(CheckCborShape(WriteReport(Full(), Encoding::kCbor)));
}

// Every node of a good report, for a change that makes it a wrong one.
void Pointers(const json& node, const json::json_pointer& here,
              std::vector<json::json_pointer>& out) {
  if (!here.empty()) out.push_back(here);
  if (node.is_object())
    for (const auto& [key, child] : node.items()) Pointers(child, here / key, out);
  if (node.is_array())
    for (size_t i = 0; i < node.size(); ++i) Pointers(node[i], here / i, out);
}

constexpr const char* kObjects[] = {"",
                                    "/header",
                                    "/metrics",
                                    "/metrics/network_stats",
                                    "/metrics/tcp_connections",
                                    "/metrics/listening_tcp_ports",
                                    "/metrics/listening_tcp_ports/ports/0",
                                    "/custom_metrics/confidence/0"};

TEST(ReportTest, TenThousandMalformedReportsAreEachRefusedWithAwsError) {
  std::mt19937 random(20261124);
  const auto draw = [&](size_t below) { return static_cast<size_t>(random() % below); };
  std::vector<json::json_pointer> nodes;
  Pointers(Tree(Full()), json::json_pointer(), nodes);
  for (int i = 0; i < 10'000; ++i) {
    const Encoding encoding = i % 2 == 0 ? Encoding::kJson : Encoding::kCbor;
    json tree = Tree(Full());
    std::vector<std::byte> bytes;
    if (i % 3 == 0) {  // cut short
      bytes = WriteReport(Full(), encoding);
      bytes.resize(draw(bytes.size()));
    } else {
      const auto& at = nodes[draw(nodes.size())];
      if (i % 3 == 1)  // something of another type
        tree[at] = json{{"x", nullptr}};
      else  // a member that nobody knows
        tree[json::json_pointer(kObjects[draw(std::size(kObjects))])]["z" + std::to_string(i)] = 1;
      const std::string text = tree.dump();
      const auto cbor = json::to_cbor(tree);
      const auto raw = encoding == Encoding::kJson ? Bytes(text) : std::as_bytes(std::span(cbor));
      bytes.assign(raw.begin(), raw.end());
    }
    const auto read = ReadReport(bytes, encoding);
    ASSERT_FALSE(read) << i << ": " << tree.dump();
    ASSERT_EQ(RejectCode(read.error()), "InvalidPayload");
    const auto said = WriteRejected({.thing = "gw-1", .at_ms = 1}, read.error(), Encoding::kJson);
    const json answer = json::parse(reinterpret_cast<const char*>(said.data()),
                                    reinterpret_cast<const char*>(said.data()) + said.size());
    ASSERT_EQ(answer["status"], "REJECTED");
    ASSERT_FALSE(answer["statusDetails"]["ErrorMessage"].get<std::string>().empty());
  }
}

TEST(ReportTest, RandomBytesNeverCrashTheReader) {
  std::mt19937 random(7);
  const auto good = WriteReport(Full(), Encoding::kCbor);
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = good;
    for (int flips = 0; flips < 4; ++flips)
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    (void)ReadReport(bytes, Encoding::kCbor);
    (void)ReadReport(bytes, Encoding::kJson);
  }
}

TEST(ReportTest, AnswersAsAwsDoes) {
  const auto said = WriteAccepted({.thing = "gw-1", .report_id = 7, .at_ms = 9}, Encoding::kJson);
  const std::string text(reinterpret_cast<const char*>(said.data()), said.size());
  EXPECT_EQ(text, R"({"reportId":7,"status":"ACCEPTED","thingName":"gw-1","timestamp":9})");
  EXPECT_EQ(RejectCode(Error{Errc::kExhausted, "x"}), "Throttled");
}

}  // namespace
}  // namespace millwright::defender
