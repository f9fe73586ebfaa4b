#include "importer/hdf5.h"

#include <bit>
#include <cmath>
#include <cstring>

#include "importer/cursor.h"
#include "importer/hdf5_objects.h"

namespace millwright::importer {
namespace {

using hdf5::Broken;
using hdf5::Message;

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";

Result<std::vector<uint64_t>> ReadShape(const Message& m, size_t rank_max) {
  Cursor c(m.data);
  const uint64_t version = c.Number(1);
  const uint64_t rank = c.Number(1);
  if (version != 1 && version != 2) return Broken("a dataspace of an unknown version");
  if (rank > rank_max) return Fail(Errc::kExhausted, "hdf5: a dataset of too many axes");
  c.Skip(version == 1 ? 6 : 2);
  std::vector<uint64_t> shape(rank);
  for (uint64_t& n : shape) n = c.Number(8);
  if (!c.ok()) return Broken("a dataspace breaks off");
  return shape;
}

// Bytes of one value: 2, 4 or 8, in IEEE's form.
Result<size_t> ReadFloatType(const Message& m) {
  Cursor c(m.data);
  const uint64_t class_and_version = c.Number(1);
  const uint64_t bits = c.Number(3);
  const uint64_t size = c.Number(4);
  c.Skip(4);  // bit offset, precision
  const uint64_t exponent_at = c.Number(1), exponent = c.Number(1);
  c.Skip(1);
  const uint64_t mantissa = c.Number(1);
  if (!c.ok()) return Broken("a datatype breaks off");
  if ((class_and_version & 0x0f) != 1)
    return Fail(Errc::kUnsupported, "hdf5: a dataset that does not hold floats");
  const bool little = (bits & 0x41) == 0;
  const bool ieee = (size == 2 && exponent == 5 && mantissa == 10 && exponent_at == 10) ||
                    (size == 4 && exponent == 8 && mantissa == 23 && exponent_at == 23) ||
                    (size == 8 && exponent == 11 && mantissa == 52 && exponent_at == 52);
  if (!little || !ieee)
    return Fail(Errc::kUnsupported, "hdf5: floats of " + std::to_string(size) +
                                        " bytes in a form other than IEEE little-endian");
  return static_cast<size_t>(size);
}

// Where the values lie; empty where nothing was ever written.
Result<std::span<const std::byte>> ReadLayout(std::span<const std::byte> file, const Message& m) {
  Cursor c(m.data);
  const uint64_t version = c.Number(1);
  const uint64_t layout = c.Number(1);
  if (version != 3 && version != 4)
    return Fail(Errc::kUnsupported, "hdf5: a data layout of version " + std::to_string(version));
  if (layout == 0) {
    const auto data = c.Take(c.Number(2));
    if (!c.ok()) return Broken("a compact dataset breaks off");
    return data;
  }
  if (layout != 1)
    return Fail(Errc::kUnsupported, "hdf5: a dataset in chunks; Keras writes them in one piece");
  const uint64_t at = c.Number(8), bytes = c.Number(8);
  if (!c.ok()) return Broken("a data layout breaks off");
  if (at == hdf5::kNowhere) return std::span<const std::byte>{};
  Cursor data(file, at);
  const auto out = data.Take(bytes);
  if (!data.ok()) return Broken("a dataset reaches beyond the file");
  return out;
}

float FromHalf(uint64_t bits) {
  const auto exponent = static_cast<int>(bits >> 10 & 0x1f);
  const auto mantissa = static_cast<float>(bits & 0x3ff);
  const float sign = (bits & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) return sign * (mantissa == 0 ? INFINITY : NAN);
  if (exponent == 0) return sign * std::ldexp(mantissa, -24);
  return sign * std::ldexp(mantissa + 1024, exponent - 25);
}

float ToFloat(uint64_t bits, size_t width) {
  if (width == 2) return FromHalf(bits);
  if (width == 4) return std::bit_cast<float>(static_cast<uint32_t>(bits));
  return static_cast<float>(std::bit_cast<double>(bits));
}

const Message* FindMessage(std::span<const Message> messages, uint16_t type) {
  for (const Message& m : messages)
    if (m.type == type && !m.is_shared) return &m;
  return nullptr;
}

}  // namespace

Result<Hdf5File> Hdf5File::Open(std::span<const std::byte> bytes, const Hdf5Limits& limits) {
  Hdf5File file(bytes, limits);
  Cursor c(bytes);
  if (!c.TakeText(kSignature)) return Broken("this is no HDF5 file");
  const uint64_t version = c.Number(1);
  if (version > 3)
    return Fail(Errc::kUnsupported, "hdf5: a superblock of version " + std::to_string(version));
  const bool old = version < 2;
  if (old) c.Skip(4);
  const uint64_t offset_bytes = c.Number(1), length_bytes = c.Number(1);
  if (offset_bytes != 8 || length_bytes != 8)
    return Fail(Errc::kUnsupported, "hdf5: addresses that are not of 8 bytes");
  c.Skip(old ? (version == 1 ? 13 : 9) : 1);
  const uint64_t base = c.Number(8);
  c.Skip(16);           // free space or extension, end of file
  if (old) c.Skip(16);  // driver; the root entry's name
  file.root_ = c.Number(8);
  if (!c.ok()) return Broken("the file breaks off in its superblock");
  if (base != 0) return Fail(Errc::kUnsupported, "hdf5: a file that begins with something else");
  return file;
}

Result<std::vector<Hdf5File::Link>> Hdf5File::Links(uint64_t object) const {
  MW_TRY(const std::vector<Message> messages, hdf5::ReadMessages(bytes_, object));
  return hdf5::ReadLinks(bytes_, messages, limits_.members);
}

Result<uint64_t> Hdf5File::Find(std::string_view path) const {
  uint64_t at = root_;
  std::string_view rest = path;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string_view name = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? "" : rest.substr(slash + 1);
    MW_TRY(const std::vector<Link> links, Links(at));
    bool found = false;
    for (const Link& link : links) {
      if (link.name != name) continue;
      at = link.address;
      found = true;
    }
    if (!found) return Fail(Errc::kNotFound, "hdf5: there is no '" + std::string(path) + "'");
  }
  return at;
}

