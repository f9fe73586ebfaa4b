#include "defender/address.h"

#include <arpa/inet.h>

#include <charconv>
#include <string>

namespace millwright::defender {
namespace {

constexpr size_t kAddressMax = 64;

std::optional<int> Whole(std::string_view text, int max) {
  int value = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || value < 0 || value > max)
    return std::nullopt;
  return value;
}

}  // namespace

std::optional<Network> ParseNetwork(std::string_view text) {
  if (text.empty() || text.size() > kAddressMax) return std::nullopt;
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  if (address.find('\0') != std::string::npos) return std::nullopt;
  Network out;
  out.v6 = address.find(':') != std::string::npos;
  out.bits = out.v6 ? 128 : 32;
  if (inet_pton(out.v6 ? AF_INET6 : AF_INET, address.c_str(), out.bytes.data()) != 1)
    return std::nullopt;
  if (slash == std::string_view::npos) return out;
  const auto bits = Whole(text.substr(slash + 1), out.bits);
  if (!bits) return std::nullopt;
  out.bits = *bits;
  return out;
}

std::optional<std::string_view> AddressOf(std::string_view endpoint) {
  std::string_view address = endpoint;
  if (endpoint.starts_with('[')) {
    const size_t close = endpoint.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    address = endpoint.substr(1, close - 1);
    const std::string_view rest = endpoint.substr(close + 1);
    if (!rest.empty() && (rest.front() != ':' || !Whole(rest.substr(1), 65535)))
      return std::nullopt;
  } else if (const size_t colon = endpoint.find(':');
             colon != std::string_view::npos && endpoint.find(':', colon + 1) == endpoint.npos) {
    address = endpoint.substr(0, colon);
    if (!Whole(endpoint.substr(colon + 1), 65535)) return std::nullopt;
  }
  if (address.find('/') != std::string_view::npos || !ParseNetwork(address)) return std::nullopt;
  return address;
}

bool Contains(const Network& outer, const Network& inner) {
  if (outer.v6 != inner.v6 || inner.bits < outer.bits) return false;
  for (int bit = 0; bit < outer.bits; bit += 8) {
    const int left = outer.bits - bit;
    const auto mask = static_cast<uint8_t>(left >= 8 ? 0xFF : 0xFF << (8 - left));
    const auto at = static_cast<size_t>(bit / 8);
    if (((outer.bytes[at] ^ inner.bytes[at]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace millwright::defender
