// The console's files, gzipped and part of the program: the hub needs no folder of web files beside
// it.
#pragma once

#include <span>
#include <string_view>

namespace millwright::console {

struct Asset {
  std::string_view path;  // "/index.html", "/app-4f2c91d0.js": what a browser asks for
  std::string_view mime;  // "text/html; charset=utf-8"
  std::string_view etag;  // strong, with its quotes, over the unpacked bytes
  std::span<const unsigned char> gzip;  // send as Content-Encoding: gzip
  bool immutable;                       // the name holds a content hash: may be cached for good
};

/// All files, in the order of their paths. There is always an /index.html, which is also the answer
/// to "/"; in a build without the console (MW_CONSOLE=OFF) it says so. The data live as long as the
/// program.
[[nodiscard]] std::span<const Asset> Assets();

}  // namespace millwright::console
