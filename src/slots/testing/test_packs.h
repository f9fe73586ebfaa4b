// Small, good packs for tests, each with the reference that signed metadata would give.
#pragma once

#include <cstdint>

#include "os/files.h"
#include "slots/state.h"

namespace millwright::slots {

struct TestPack {
  os::Bytes bytes;
  BundleRef bundle;
};

/// A bundle of a random model; other releases have other weights. Aborts where it cannot be made.
[[nodiscard]] TestPack MakeTestPack(uint64_t release);
/// The same for a configuration.
[[nodiscard]] TestPack MakeTestConfigPack(uint64_t release);

}  // namespace millwright::slots
