// Reports of a fleet through hub/defender and a real SQLite file, in turns of 256 as its link takes
// them. No broker: what is measured is reading, judging and keeping, with an fsync per turn.
//
//   mw-defender-bench FOLDER REPORTS
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "hub/defender/defender.h"
#include "os/clock.h"
#include "store/migrations.h"

namespace {

using namespace millwright;

constexpr int kDevices = 10'000, kTurn = 256;
constexpr const char* kProfile =
    R"({"behaviors":[{"name":"bytes","metric":"aws:all-bytes-out","criteria":{)"
    R"("comparisonOperator":"less-than","value":{"count":100000},"durationSeconds":3600}},)"
    R"({"name":"ports","metric":"aws:listening-tcp-ports","criteria":{)"
    R"("comparisonOperator":"in-port-set","value":{"ports":[22,1883]}}},)"
    R"({"name":"peers","metric":"aws:destination-ip-addresses","criteria":{)"
    R"("comparisonOperator":"in-cidr-set","value":{"cidrs":["192.0.2.0/24"]}}}]})";

// One device in a hundred listens on a port that its profile does not know.
std::vector<std::byte> ReportOf(int number) {
  defender::Report out{.id = number + 1};
  const int port = number % 100 == 7 ? 23 : 22;
  out.tcp_ports = {.ports = {{.port = port, .interface = "eth0"}, {.port = 1883}}, .total = 2};
  out.network = {.bytes_in = 900, .bytes_out = 800, .packets_in = 7, .packets_out = 6};
  out.connections = {.connections = {{.remote = "192.0.2.10:8883"}}, .total = 1};
  out.custom["confidence"] = {.kind = defender::Kind::kNumber, .number = 0.93};
  return WriteReport(out, number % 2 == 0 ? defender::Encoding::kJson : defender::Encoding::kCbor);
}

Result<void> Measure(const std::string& folder, int reports) {
  os::RealClock clock;
  MW_TRY(auto database, store::Database::Open(folder + "/defender.db"));
  MW_TRY(store::Migrate(*database));
  hub::Defender defender(std::move(database), clock, {.period_min = 0});
  MW_TRY(defender.Load());
  MW_TRY(defender.CreateProfile({.name = "quiet", .body = kProfile}));
  MW_TRY(defender.Attach("quiet", "all/things"));
  std::vector<std::string> things;
  std::vector<std::vector<std::byte>> payloads;
  things.reserve(kDevices);
  payloads.reserve(static_cast<size_t>(reports));
  for (int i = 0; i < kDevices; ++i) things.push_back("gw-" + std::to_string(i));
  for (int i = 0; i < reports; ++i) payloads.push_back(ReportOf(i));
  std::vector<double> turns_ms;
  const Nanos begin = clock.Monotonic();
  for (int at = 0; at < reports; at += kTurn) {
    std::vector<hub::IncomingReport> turn;
    for (int i = at; i < std::min(reports, at + kTurn); ++i)
      turn.push_back(
          {.thing = things[static_cast<size_t>(i % kDevices)],
           .encoding = i % 2 == 0 ? defender::Encoding::kJson : defender::Encoding::kCbor,
           .payload = payloads[static_cast<size_t>(i)]});
    const Nanos handed = clock.Monotonic();
    MW_TRY(const auto answers, defender.TakeReports(turn));
    turns_ms.push_back(Seconds(clock.Monotonic() - handed) * 1e3);
  }
  const double seconds = Seconds(clock.Monotonic() - begin);
  std::ranges::sort(turns_ms);
  const size_t p99 = std::min(turns_ms.size() - 1, turns_ms.size() * 99 / 100);
  std::printf(
      "{\"reports\": %d, \"accepted\": %llu, \"violations\": %llu, "
      "\"reports_per_s\": %.0f, \"violation_ms_p99\": %.2f}\n",
      reports, static_cast<unsigned long long>(defender.counts().accepted.load()),
      static_cast<unsigned long long>(defender.counts().begun.load()), reports / seconds,
      turns_ms[p99]);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::atoi(argv[2]) < 1) {
    std::fputs("mw-defender-bench FOLDER REPORTS\n", stderr);
    return 2;
  }
  const auto done = Measure(argv[1], std::atoi(argv[2]));
  if (!done) std::fprintf(stderr, "%s\n", done.error().what.c_str());
  return done ? 0 : 1;
}
