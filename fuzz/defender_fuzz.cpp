// A device's report of anybody's making. The first byte chooses JSON, CBOR or a profile's
// behaviours. Whatever it is, it is an error that says something, or it reads back as what was
// written.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "defender/behavior.h"
#include "defender/report.h"

namespace {

using namespace millwright::defender;

void Require(bool promise) {
  if (!promise) std::abort();
}

void TryReport(std::span<const std::byte> bytes, Encoding encoding) {
  const auto report = ReadReport(bytes, encoding);
  if (!report) return Require(!report.error().what.empty());
  const auto said = WriteReport(*report, encoding, MemberNames::kShort);
  if (said.size() > kReportBytesMax) return;
  const auto again = ReadReport(said, encoding);
  Require(again && WriteReport(*again, encoding, MemberNames::kShort) == said);
  const auto values = Values(*report);
  Require(encoding == Encoding::kCbor || ReadValues(WriteValues(values)).has_value());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto bytes = std::as_bytes(std::span(data + 1, size - 1));
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] == 'b') {
    Require(ReadBehaviors(text).has_value() == FaultsOf(text).empty());
    return 0;
  }
  TryReport(bytes, data[0] == 'c' ? Encoding::kCbor : Encoding::kJson);
  return 0;
}
