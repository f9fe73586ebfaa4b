// The two names of each member of a report: for this room's .cpp files only.
#pragma once

#include <array>
#include <utility>

#include "defender/metric.h"

namespace millwright::defender {

struct MemberName {
  const char *full, *brief;
};
// The two names of a member; a report may mix them.
inline constexpr MemberName kHeader{"header", "hed"}, kReportId{"report_id", "rid"},
    kVersion{"version", "v"}, kMetrics{"metrics", "met"}, kCustom{"custom_metrics", "cmet"},
    kTcp{"listening_tcp_ports", "tp"}, kUdp{"listening_udp_ports", "up"}, kPorts{"ports", "pts"},
    kPort{"port", "pt"}, kInterface{"interface", "if"}, kTotal{"total", "t"},
    kNetwork{"network_stats", "ns"}, kBytesIn{"bytes_in", "bi"}, kBytesOut{"bytes_out", "bo"},
    kPacketsIn{"packets_in", "pi"}, kPacketsOut{"packets_out", "po"},
    kTcpConnections{"tcp_connections", "tc"}, kEstablished{"established_connections", "ec"},
    kConnections{"connections", "cs"}, kRemote{"remote_addr", "rad"},
    kLocalPort{"local_port", "lp"}, kLocalInterface{"local_interface", "li"};

/// The key of a custom metric's one object, which is never shortened.
inline constexpr std::array<std::pair<const char*, Kind>, 4> kCustomKinds = {
    {{"number", Kind::kNumber},
     {"number_list", Kind::kNumbers},
     {"string_list", Kind::kStrings},
     {"ip_list", Kind::kCidrs}}};

}  // namespace millwright::defender
