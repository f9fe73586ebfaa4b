// IPv4 and IPv6 addresses and networks in CIDR notation. RFC 4632, RFC 4291.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace millwright::defender {

struct Network {
  std::array<uint8_t, 16> bytes{};  // IPv4 in the first four
  bool v6 = false;
  int bits = 32;  // of the prefix
};

/// "10.0.0.0/8", "fd00::/8"; an address alone is a network of one. Nothing for anything else.
[[nodiscard]] std::optional<Network> ParseNetwork(std::string_view text);
/// The address of "10.0.0.1:443", "[fd00::1]:443" or of either without its port.
[[nodiscard]] std::optional<std::string_view> AddressOf(std::string_view endpoint);
/// True where all of `inner` lies in `outer`.
[[nodiscard]] bool Contains(const Network& outer, const Network& inner);

}  // namespace millwright::defender
