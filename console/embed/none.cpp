// What the hub serves where the console was left out of the build: one page that says so.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "console/assets.h"

namespace millwright::console {
namespace {

constexpr std::string_view kPage =
    "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Millwright hub</title>\n"
    "<h1>The console was not built</h1>\n"
    "<p>This hub was built with MW_CONSOLE=OFF. It takes events and answers its API all the same:\n"
    "<a href=\"/openapi.json\">openapi.json</a>, <a href=\"/api/v1/board\">board</a>,\n"
    "<a href=\"/healthz\">healthz</a>, <a href=\"/metrics\">metrics</a>.</p></html>\n";

constexpr uint32_t Crc32(std::string_view text) {
  uint32_t crc = 0xFFFFFFFFu;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

// RFC 1952 header 10, one stored block (RFC 1951 3.2.4) with 5 bytes before it, CRC and length 8.
constexpr size_t kFrameBytes = 10 + 5 + 8;
static_assert(kPage.size() <= 0xFFFF, "a stored block holds at most 64 KiB");

constexpr auto Gzip() {
  std::array<unsigned char, kPage.size() + kFrameBytes> out{};
  size_t at = 0;
  const auto put = [&](uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out[at++] = static_cast<unsigned char>(value >> (8 * i));
  };
  constexpr auto kLength = static_cast<uint32_t>(kPage.size());
  put(0x00088b1fu, 4);  // magic, deflate, no flags
  put(0, 4);            // no time: the same bytes in every build
  put(0xFF00u, 2);      // extra flags 0, unknown system
  put(1, 1);            // last block, stored
  put(kLength, 2);
  put(~kLength, 2);
  for (const char c : kPage) out[at++] = static_cast<unsigned char>(c);
  put(Crc32(kPage), 4);
  put(kLength, 4);
  return out;
}

constexpr auto kPageGzip = Gzip();
constexpr std::array<Asset, 1> kAssets = {{
    {"/index.html", "text/html; charset=utf-8", "\"console-not-built-1\"", kPageGzip, false},
}};

}  // namespace

std::span<const Asset> Assets() { return kAssets; }

}  // namespace millwright::console