Result<std::vector<std::string>> Hdf5File::List(std::string_view path) const {
  MW_TRY(const uint64_t object, Find(path));
  MW_TRY(const std::vector<Link> links, Links(object));
  std::vector<std::string> names;
  names.reserve(links.size());
  for (const Link& link : links) names.push_back(link.name);
  return names;
}

Result<Hdf5Tensor> Hdf5File::Read(std::string_view path) const {
  MW_TRY(const uint64_t object, Find(path));
  MW_TRY(const std::vector<Message> messages, hdf5::ReadMessages(bytes_, object));
  const Message* space = FindMessage(messages, hdf5::kDataspace);
  const Message* type = FindMessage(messages, hdf5::kDatatype);
  const Message* layout = FindMessage(messages, hdf5::kLayout);
  if (space == nullptr || type == nullptr || layout == nullptr)
    return Fail(Errc::kUnsupported, "hdf5: '" + std::string(path) + "' is no plain dataset");
  Hdf5Tensor tensor;
  MW_TRY(tensor.shape, ReadShape(*space, limits_.rank));
  MW_TRY(const size_t width, ReadFloatType(*type));
  MW_TRY(const std::span<const std::byte> data, ReadLayout(bytes_, *layout));
  uint64_t count = 1;
  for (const uint64_t n : tensor.shape) {
    if (n != 0 && count > limits_.values / n)
      return Fail(Errc::kExhausted, "hdf5: '" + std::string(path) + "' is too large");
    count *= n;
  }
  if (data.size() != count * width && !data.empty())
    return Broken("'" + std::string(path) + "' holds " + std::to_string(data.size()) +
                  " bytes where " + std::to_string(count * width) + " belong");
  // What was never written reads as zeros, HDF5's own default.
  tensor.values.resize(static_cast<size_t>(count));
  Cursor c(data);
  if (!data.empty())
    for (float& v : tensor.values) v = ToFloat(c.Number(width), width);
  return tensor;
}

}  // namespace millwright::importer
