// Source: PKWARE's APPNOTE (local header, central directory, ZIP64 fields).
#include "importer/zip.h"

#include <zlib.h>

#include <algorithm>

#include "importer/cursor.h"

namespace millwright::importer {
namespace {

constexpr uint32_t kLocal = 0x04034b50;
constexpr uint32_t kCentral = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kEnd64Locator = 0x07064b50;
constexpr size_t kEndBytes = 22;
constexpr size_t kEnd64LocatorBytes = 20;
constexpr uint16_t kEncrypted = 1;
constexpr uint16_t kZip64Extra = 1;
constexpr uint64_t kElsewhere32 = 0xffffffff;  // the value stands in the ZIP64 field

tl::unexpected<Error> BadZip(const std::string& what) {
  return Fail(Errc::kInvalid, "zip: " + what);
}

struct Directory {
  uint64_t offset = 0;
  uint64_t count = 0;
};

// The end record lies at the end, before a comment of at most 64 KiB.
Result<Directory> FindDirectory(std::span<const std::byte> bytes) {
  const size_t reach = std::min<size_t>(bytes.size(), kEndBytes + 0xffff);
  for (size_t back = kEndBytes; back <= reach; ++back) {
    const size_t at = bytes.size() - back;
    Cursor c(bytes, at);
    if (c.Number(4) != kEnd) continue;
    c.Skip(6);
    Directory d;
    d.count = c.Number(2);
    c.Skip(4);
    d.offset = c.Number(4);
    if (d.offset != kElsewhere32 && d.count != 0xffff) return d;
    if (at < kEnd64LocatorBytes) break;
    Cursor locator(bytes, at - kEnd64LocatorBytes);
    if (locator.Number(4) != kEnd64Locator) break;
    locator.Skip(4);
    Cursor end64(bytes, locator.Number(8));
    if (end64.Number(4) != kEnd64) break;
    end64.Skip(28);
    d.count = end64.Number(8);
    end64.Skip(8);
    d.offset = end64.Number(8);
    if (!end64.ok()) break;
    return d;
  }
  return BadZip("this is no ZIP archive (its end record is missing)");
}

Result<std::vector<std::byte>> Inflate(std::span<const std::byte> packed, size_t size) {
  std::vector<std::byte> out(size);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return Fail(Errc::kInternal, "zip: zlib refuses");
  // zlib's counters are 32 bits wide; the limits keep both below.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.avail_out == 0;
  inflateEnd(&stream);
  if (!whole) return BadZip("a member does not unpack to its stated size");
  return out;
}

}  // namespace

Result<ZipArchive> ZipArchive::Open(std::span<const std::byte> bytes, const ZipLimits& limits) {
  MW_TRY(const Directory directory, FindDirectory(bytes));
  if (directory.count > limits.members)
    return Fail(Errc::kExhausted, "zip: " + std::to_string(directory.count) + " members; at most " +
                                      std::to_string(limits.members));
  ZipArchive archive(bytes, limits);
  Cursor c(bytes, directory.offset);
  for (uint64_t i = 0; i < directory.count; ++i) {
    if (c.Number(4) != kCentral) return BadZip("the directory breaks off");
    Member m;
    c.Skip(4);
    m.flags = static_cast<uint16_t>(c.Number(2));
    m.method = static_cast<uint16_t>(c.Number(2));
    c.Skip(4);
    m.crc = static_cast<uint32_t>(c.Number(4));
    m.packed = c.Number(4);
    m.unpacked = c.Number(4);
    const uint64_t name_bytes = c.Number(2), extra_bytes = c.Number(2), comment = c.Number(2);
    c.Skip(8);
    m.header = c.Number(4);
    const auto name = c.Take(name_bytes);
    Cursor extra(c.Take(extra_bytes));
    c.Skip(comment);
    while (extra.left() >= 4) {
      const uint64_t id = extra.Number(2);
      Cursor field(extra.Take(extra.Number(2)));
      if (id != kZip64Extra) continue;
      for (uint64_t* value : {&m.unpacked, &m.packed, &m.header})
        if (*value == kElsewhere32) *value = field.Number(8);
      if (!field.ok()) return BadZip("a 64-bit size is missing");
    }
    if (!c.ok() || !extra.ok()) return BadZip("the directory breaks off");
    archive.members_[std::string(reinterpret_cast<const char*>(name.data()), name.size())] = m;
  }
  return archive;
}

Result<std::vector<std::byte>> ZipArchive::Read(std::string_view name) const {
  const auto found = members_.find(name);
  const std::string quoted = "'" + std::string(name) + "'";
  if (found == members_.end())
    return Fail(Errc::kNotFound, "zip: the archive has no member " + quoted);
  const Member& m = found->second;
  if ((m.flags & kEncrypted) != 0)
    return Fail(Errc::kUnsupported, "zip: " + quoted + " is encrypted");
  if (m.unpacked > limits_.member_bytes || m.packed > limits_.member_bytes)
    return Fail(Errc::kExhausted, "zip: " + quoted + " is larger than " +
                                      std::to_string(limits_.member_bytes) + " bytes");
  Cursor c(bytes_, m.header);
  if (c.Number(4) != kLocal) return BadZip(quoted + " has no header");
  c.Skip(22);
  const uint64_t name_bytes = c.Number(2), extra_bytes = c.Number(2);
  c.Skip(name_bytes + extra_bytes);
  const auto packed = c.Take(m.packed);
  if (!c.ok()) return BadZip(quoted + " breaks off");
  std::vector<std::byte> out;
  if (m.method == 0) {
    if (m.packed != m.unpacked) return BadZip(quoted + " contradicts its stated size");
    out.assign(packed.begin(), packed.end());
  } else if (m.method == 8) {
    MW_TRY(out, Inflate(packed, static_cast<size_t>(m.unpacked)));
  } else {
    return Fail(Errc::kUnsupported,
                "zip: " + quoted + " is packed by method " + std::to_string(m.method));
  }
  const uLong crc =
      crc32(0, reinterpret_cast<const Bytef*>(out.data()), static_cast<uInt>(out.size()));
  if (crc != m.crc) return BadZip(quoted + " is damaged (its CRC differs)");
  return out;
}

}  // namespace millwright::importer
