#include "http/gzip.h"

#include <zlib.h>

namespace millwright::http {
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // 16: a gzip wrapper instead of zlib's
constexpr int kLevel = 2;                 // JSON shrinks to a tenth already; speed counts more

// zlib's next_in is not const by history; it does not write there.
Bytef* In(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}
Bytef* Out(std::string& text) { return reinterpret_cast<Bytef*>(text.data()); }

}  // namespace

Result<std::string> Gzip(std::string_view plain) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return Fail(Errc::kExhausted, "http: no memory to compress");
  std::string out(deflateBound(&stream, static_cast<uLong>(plain.size())), '\0');
  stream.next_in = In(plain);
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = Out(out);
  stream.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (code != Z_STREAM_END) return Fail(Errc::kInternal, "http: deflate did not finish");
  return out;
}

Result<std::string> Gunzip(std::string_view packed, size_t limit_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindowBits) != Z_OK)
    return Fail(Errc::kExhausted, "http: no memory to unpack");
  stream.next_in = In(packed);
  stream.avail_in = static_cast<uInt>(packed.size());
  std::string out;
  int code = Z_OK;
  while (code == Z_OK && out.size() < limit_bytes) {
    const size_t begin = out.size();
    out.resize(begin + 64 * 1024);
    stream.next_out = Out(out) + begin;
    stream.avail_out = static_cast<uInt>(out.size() - begin);
    code = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (code == Z_STREAM_END) return out;
  if (out.size() >= limit_bytes) return Fail(Errc::kExhausted, "http: unpacked body is too large");
  return Fail(Errc::kInvalid, "http: body is not gzip");
}

}  // namespace millwright::http
