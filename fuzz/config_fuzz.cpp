// A configuration that somebody has broken: it is read, or the error names the file.
#include <cstdint>
#include <string_view>

#include "agent/settings.h"
#include "core/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = millwright::agent::ReadSettings(text, "fuzz.toml");
  if (!settings) MW_CHECK(settings.error().what.find("fuzz.toml") != std::string::npos);
  return 0;
}
