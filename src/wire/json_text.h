// Appending JSON to a string that keeps its capacity: what the sample path publishes is written
// without an allocation.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millwright::wire {

void AppendInteger(std::string& out, int64_t value);
/// The shortest text that reads back as the same number; `null` where it is not finite.
void AppendNumber(std::string& out, double value);
void AppendNumber(std::string& out, float value);
/// With quotes; control characters escaped, bytes that are no UTF-8 replaced by U+FFFD.
void AppendText(std::string& out, std::string_view text);

}  // namespace millwright::wire
